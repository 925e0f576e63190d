"""The tensors of a folder that transformers saved, and those of the model: their names and layouts may differ.

transformers saves many kinds of models as they were once released, and joins or renames when it loads: the experts of a
mixture become one tensor, ``embed_out`` becomes ``lm_head``. Its own rules are used, both ways.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers.core_model_loading import revert_weight_conversion
from transformers.utils import logging

from moxu.errors import CheckpointError
from moxu.models.hf import HfModel, quiet


def from_saved(model: HfModel, found: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Return the tensors of a folder under the names of ``model.state_dict()``; the model itself may have no memory.

    What is missing stays so, and what does not fit comes back with its name and shape, so that both can be reported.
    Mixed floating types become float32. Raises CheckpointError, beginning with ``where``, for a tied parameter that is
    saved twice with different numbers.
    """
    if sum(tensor.numel() for tensor in found.values()) < model.parameter_count():
        return dict(found)  # too few in any case: nothing is to be made for those that are missing
    types = {tensor.dtype for tensor in found.values() if tensor.is_floating_point()}
    with quiet(), _without_progress():
        loaded, report = type(model.causal_lm).from_pretrained(
            None,
            config=copy.deepcopy(model.causal_lm.config),
            state_dict=dict(found),
            dtype=types.pop() if len(types) == 1 else torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            local_files_only=True,
        )
    for name, source in model.tied_names().items():
        if name not in loaded.all_tied_weights_keys:
            raise CheckpointError(f"{where}: {name!r} differs from {source!r}, to which the configuration ties it")
    wrong = {name: torch.empty(shape, device="meta") for name, shape, _ in report["mismatched_keys"]}
    strange = {name: found.get(name, torch.empty(0)) for name in sorted(report["unexpected_keys"])}
    absent = {*report["missing_keys"], *model.tied_names()}
    tensors = {name: tensor for name, tensor in loaded.state_dict().items() if name not in absent}
    return {**tensors, **wrong, **strange}


def as_saved(model: HfModel, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors named as in ``model.state_dict()`` as transformers saves them."""
    saved: dict[str, Tensor] = revert_weight_conversion(model.causal_lm, dict(tensors))
    return saved


@contextmanager
def _without_progress() -> Iterator[None]:
    """Keep transformers from drawing a bar while it goes through the tensors."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
