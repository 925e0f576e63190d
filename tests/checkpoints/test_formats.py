"""Kinds: detected by content, chosen by name, and listed when nothing fits."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.formats import FORMATS, detect, format_of, load, read_checkpoint, write_checkpoint
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]
PLACES = {
    "moxu": ("rwkv7", "folder"),
    "aiwriter1": ("aiwriter1", "one.pth"),
    "aiwriter2": ("aiwriter2", "two.pth"),
    "rwkv7": ("rwkv7", "seven.pth"),
    "paddle": ("aiwriter1", "model.pdparams"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_kind_follows_from_the_name_when_written_and_from_the_content_when_read(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, kind: str
) -> None:
    architecture, name = PLACES[kind]
    write_checkpoint(random_checkpoint(architecture), tmp_path / name)
    assert detect(tmp_path / name) == kind
    assert read_checkpoint(tmp_path / name).architecture == architecture


@pytest.mark.parametrize("kind", FORMATS)
def test_checkpoint_of_every_kind_becomes_a_model_that_runs(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, kind: str
) -> None:
    architecture, name = PLACES[kind]
    write_checkpoint(random_checkpoint(architecture), tmp_path / name)
    loaded = load(tmp_path / name)
    logits, _ = loaded.model.prefill(torch.tensor([[1, 2]]))
    assert logits.shape == (1, 11)
    assert logits.isfinite().all()


def test_every_format_has_the_three_functions() -> None:
    for kind in FORMATS:
        module = format_of(kind)
        assert all(callable(getattr(module, name)) for name in ("recognises", "read", "write"))


def test_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(CheckpointError, match="unknown kind of checkpoint 'rwkv'; did you mean 'rwkv7'"):
        format_of("rwkv")


def test_what_no_format_recognises_lists_the_kinds(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("这是一颗")
    torch.save({"a": torch.ones(1)}, tmp_path / "other.pth")
    (tmp_path / "folder").mkdir()
    for name in ("story.txt", "other.pth", "folder"):
        with pytest.raises(CheckpointError, match=f"{name}: no checkpoint that moxu knows; .*moxu, paddle, aiwriter1"):
            detect(tmp_path / name)


def test_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"absent\.pth: no such checkpoint"):
        detect(tmp_path / "absent.pth")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04half a file", b"cos\nsystem\n(X\x04\x00\x00\x00truetR."])
def test_reason_why_a_file_cannot_be_read_is_not_lost(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.pth: (cannot|damaged|refused)"):
        detect(tmp_path / "model.pth")


def test_facts_reach_the_format(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    write_checkpoint(random_checkpoint("aiwriter2"), tmp_path / "model.pth")
    found = read_checkpoint(tmp_path / "model.pth", options=ReadOptions(facts={"b_eps": 0.5}))
    assert found.config["b_eps"] == 0.5
