"""GGUF: what is written is read, by the package gguf too, and damage is one line and costs nothing."""

import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from moxu.checkpoints import gguf_file
from moxu.errors import CheckpointError

FACTS: dict[str, Any] = {
    "general.architecture": "rwkv7",
    "general.name": "墨",
    "rwkv7.block_count": 3,
    "rwkv7.eps": 0.5,
    "list.numbers": [1, 3],
}
TENSORS = {
    "a": torch.rand(2, 3),
    "b": torch.rand(5).half(),
    "c": torch.rand(4, 6).bfloat16(),
    "turned": torch.rand(3, 2).t(),
    "deep": torch.rand(6, 1, 1, 2),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    gguf_file.write({**FACTS, "list.texts": ["一", "\\x00"]}, TENSORS, tmp_path / "model.gguf")
    return tmp_path / "model.gguf"


def test_facts_and_tensors_come_back(written: Path) -> None:
    facts, tensors = gguf_file.read(written)
    assert facts == {**FACTS, "list.texts": ["一".encode(), b"\\x00"]}
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor), name


def test_package_reads_what_we_write(written: Path) -> None:
    reader = gguf.GGUFReader(written)
    found = {tensor.name: tensor for tensor in reader.tensors}
    assert {name: tuple(reversed(tensor.shape.tolist())) for name, tensor in found.items()} == {
        name: tuple(tensor.shape) for name, tensor in TENSORS.items()
    }
    np.testing.assert_array_equal(found["a"].data, TENSORS["a"].numpy())
    bfloat16 = gguf.dequantize(found["c"].data, found["c"].tensor_type)
    np.testing.assert_array_equal(bfloat16, TENSORS["c"].float().numpy())
    field = reader.get_field("rwkv7.block_count")
    assert field is not None
    assert field.contents() == 3


def test_truncated_file_is_one_line(written: Path) -> None:
    content = written.read_bytes()
    for size in (0, 3, 4, 8, 20, 30, 100, 200, len(content) // 2, len(content) - 300):
        written.write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=r"model\.gguf: (damaged|cannot be read)[^\n]+$"):
            gguf_file.read(written)


def header(tensors: int, facts: int, rest: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, facts) + rest


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def tensor(name: str, shape: list[int], kind: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header(0, 0, version=1), "version 1; expected one of"),
        (header(0, 0, version=3 << 24), "little-endian"),
        (header(2**63, 0), "unpack|past the end"),
        (header(0, 2**63), "unpack|past the end"),
        (header(0, 1, struct.pack("<Q", 2**62)), "a value of 4611686018427387904 bytes goes past the end"),
        (header(0, 1, text("a") + struct.pack("<I", 99)), "a value of the unknown type 99"),
        (header(0, 1, text("a") + struct.pack("<IIQ", 9, 4, 2**60)), "goes past the end"),
        (header(0, 1, text("a") + struct.pack("<IIQ", 9, 8, 2**60)), "goes past the end"),
        (header(0, 1, text("a") + struct.pack("<IIQ", 9, 9, 1)), "a list of the type 9"),
        (header(0, 1, text("general.alignment") + struct.pack("<II", 4, 0)), "general.alignment is 0"),
        (header(1, 0, tensor("a", [2**40, 2**40], 0, 0)), "'a' goes past the end"),
        (header(1, 0, tensor("a", [1], 0, 2**63)), "'a' goes past the end"),
        (header(1, 0, tensor("a", [2], 0, 2) + bytes(64)), "or begins within a number"),
        (header(1, 0, tensor("a", [0, 2**62, 2**62], 0, 0) + bytes(64)), ""),
        (header(1, 0, tensor("a", [1] * 9, 0, 0)), "'a' has 9 axes"),
        (header(2, 0, tensor("a", [0], 0, 0) * 2 + bytes(64)), "two tensors of the same name"),
    ],
)
def test_damaged_file_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "model.gguf").write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"model\.gguf: damaged, truncated or no GGUF file: .*({message})"):
        gguf_file.read(tmp_path / "model.gguf")


def test_quantised_file_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(header(1, 0, tensor("a", [32], 8, 0)))
    with pytest.raises(CheckpointError, match=r"model\.gguf: 'a' is quantised \(type 8\); moxu reads F32, F16"):
        gguf_file.read(tmp_path / "model.gguf")


def test_files_are_known_by_their_beginning(tmp_path: Path, written: Path) -> None:
    (tmp_path / "other.gguf").write_bytes(b"PK")
    assert gguf_file.looks_like_gguf(written)
    assert not gguf_file.looks_like_gguf(tmp_path / "other.gguf")
    assert not gguf_file.looks_like_gguf(tmp_path)
