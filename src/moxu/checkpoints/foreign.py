"""What all foreign formats do alike: a model comes in by their rules, and goes out only if they can hold it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from moxu.checkpoints.assemble import check
from moxu.checkpoints.checkpoint import Checkpoint
from moxu.checkpoints.rules import Rule, apply
from moxu.errors import CheckpointError
from moxu.models.base import TorchLanguageModel
from moxu.text.tokenizer import Tokenizer


def from_foreign(
    architecture: str,
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    rules: Sequence[Rule],
    tokenizer: Tokenizer | None,
    path: Path,
    **card: Any,
) -> Checkpoint:
    """Return the checkpoint that the tensors of a file at ``path`` are by the rules of its format.

    Raises CheckpointError, by the file's own name for it, for a tensor that is missing, left over or does not fit.
    """
    ours = apply(rules, tensors, str(path))
    checkpoint = Checkpoint(architecture, dict(config), ours, tokenizer, {"source": path.name, **card})
    check(checkpoint, str(path), rules)
    return checkpoint


def check_for(checkpoint: Checkpoint, architecture: str, what: str, path: Path) -> TorchLanguageModel:
    """Check a checkpoint that is to be written to ``path``, and return its model, without memory.

    ``what`` are the files of the format, which hold one ``architecture``; CheckpointError for any other, and for a
    tensor that is missing, left over or does not fit.
    """
    if checkpoint.architecture != architecture:
        raise CheckpointError(f"{path}: {what} cannot hold {checkpoint.architecture} models; they hold {architecture}")
    return check(checkpoint, str(path))
