"""What all foreign formats do alike: in by the rules, out only what they can hold."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from moxu.checkpoints.checkpoint import Checkpoint
from moxu.checkpoints.foreign import check_for, from_foreign
from moxu.checkpoints.rules import Rule
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]


def called_otherwise(checkpoint: Checkpoint) -> tuple[dict[str, torch.Tensor], list[Rule]]:
    """Return the tensors under other names, and the rules that lead back."""
    tensors = {f"their.{number}": tensor for number, tensor in enumerate(checkpoint.tensors.values())}
    return tensors, [Rule(theirs, ours) for theirs, ours in zip(tensors, checkpoint.tensors, strict=True)]


def test_foreign_tensors_become_a_checkpoint_that_knows_its_source(random_checkpoint: MakeCheckpoint) -> None:
    original = random_checkpoint("gpt")
    tensors, rules = called_otherwise(original)
    found = from_foreign("gpt", original.config, tensors, rules, None, Path("folder/model.bin"), iteration="7")
    assert found.tensors.keys() == original.tensors.keys()
    assert found.card == {"source": "model.bin", "iteration": "7"}


def test_tensor_that_is_missing_or_odd_has_its_foreign_name(random_checkpoint: MakeCheckpoint) -> None:
    original = random_checkpoint("gpt")
    tensors, rules = called_otherwise(original)
    first = next(iter(original.tensors))
    for changed, odd in (
        ({**tensors, "their.0": torch.ones(3, 3)}, "has the shape"),
        ({**tensors, "their.0": tensors["their.0"].to(torch.int64)}, "holds torch.int64"),
        ({name: tensors[name] for name in tensors if name != "their.0"}, "is missing"),
    ):
        with pytest.raises(CheckpointError, match=rf"model: the tensor 'their\.0' \(here '{first}'\) {odd}"):
            from_foreign("gpt", original.config, changed, rules, None, Path("model"))
    with pytest.raises(CheckpointError, match=r"model: unexpected tensor 'their\.x'"):
        from_foreign("gpt", original.config, {**tensors, "their.x": torch.ones(1)}, rules, None, Path("model"))


def test_only_the_architecture_of_a_format_is_written_and_only_whole(random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("gpt")
    assert check_for(checkpoint, "gpt", "GPT files", Path("out")).vocab_size == 11
    with pytest.raises(CheckpointError, match="out: AI files cannot hold gpt models; they hold aiwriter1"):
        check_for(checkpoint, "aiwriter1", "AI files", Path("out"))
    del checkpoint.tensors["embed.weight"]
    with pytest.raises(CheckpointError, match=r"out: the tensor 'embed\.weight' is missing"):
        check_for(checkpoint, "gpt", "GPT files", Path("out"))
