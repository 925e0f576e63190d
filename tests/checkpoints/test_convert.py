"""Conversions from file to file."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from moxu.checkpoints import folder
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.convert import convert
from moxu.checkpoints.formats import read_checkpoint, write_checkpoint
from moxu.errors import CheckpointError
from moxu.text.word_table import UNKNOWN, WordTable

MakeCheckpoint = Callable[..., Checkpoint]


@pytest.mark.parametrize(("architecture", "name"), [("aiwriter1", "a.pth"), ("aiwriter2", "a.pth"), ("rwkv7", "a.pth")])
def test_way_through_a_moxu_folder_and_back_loses_nothing(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, architecture: str, name: str
) -> None:
    write_checkpoint(random_checkpoint(architecture), tmp_path / name)
    convert(tmp_path / name, tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / f"back-{name}")
    there, back = (torch.load(tmp_path / file, weights_only=True) for file in (name, f"back-{name}"))
    assert there.keys() == back.keys()
    for key in there:
        assert there[key].dtype == back[key].dtype
        assert torch.equal(there[key], back[key]), key


def test_torch_to_paddle_to_torch_gives_the_folded_original(golden: Path, tmp_path: Path) -> None:
    checkpoints = golden / "checkpoints"
    convert(checkpoints / "model.pth", tmp_path / "model.pdparams")
    convert(tmp_path / "model.pdparams", tmp_path / "model.pth")
    found, expected = (read_checkpoint(path) for path in (tmp_path / "model.pth", checkpoints / "model.pdparams"))
    assert found.config == expected.config
    assert all(torch.equal(found.tensors[name], expected.tensors[name]) for name in expected.tensors)


def test_named_vocabulary_travels_into_the_folder(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    write_checkpoint(random_checkpoint("aiwriter1"), tmp_path / "model.pth")
    (tmp_path / "words").mkdir()
    WordTable([UNKNOWN, "\n", *"一二三四五六七八九"]).save(tmp_path / "words" / "table.json")
    convert(tmp_path / "model.pth", tmp_path / "folder", options=ReadOptions(vocab=tmp_path / "words"))
    loaded = folder.load_model(tmp_path / "folder")
    assert loaded.tokenizer is not None
    assert loaded.tokenizer.encode("三\n〇") == [4, 1, 0]
    assert loaded.card == {"source": "model.pth", "converted_from": "aiwriter1"}


def test_folder_that_was_converted_without_a_vocabulary_takes_one_later(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    write_checkpoint(random_checkpoint("aiwriter1"), tmp_path / "without")
    WordTable([UNKNOWN, "\n", *"一二三四五六七八九"]).save(tmp_path / "table.json")
    convert(tmp_path / "without", tmp_path / "with", options=ReadOptions(vocab=tmp_path / "table.json"))
    assert folder.load_model(tmp_path / "with").tokenizer is not None


def test_vocabulary_of_another_size_stops_the_conversion(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    write_checkpoint(random_checkpoint("aiwriter1"), tmp_path / "model.pth")
    WordTable([UNKNOWN, "\n"]).save(tmp_path / "table.json")
    with pytest.raises(CheckpointError, match="the vocabulary has 2 entries, but the model has 11"):
        convert(tmp_path / "model.pth", tmp_path / "folder", options=ReadOptions(vocab=tmp_path / "table.json"))
    assert not (tmp_path / "folder").exists()


def test_conversion_onto_its_own_source_is_whole(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("aiwriter1")
    write_checkpoint(checkpoint, tmp_path / "model.pth")
    convert(tmp_path / "model.pth", tmp_path / "model.pth")
    found = read_checkpoint(tmp_path / "model.pth").tensors
    assert all(torch.equal(found[name], checkpoint.tensors[name]) for name in found)


def test_kinds_that_do_not_fit_together_are_refused_and_nothing_is_written(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    write_checkpoint(random_checkpoint("rwkv7"), tmp_path / "model.pth")
    with pytest.raises(CheckpointError, match="cannot hold rwkv7 models; they hold aiwriter1"):
        convert(tmp_path / "model.pth", tmp_path / "out.pdparams")
    with pytest.raises(CheckpointError, match="cannot hold rwkv7 models"):
        convert(tmp_path / "model.pth", tmp_path / "out", to_kind="aiwriter1")
    with pytest.raises(CheckpointError, match="is missing"):
        convert(tmp_path / "model.pth", tmp_path / "out", from_kind="aiwriter1")
    assert [file.name for file in tmp_path.iterdir()] == ["model.pth"]


def test_target_is_stored_in_the_number_type_asked_for(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    write_checkpoint(random_checkpoint("rwkv7"), tmp_path / "model.pth")
    convert(tmp_path / "model.pth", tmp_path / "small", store="int8")
    assert folder.read_config(tmp_path / "small").storage == "int8"
