"""Safetensors: what is written is read, and damage is one line."""

import json
import struct
from pathlib import Path

import pytest
import torch

from moxu.checkpoints import safetensors_files
from moxu.errors import CheckpointError


def test_tensors_come_back_bit_for_bit(tmp_path: Path) -> None:
    base = torch.rand(4, 3)
    tensors = {"a": base, "view": base[1:], "same": base, "turned": base.t(), "half": base.half(), "none": base[:0]}
    safetensors_files.save(tensors, tmp_path / "file", tmp_path)
    found = safetensors_files.load(tmp_path / "file")
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in tensors.items()
    )


def header(table: object, size: int | None = None) -> bytes:
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01\x02",
        header({}, 2**62),  # a header larger than any memory
        header({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}) + b"\0" * 4,
        header({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}) + b"\0" * 4,
        header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}}) + b"\0" * 8,
        header({"a": {"dtype": "nonsense", "shape": [1], "data_offsets": [0, 4]}}) + b"\0" * 4,
    ],
)
def test_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"file: damaged or truncated: [^\n]+$"):
        safetensors_files.load(tmp_path / "file")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="absent: no such file; the checkpoint is not complete"):
        safetensors_files.load(tmp_path / "absent")
