"""Kinds: detected by content, chosen by name, and listed when nothing fits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.formats import detect, format_of, load, read_checkpoint, write_checkpoint
from moxu.checkpoints.kinds import FORMATS
from moxu.errors import CheckpointError, SettingsError

MakeCheckpoint = Callable[..., Checkpoint]
CHARACTER_GPT = {"norm": "post", "activation": "relu", "bias": False, "tied": False, "head_bias": True}


@dataclass(frozen=True)
class Example:
    """A checkpoint of a kind: its architecture and name, whether its kind must be told, and the facts it needs."""

    architecture: str
    name: str
    to_kind: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


EXAMPLES = {
    "moxu": Example("rwkv7", "folder"),
    "hf": Example("gpt", "folder", "hf"),
    "cpm1": Example("gpt", "folder", "cpm1", facts={"heads": 2}),
    "paddle": Example("aiwriter1", "model.pdparams"),
    "aiwriter1": Example("aiwriter1", "one.pth"),
    "rwkv7": Example("rwkv7", "seven.pth"),
    "aiwriter2": Example("aiwriter2", "two.pth"),
    "gguf": Example("rwkv7", "model.gguf"),
    "misaka3": Example("gau", "model.h5", facts={"start_id": 3}),
    "chargpt": Example("gpt", "model.pt", changes=CHARACTER_GPT, facts={"heads": 2}),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_kind_follows_from_the_name_when_written_and_from_the_content_when_read(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, kind: str
) -> None:
    example = EXAMPLES[kind]
    checkpoint = random_checkpoint(example.architecture, **example.changes)
    write_checkpoint(checkpoint, tmp_path / example.name, example.to_kind)
    assert detect(tmp_path / example.name) == kind
    found = read_checkpoint(tmp_path / example.name, options=ReadOptions(facts=example.facts))
    assert found.architecture == example.architecture
    if kind not in ("rwkv7", "paddle"):  # which are stored in bfloat16, and folded
        assert all(torch.equal(found.tensors[name], tensor) for name, tensor in checkpoint.tensors.items())


@pytest.mark.parametrize("kind", FORMATS)
def test_checkpoint_of_every_kind_becomes_a_model_that_runs(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, kind: str
) -> None:
    example = EXAMPLES[kind]
    path = tmp_path / example.name
    write_checkpoint(random_checkpoint(example.architecture, **example.changes), path, example.to_kind)
    options = ReadOptions(facts=example.facts)
    logits, _ = load(path, options=options).model.prefill(torch.tensor([[1, 2]]))
    assert logits.shape == (1, 11)
    assert logits.isfinite().all()


def test_only_cpm1_is_cut_into_parts(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(SettingsError, match=r"parts is 2; only cpm1 checkpoints are cut into parts, .* becomes rwkv7"):
        write_checkpoint(random_checkpoint("rwkv7"), tmp_path / "model.pth", parts=2)
    assert list(tmp_path.iterdir()) == []


def test_architecture_without_a_file_of_its_own_is_not_written_as_pth(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    with pytest.raises(CheckpointError, match=r"a unilm model has no \.pth format; give a folder instead"):
        write_checkpoint(random_checkpoint("unilm"), tmp_path / "model.pth")


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
        with pytest.raises(
            CheckpointError, match=f"{name}: no checkpoint that moxu knows; .*moxu, hf, cpm1, paddle, aiwriter1"
        ):
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
