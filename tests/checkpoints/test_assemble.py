"""Models built without memory and given their tensors."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from moxu.checkpoints.assemble import assemble, blank_model, check
from moxu.checkpoints.checkpoint import Checkpoint
from moxu.errors import CheckpointError
from moxu.text.word_table import UNKNOWN, WordTable

MakeCheckpoint = Callable[..., Checkpoint]


def test_assembled_model_shares_the_memory_of_its_checkpoint(random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("aiwriter1")
    model = assemble(checkpoint, Path("model")).model
    assert model.state_dict()["head.weight"].data_ptr() == checkpoint.tensors["head.weight"].data_ptr()


def test_large_model_is_built_without_memory() -> None:
    config = {"vocab_size": 1_000_000, "width": 65_536, "layers": 2}
    model = blank_model("rwkv7", config, "test")
    assert model.parameter_count() > 100e9
    assert all(parameter.is_meta for parameter in model.parameters())


def test_building_a_blank_model_does_not_import_the_compiler_of_torch() -> None:
    code = (
        "import sys; from moxu.checkpoints.assemble import blank_model;"
        "[blank_model(name, config, '') for name, config in ("
        "('rwkv7', dict(vocab_size=5, width=64, layers=1)),"
        "('aiwriter1', dict(vocab_size=5, context=4, layers=1, heads=1, width=4, attention_width=4,"
        " feed_forward_width=4)),"
        "('aiwriter2', dict(vocab_size=5, context=4, layers=1, width=4, ffn_pre=True, copy_head=True, b_eps=1e-9)))];"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_starting_values_are_drawn_again_afterwards(random_checkpoint: MakeCheckpoint) -> None:
    blank_model("rwkv7", random_checkpoint("rwkv7").config, "test")
    assert torch.nn.Linear(4, 4).weight.abs().sum() > 0


def test_tokenizer_of_another_size_names_both_sizes(random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("aiwriter1")
    table = WordTable([UNKNOWN, "\n", "一"])
    wrong = Checkpoint(checkpoint.architecture, checkpoint.config, checkpoint.tensors, table)
    with pytest.raises(CheckpointError, match="the vocabulary has 3 entries, but the model has 11"):
        check(wrong, "model")
