"""Plain dictionaries of tensors in torch's own file format, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from moxu.checkpoints.atomic import replacing
from moxu.checkpoints.storage import compact
from moxu.checkpoints.unpickle import looks_like_pickle, read_pickle, tensors_in
from moxu.errors import CheckpointError


def has_tensors(path: Path, *names: str) -> bool:
    """Say whether ``path`` is a torch file that holds tensors of these names; they are not read from the disk.

    Raises CheckpointError for a file that is damaged or unsafe, so that the reason is not lost.
    """
    if not looks_like_pickle(path) or path.suffix == ".pdparams":
        return False
    return set(names) <= tensors_in(read_pickle(path)).keys()


def save(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write a dictionary of tensors as ``torch.save`` does; CheckpointError when the disk does not take it."""
    with replacing(path) as file:
        try:
            torch.save({name: compact(tensor) for name, tensor in tensors.items()}, file)
        except RuntimeError as error:  # torch's name for a full disk
            reason = str(error).partition("\n")[0]
            raise CheckpointError(f"{path}: could not be written: {reason}; what was there is unchanged") from None


def causal_mask(context: int) -> Tensor:
    """Return the buffer (T, T) of lower-triangular ones that AI-Writer's files hold and moxu's models do not need."""
    return torch.ones(context, context).tril()
