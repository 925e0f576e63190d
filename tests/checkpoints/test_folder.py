"""moxu folders: what is written is read, and everything that can be wrong with one is said in a line."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from moxu.checkpoints import folder, safetensors_files
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]
ARCHITECTURES = ["aiwriter1", "aiwriter2", "rwkv7"]


@pytest.fixture
def written(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> Path:
    path = tmp_path / "model"
    folder.write(random_checkpoint("rwkv7"), path)
    return path


def edit(path: Path, **changes: Any) -> None:
    values = json.loads((path / "config.json").read_text(encoding="utf-8"))
    (path / "config.json").write_text(json.dumps({**values, **changes}), encoding="utf-8")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_folder_gives_back_what_was_written_bit_for_bit(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, architecture: str
) -> None:
    checkpoint = random_checkpoint(architecture)
    folder.write(checkpoint, tmp_path / "model")
    found = folder.read(tmp_path / "model", ReadOptions())
    assert (found.architecture, found.config, found.card) == (architecture, checkpoint.config, {"name": "test"})
    assert list(found.tensors) == list(checkpoint.tensors)
    assert all(torch.equal(found.tensors[name], checkpoint.tensors[name]) for name in checkpoint.tensors)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_loaded_model_has_the_tensors_and_no_blank_ones(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, architecture: str
) -> None:
    checkpoint = random_checkpoint(architecture)
    folder.write(checkpoint, tmp_path / "model")
    loaded = folder.load_model(tmp_path / "model")
    for name, tensor in loaded.model.state_dict().items():
        assert torch.equal(tensor, checkpoint.tensors[name]), name
    memory = [*loaded.model.parameters(), *loaded.model.buffers()]
    assert not any(tensor.is_meta for tensor in memory)
    assert not loaded.model.training
    logits, _ = loaded.model.prefill(torch.tensor([[1, 2, 3]]))
    assert logits.shape == (1, 11)


def test_model_is_loaded_in_the_type_asked_for(written: Path) -> None:
    model = folder.load_model(written, dtype=torch.bfloat16).model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize(
    ("store", "tolerance"), [("float32", 0.0), ("float16", 0.001), ("bfloat16", 0.02), ("int8", 0.02)]
)
def test_each_store_gives_the_tensors_back_within_its_precision(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, store: Any, tolerance: float
) -> None:
    checkpoint = random_checkpoint("rwkv7")
    folder.write(checkpoint, tmp_path / "model", WriteOptions(store))
    model = folder.load_model(tmp_path / "model").model
    for name, tensor in model.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, checkpoint.tensors[name], rtol=tolerance, atol=tolerance)


def test_smaller_stores_make_smaller_files(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("rwkv7", vocab_size=4000)
    stores: list[Any] = ["float32", "bfloat16", "int8"]
    for store in stores:
        folder.write(checkpoint, tmp_path / store, WriteOptions(store))
    sizes = [(tmp_path / store / "model.safetensors").stat().st_size for store in stores]
    assert sizes[0] > 1.8 * sizes[1] > 1.8 * sizes[2]


def test_views_of_shared_memory_are_written_apart(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("rwkv7")
    checkpoint.tensors["head.weight"] = checkpoint.tensors["emb.weight"]
    checkpoint.tensors["ln_out.bias"] = checkpoint.tensors["emb.weight"][0]
    folder.write(checkpoint, tmp_path / "model")
    found = folder.read(tmp_path / "model", ReadOptions())
    assert torch.equal(found.tensors["head.weight"], checkpoint.tensors["emb.weight"])
    assert torch.equal(found.tensors["ln_out.bias"], checkpoint.tensors["emb.weight"][0])


def test_writing_over_a_checkpoint_replaces_it_and_keeps_other_files(
    written: Path, random_checkpoint: MakeCheckpoint
) -> None:
    (written / "notes.txt").write_text("mine")
    folder.write(random_checkpoint("aiwriter2"), written)
    assert folder.read_config(written).architecture == "aiwriter2"
    assert sorted(file.name for file in written.iterdir()) == ["config.json", "model.safetensors", "notes.txt"]


def test_full_disk_leaves_the_old_checkpoint_whole(
    written: Path, random_checkpoint: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    before = {file.name: file.read_bytes() for file in written.iterdir()}
    monkeypatch.setattr(safetensors_files, "save_file", full)
    with pytest.raises(CheckpointError, match="No space left on device; what was there is unchanged"):
        folder.write(random_checkpoint("aiwriter2"), written)
    assert {file.name: file.read_bytes() for file in written.iterdir()} == before


def test_folder_of_another_program_is_not_overwritten(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(CheckpointError, match="of another program"):
        folder.write(random_checkpoint("rwkv7"), tmp_path)


def test_file_is_not_overwritten_by_a_folder(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    (tmp_path / "model").write_text("")
    with pytest.raises(CheckpointError, match="is a file"):
        folder.write(random_checkpoint("rwkv7"), tmp_path / "model")


def test_incomplete_checkpoint_is_not_written(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("rwkv7")
    del checkpoint.tensors["blocks.1.att.key.weight"]
    with pytest.raises(CheckpointError, match=r"'blocks\.1\.att\.key\.weight' is missing"):
        folder.write(checkpoint, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="absent: no such checkpoint"):
        folder.load_model(tmp_path / "absent")


def test_folder_without_a_configuration_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no config\.json"):
        folder.load_model(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "\udcff", '{"format": 1}', "[" * 100_000])
def test_damaged_configuration_is_named(written: Path, text: str) -> None:
    (written / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckpointError, match=r"config\.json") as caught:
        folder.load_model(written)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"formt": 1}, "unknown key 'formt'; did you mean 'format'"),
        ({"format": 2}, "written in format 2; this moxu reads format 1"),
        ({"architecture": "rwkv77"}, "unknown architecture 'rwkv77'; did you mean 'rwkv7'"),
        ({"config": {"widht": 8}}, "unknown key 'widht'; did you mean 'width'"),
        ({"config": {"vocab_size": 11, "width": 8, "layers": "two"}}, "layers is 'two'; expected a whole number"),
        ({"config": {"vocab_size": -3, "width": 8, "layers": 1, "head_size": 4}}, "no rwkv7 model has the sizes"),
        ({"config": {"vocab_size": 11, "width": 8, "layers": 1, "head_size": 0}}, "no rwkv7 model has the sizes"),
    ],
)
def test_wrong_configuration_is_explained(written: Path, changes: dict[str, Any], message: str) -> None:
    edit(written, **changes)
    with pytest.raises(CheckpointError, match=message) as caught:
        folder.load_model(written)
    assert "\n" not in str(caught.value)


def test_configuration_of_other_sizes_names_the_tensor_and_both_shapes(written: Path) -> None:
    config = folder.read_config(written).config
    edit(written, config={**config, "vocab_size": 12})
    with pytest.raises(CheckpointError, match=r"'emb\.weight' has the shape \(11, 8\); expected \(12, 8\)"):
        folder.load_model(written)


def test_missing_weights_are_named(written: Path) -> None:
    (written / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors: no such file"):
        folder.load_model(written)


@pytest.mark.parametrize("length", [0, 5, 100, 3000, -1])
def test_truncated_weights_are_named(written: Path, length: int) -> None:
    whole = (written / "model.safetensors").read_bytes()
    (written / "model.safetensors").write_bytes(whole[:length])
    with pytest.raises(CheckpointError, match=r"model\.safetensors: damaged or truncated") as caught:
        folder.load_model(written)
    assert "\n" not in str(caught.value)


def test_missing_and_left_over_tensors_are_named(written: Path) -> None:
    tensors = safetensors.torch.load_file(written / "model.safetensors")
    tensors["blocks.0.att.kei.weight"] = tensors.pop("blocks.0.att.key.weight")
    safetensors.torch.save_file(tensors, written / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'blocks\.0\.att\.kei\.weight'; did you mean 'blocks\.0\.att\.key"):
        folder.load_model(written)


def test_facts_for_a_moxu_folder_are_a_mistake(written: Path) -> None:
    with pytest.raises(CheckpointError, match="--config and --set do not apply"):
        folder.read(written, ReadOptions(facts={"layers": 2}))


def test_unknown_store_is_a_mistake(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    store: Any = "int3"
    with pytest.raises(CheckpointError, match="store is 'int3'; expected one of float32"):
        folder.write(random_checkpoint("rwkv7"), tmp_path / "model", WriteOptions(store))


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_every_file_can_be_read_by_whom_the_user_lets_read(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    folder.write(random_checkpoint("rwkv7"), tmp_path / "model")
    (tmp_path / "other").touch()
    modes = {path.stat().st_mode for path in (tmp_path / "model").iterdir()}
    assert modes == {(tmp_path / "other").stat().st_mode}
