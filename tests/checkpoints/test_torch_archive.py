"""Torch files written tensor by tensor: torch itself and our own reader find in them what was given."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from moxu.checkpoints import torch_archive
from moxu.checkpoints.pickle_machine import Placeholder
from moxu.checkpoints.torch_archive import TorchArchive, is_writable
from moxu.checkpoints.unpickle import read_pickle

DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool]


def announced(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(tensor, device="meta")


def write(path: Path, tensors: dict[str, torch.Tensor], **others: Any) -> None:
    with TorchArchive(
        path, {**others, "module": {name: announced(tensor) for name, tensor in tensors.items()}}
    ) as file:
        for tensor in tensors.values():
            file.put(tensor)


@pytest.mark.parametrize("dtype", DTYPES)
def test_torch_reads_tensors_of_every_type_and_shape(tmp_path: Path, dtype: torch.dtype) -> None:
    shapes: list[tuple[int, ...]] = [(3, 5), (), (0, 2), (7,)]
    tensors = {str(shape): (torch.rand(shape) * 9).to(dtype) for shape in shapes}
    tensors["strided"] = (torch.rand(4, 6) * 9).to(dtype).t()[1:3]
    write(tmp_path / "file.pt", tensors)
    for found in (
        torch.load(tmp_path / "file.pt", weights_only=True)["module"],
        torch.load(tmp_path / "file.pt", weights_only=True, mmap=True)["module"],
        read_pickle(tmp_path / "file.pt")["module"],  # type: ignore[index]
    ):
        assert list(found) == list(tensors)
        for name, tensor in tensors.items():
            assert (found[name].dtype, found[name].shape) == (dtype, tensor.shape)
            assert torch.equal(found[name], tensor), name


def test_tensors_begin_where_they_can_be_mapped(tmp_path: Path) -> None:
    write(tmp_path / "file.pt", {str(size): torch.rand(size) for size in range(1, 9)})
    with zipfile.ZipFile(tmp_path / "file.pt") as file, (tmp_path / "file.pt").open("rb") as raw:
        for entry in file.infolist():
            raw.seek(entry.header_offset + 26)
            name, extra = (int.from_bytes(raw.read(2), "little") for _ in range(2))
            assert (entry.header_offset + 30 + name + extra) % 64 == 0
        assert file.testzip() is None


def test_large_entries_have_room_for_their_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_archive, "_ZIP64_FROM", 100)
    tensors = {"small": torch.rand(3), "large": torch.rand(100), "last": torch.rand(2)}
    write(tmp_path / "file.pt", tensors)
    found = torch.load(tmp_path / "file.pt", weights_only=True, mmap=True)["module"]
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    assert all(tensor.data_ptr() % 64 == 0 for tensor in found.values())


def test_other_values_come_back_as_they_were(tmp_path: Path) -> None:
    values = {
        "numbers": (1, -(2**70), 0.5, True, None),
        "texts": ["续", b"\x00\xff", {"nested": [(), {}, []]}],
        "generator": ("MT19937", np.arange(5, dtype=np.uint32), 7, 0.0),
        "matrix": np.arange(6.0).reshape(2, 3).T,
        "scalar": np.float32(0.1),
        "state": torch.arange(5, dtype=torch.uint8),
    }
    write(tmp_path / "file.pt", {"weight": torch.ones(2)}, **values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        original = torch.load(tmp_path / "file.pt", weights_only=False)
    ours: Any = read_pickle(tmp_path / "file.pt")
    for found in (original, ours):
        assert (found["numbers"], found["texts"]) == (values["numbers"], values["texts"])
        assert found["generator"][1].dtype == np.uint32
        np.testing.assert_array_equal(found["generator"][1], np.arange(5))
        np.testing.assert_array_equal(found["matrix"], np.arange(6.0).reshape(2, 3).T)
        assert found["scalar"] == np.float32(0.1)
        assert torch.equal(found["state"], torch.arange(5, dtype=torch.uint8))


def test_arrays_have_the_name_that_older_numpy_knows(tmp_path: Path) -> None:
    write(tmp_path / "file.pt", {}, state=np.arange(3))
    assert b"numpy._core" not in (tmp_path / "file.pt").read_bytes()


def test_file_that_was_not_finished_is_not_read(tmp_path: Path) -> None:
    def write_and_fail() -> None:
        with TorchArchive(tmp_path / "file.pt", {"module": {"a": announced(torch.ones(2))}}):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    with pytest.raises((RuntimeError, FileNotFoundError)):
        torch.load(tmp_path / "file.pt", weights_only=True)


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def laughs() -> list[Any]:
    value: list[Any] = ["ha"]
    for _ in range(20):
        value = [value] * 10
    return value


@pytest.mark.parametrize(
    "value", [Placeholder("some.Optimizer"), {1, 2}, endless(), laughs(), object(), np.array(["text"]), 1j]
)
def test_what_is_neither_a_number_nor_a_container_of_them_cannot_be_written(value: object) -> None:
    assert not is_writable({"entry": [value]})


def test_plain_values_can_be_written() -> None:
    assert is_writable({"entry": [1, "text", None, (0.5, b""), np.arange(3), torch.ones(1)]})
