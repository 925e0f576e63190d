"""A torch file written tensor by tensor, so that it may be larger than the memory.

The format is that of torch 1.6 and later: a zip archive of ``data.pkl``, which describes everything, and one
uncompressed entry for the numbers of each tensor. The pickle uses nothing but plain containers and numbers, and the
constructors of torch and numpy for tensors and arrays.
"""

import io
import pickle
import struct
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import torch
from torch import Tensor

from moxu.checkpoints.pickle_names import STORAGES

_FOLDER = "archive"
_ALIGNMENT = 64  # bytes; so that a tensor can be mapped from the file
_ZIP64_FROM = 2**30  # bytes of an entry from which its header has room for larger sizes
_MAX_DEPTH = 32
_MAX_VALUES = 1_000_000


class UnwritableError(Exception):
    """A value that is neither a tensor, an array, a number, a text nor a container of these."""


class TorchArchive:
    """A torch file being written: at first what ``value`` is, then with `put` each of its tensors that had no memory.

    Tensors of the device ``meta`` announce those that follow; they are put in the order they have in ``value``.
    """

    def __init__(self, path: Path, value: object) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._zip = zipfile.ZipFile(self._file, "w")
        described = _Pickle()
        self._write("data.pkl", described.pickled(value))
        self._write("byteorder", sys.byteorder.encode())
        self._awaited: list[tuple[str, Tensor]] = []
        for number, tensor in enumerate(described.tensors):
            if tensor.is_meta:
                self._awaited.append((f"data/{number}", tensor))
            else:
                self._write(f"data/{number}", _bytes_of(tensor))
        self._awaited.reverse()

    def put(self, tensor: Tensor) -> None:
        """Write the next of the announced tensors."""
        name, announced = self._awaited.pop()
        assert (tensor.shape, tensor.dtype) == (announced.shape, announced.dtype), name
        self._write(name, _bytes_of(tensor))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        try:
            if kind is None:
                assert not self._awaited, f"{len(self._awaited)} tensors were announced and not put"
                self._write("version", b"3\n")
            self._zip.close()
        finally:
            self._file.close()

    def _write(self, name: str, content: bytes | memoryview) -> None:
        entry = zipfile.ZipInfo(f"{_FOLDER}/{name}")
        large = len(content) >= _ZIP64_FROM
        header = 30 + len(entry.filename) + (20 if large else 0) + 4  # 4: of the padding itself
        padding = -(self._file.tell() + header) % _ALIGNMENT
        entry.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding  # as torch pads, too
        with self._zip.open(entry, "w", force_zip64=large) as stream:
            stream.write(content)


def is_writable(value: object) -> bool:
    """Say whether a value that `read_pickle` built can be written again."""
    try:
        _Pickle().pickled(value)
    except UnwritableError:
        return False
    return True


class _Pickle:
    """The pickle of a value, in protocol 2, which every version of torch reads; tensors are stored outside."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self._left = _MAX_VALUES  # a small pickle can name one list many times over

    def pickled(self, value: object) -> bytes:
        stream = io.BytesIO()
        stream.write(pickle.PROTO + b"\x02")
        self._add(value, stream, 0)
        stream.write(pickle.STOP)
        return stream.getvalue()

    def _add(self, value: object, stream: IO[bytes], depth: int) -> None:
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            raise UnwritableError("a value that contains itself, or far too many others")
        if isinstance(value, Tensor):
            self._add_tensor(value, stream)
        elif isinstance(value, dict):
            parts = [part for pair in value.items() for part in pair]
            self._add_all(pickle.EMPTY_DICT + pickle.MARK, parts, pickle.SETITEMS, stream, depth)
        elif isinstance(value, list):
            self._add_all(pickle.EMPTY_LIST + pickle.MARK, value, pickle.APPENDS, stream, depth)
        elif isinstance(value, tuple):
            self._add_all(pickle.MARK, value, pickle.TUPLE, stream, depth)
        elif value is None or type(value) in (bool, int, float, str, bytes):
            stream.write(_fragment(value))
        elif isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
            # Under the older name of the module, which numpy 1 and 2 both know.
            stream.write(_fragment(value).replace(b"cnumpy._core.", b"cnumpy.core.", 1))
        else:
            raise UnwritableError(f"a {type(value).__name__}")

    def _add_all(self, begin: bytes, values: Iterable[object], end: bytes, stream: IO[bytes], depth: int) -> None:
        stream.write(begin)
        for value in values:
            self._add(value, stream, depth + 1)
        stream.write(end)

    def _add_tensor(self, tensor: Tensor, stream: IO[bytes]) -> None:
        """A call of ``_rebuild_tensor_v2`` with a storage of its own, an offset, a shape, strides and three more."""
        kind = _STORAGE_NAMES.get(tensor.dtype)
        if kind is None:
            raise UnwritableError(f"a tensor of {tensor.dtype}")
        number = str(len(self.tensors))
        self.tensors.append(tensor)
        stream.write(_global("torch._utils", "_rebuild_tensor_v2") + pickle.MARK)
        stream.write(pickle.MARK + _fragment("storage") + _global("torch", kind))
        stream.write(_fragment(number) + _fragment("cpu") + _fragment(tensor.numel()) + pickle.TUPLE + pickle.BINPERSID)
        strides = torch.empty(tensor.shape, device="meta").stride()
        stream.write(_fragment(0) + _fragment(tuple(tensor.shape)) + _fragment(strides) + _fragment(False))
        stream.write(_global("collections", "OrderedDict") + pickle.EMPTY_TUPLE + pickle.REDUCE)
        stream.write(pickle.TUPLE + pickle.REDUCE)


_STORAGE_NAMES = {dtype: name for name, dtype in STORAGES.items()}


def _fragment(value: object) -> bytes:
    """Return the instructions that build a plain value, without the pickle's frame; its memo is its own."""
    return pickle.dumps(value, protocol=2)[2:-1]


def _global(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def _bytes_of(tensor: Tensor) -> memoryview:
    """Return the numbers of a tensor in order; they are copied only where they do not lie so."""
    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return memoryview(flat.numpy())  # type: ignore[arg-type]  # numpy's stubs do not say so before Python 3.12
