"""The weights of a Hugging Face folder: whole or in shards, safetensors or pickles, and nothing from elsewhere."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from moxu.checkpoints.hf_weights import read_weights
from moxu.errors import CheckpointError

TENSORS = {"a": torch.rand(3), "b": torch.rand(2, 2), "c": torch.rand(1)}
SHARDS = {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors", "c": "model-1-of-2.safetensors"}


def assert_same(found: dict[str, torch.Tensor]) -> None:
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in TENSORS.items())


def write_shards(folder: Path, places: dict[str, Any] = SHARDS, index: object = None) -> None:
    for file in set(SHARDS.values()):
        save_file({name: tensor for name, tensor in TENSORS.items() if SHARDS[name] == file}, folder / file)
    table = {"metadata": {}, "weight_map": places} if index is None else index
    (folder / "model.safetensors.index.json").write_text(json.dumps(table))


def test_one_file_of_either_format_is_read(tmp_path: Path) -> None:
    torch.save(TENSORS, tmp_path / "pytorch_model.bin")
    assert_same(read_weights(tmp_path))
    (tmp_path / "pytorch_model.bin").write_bytes(b"not looked at any more")
    save_file(TENSORS, tmp_path / "model.safetensors")
    assert_same(read_weights(tmp_path))


def test_shards_of_either_format_are_read(tmp_path: Path) -> None:
    write_shards(tmp_path)
    assert_same(read_weights(tmp_path))
    old = tmp_path / "old"
    old.mkdir()
    torch.save({"a": TENSORS["a"]}, old / "one.bin")
    torch.save({"b": TENSORS["b"], "c": TENSORS["c"]}, old / "two.bin")
    places = {"a": "one.bin", "b": "two.bin", "c": "two.bin"}
    (old / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    assert_same(read_weights(old))


@pytest.mark.parametrize(
    "file", ["../secret.safetensors", "/etc/passwd", "sub/x.safetensors", "..", ".", "", "a\0b", 3, None, ["x"], {}]
)
def test_index_that_points_elsewhere_is_refused(tmp_path: Path, file: Any) -> None:
    save_file({"a": TENSORS["a"]}, tmp_path / "secret.safetensors")
    folder = tmp_path / "model"
    folder.mkdir()
    write_shards(folder, {**SHARDS, "a": file})
    with pytest.raises(
        CheckpointError, match=r"index\.json: (names the file .*; expected one that lies beside|has no)"
    ):
        read_weights(folder)


@pytest.mark.parametrize("index", [{}, {"weight_map": []}, {"weight_map": {}}, [1], {"weight_map": None}])
def test_index_without_a_map_is_named(tmp_path: Path, index: object) -> None:
    write_shards(tmp_path, index=index)
    with pytest.raises(CheckpointError, match=r"model\.safetensors\.index\.json: "):
        read_weights(tmp_path)


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({**SHARDS, "d": "model-1-of-2.safetensors"}, r"model-1-of-2\.safetensors: the tensor 'd' is missing, which"),
        ({"a": SHARDS["a"], "b": SHARDS["b"]}, r"model-1-of-2\.safetensors: holds 'c', which .* looks for elsewhere"),
        ({**SHARDS, "c": SHARDS["b"]}, r"holds 'c', which .* looks for elsewhere"),
        ({**SHARDS, "a": "model-3-of-2.safetensors"}, r"model-3-of-2\.safetensors: no such file, but"),
    ],
)
def test_index_and_files_must_agree(tmp_path: Path, places: dict[str, Any], message: str) -> None:
    write_shards(tmp_path, places)
    with pytest.raises(CheckpointError, match=message):
        read_weights(tmp_path)


def test_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds no weights; expected model\.safetensors or pytorch_model\.bin"):
        read_weights(tmp_path)


class Malice:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo harm",)


def test_pickle_is_not_run(tmp_path: Path) -> None:
    torch.save({"a": Malice()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin: refused: the pickle asks for"):
        read_weights(tmp_path)
