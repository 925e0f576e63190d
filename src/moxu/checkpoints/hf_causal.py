"""Any other causal language model of Hugging Face: its configuration as it is, its tensors as transformers has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from moxu.checkpoints.assemble import blank_model
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.facts import settle
from moxu.checkpoints.rules import Rule, wrong_type
from moxu.errors import CheckpointError

ARCHITECTURE = "hf"
RULES: list[Rule] = []  # transformers has its own, see ``models.hf_saved``
_LAYER_COUNTS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers")


def read(values: Mapping[str, Any], found: Mapping[str, Tensor], path: Path, options: ReadOptions) -> Checkpoint:
    """Return the checkpoint, still without a tokenizer; a tensor that is tied to another is left out."""
    for name in _LAYER_COUNTS:
        if isinstance(count := values.get(name), int) and count > len(found):
            raise CheckpointError(f"{path / 'config.json'}: {name} is {count}, but there are {len(found)} tensors")
    config = settle({"model": dict(values)}, {}, options, path)
    model: Any = blank_model(ARCHITECTURE, config, str(path))
    for name, wanted in model.state_dict().items():  # transformers would make floating numbers of anything
        if name in found and (odd := wrong_type(found[name], wanted)):
            raise CheckpointError(f"{path}: the tensor {name!r} {odd}")
    from moxu.models.hf_saved import from_saved  # needs transformers, which the model has asked for

    return Checkpoint(ARCHITECTURE, config, from_saved(model, found, str(path)))


def write(checkpoint: Checkpoint, config: Any, path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return config.json and the tensors as they were read."""
    model: Any = blank_model(ARCHITECTURE, {"model": config.model}, str(path))
    from moxu.models.hf_saved import as_saved

    return dict(config.model), as_saved(model, checkpoint.tensors)
