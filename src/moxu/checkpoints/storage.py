"""Number types on disk: tensors as they are, in 32 or 16 bits, or matrices in 8 bits with a scale for each row."""

from collections.abc import Mapping
from typing import Literal, get_args

import torch
from torch import Tensor

from moxu.errors import CheckpointError

Store = Literal["float32", "float16", "bfloat16", "int8"]
STORES: tuple[str, ...] = get_args(Store)

_PLAIN = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
_SCALE = ".scale"


def cast(tensors: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Return the tensors with every floating one in ``dtype``."""
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}


def stored(tensors: Mapping[str, Tensor], store: Store | None) -> dict[str, Tensor]:
    """Return the tensors as a format without 8-bit matrices stores them: in a floating type, or as they are (None).

    Raises CheckpointError, naming the tensor, for numbers that are too large for the type.
    """
    if store is None:
        return dict(tensors)
    smaller = cast(tensors, plain_dtype(store))
    if store == "float16":  # which ends at 65,504
        for name, tensor in smaller.items():
            if torch.isinf(tensor).any() and not torch.isinf(tensors[name]).any():
                raise CheckpointError(f"{name!r} holds numbers that are too large for float16; store bfloat16")
    return smaller


def pack(tensors: Mapping[str, Tensor], store: Store | None) -> dict[str, Tensor]:
    """Return what is written: all in one floating type, as they are (None), or int8.

    In int8 each 2-D ``*.weight`` (O, I) is stored as whole numbers of -127…127 beside ``*.weight.scale`` (O,), other
    matrices in bfloat16, and vectors in float32.
    """
    if store != "int8":
        return stored(tensors, store)
    packed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            packed[name] = tensor
        elif tensor.ndim == 2 and name.endswith(".weight"):
            packed[name], packed[name + _SCALE] = _quantise(tensor.float())
        else:
            packed[name] = tensor.to(torch.bfloat16 if tensor.ndim > 1 else torch.float32)
    return packed


def unpack(tensors: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Return int8 matrices in float32 again and everything else as it is; CheckpointError for a missing scale."""
    unpacked: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.endswith(_SCALE) and name.removesuffix(_SCALE) in tensors:
            continue
        if tensor.dtype == torch.int8:
            scale = tensors.get(name + _SCALE)
            if scale is None or tensor.ndim != 2 or scale.shape != tensor.shape[:1]:
                raise CheckpointError(f"{where}: {name!r} is stored in 8 bits without a scale for each row; damaged")
            unpacked[name] = tensor * scale[:, None]
        else:
            unpacked[name] = tensor
    return unpacked


def compact(tensor: Tensor) -> Tensor:
    """Return a tensor on the processor whose memory holds its elements in order and nothing else, copied if need be."""
    whole = tensor.detach().cpu().contiguous()
    return whole if whole.untyped_storage().nbytes() == whole.nbytes else whole.clone()


def plain_dtype(store: str) -> torch.dtype:
    """Return the torch type of a store that is a plain floating type."""
    if store not in _PLAIN:
        raise CheckpointError(f"store is {store!r}; expected {', '.join(_PLAIN)} (int8 is for moxu folders)")
    return _PLAIN[store]


def _quantise(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """(O, I) float -> (O, I) int8 and (O,) float32, the nearest multiples of each row's largest value / 127."""
    scale = matrix.abs().amax(dim=1).div(127).clamp_min(torch.finfo(torch.float32).tiny)
    return (matrix / scale[:, None]).round_().to(torch.int8), scale
