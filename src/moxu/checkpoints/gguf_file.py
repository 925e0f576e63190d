"""GGUF, the file format of llama.cpp: a table of facts and named tensors, mapped from the file and read when used.

Source: the specification of GGUF versions 2 and 3. Files are read here, and not by the package ``gguf``, because a
damaged one must not cost memory or time; they are written by the package.
"""

import math
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from moxu.checkpoints.storage import compact
from moxu.errors import CheckpointError

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_DTYPES = {0: torch.float32, 1: torch.float16, 30: torch.bfloat16}
_MAX_AXES = 4
_ALIGNMENT = 32  # bytes, when the file does not say otherwise


def looks_like_gguf(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the facts and the tensors; texts within lists stay bytes. CheckpointError for a damaged file."""
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # torch may write to it, the file stays
        return _Reader(mapped).read()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    except _ForeignTypeError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except (struct.error, ValueError, OverflowError, RuntimeError) as error:
        raise CheckpointError(f"{path}: damaged, truncated or no GGUF file: {error}") from None


def write(facts: Mapping[str, Any], tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write facts (texts, whole and other numbers, lists of texts or whole numbers) and tensors of 16 or 32 bits."""
    try:
        import gguf
    except ImportError:
        raise CheckpointError("writing GGUF files needs the package gguf; pip install 'moxu[hf]'") from None
    architecture = facts["general.architecture"]
    writer = gguf.GGUFWriter(path, architecture)
    for name, value in facts.items():
        if isinstance(value, str) and name != "general.architecture":  # which the writer adds itself
            writer.add_string(name, value)
        elif isinstance(value, int):
            writer.add_uint32(name, value)
        elif isinstance(value, float):
            writer.add_float32(name, value)
        elif isinstance(value, list):
            writer.add_array(name, value)
    for name, tensor in tensors.items():
        whole = compact(tensor)
        if whole.dtype == torch.bfloat16:  # which numpy lacks
            writer.add_tensor(name, whole.view(torch.uint8).numpy(), raw_dtype=gguf.GGMLQuantizationType.BF16)
        else:
            writer.add_tensor(name, whole.numpy())
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


class _ForeignTypeError(Exception):
    """A tensor of a type that is none of torch's floating types: the file is in order, but not for us."""


class _Reader:
    """Walks through a file from its beginning; what lies past its end raises struct.error or ValueError."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self.mapped, self.place = mapped, 0

    def read(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        magic, version = self._take(4), self._number("I")
        if magic != MAGIC or version not in _VERSIONS:
            raise ValueError(f"version {version}; expected one of {_VERSIONS}, little-endian")
        tensor_count, fact_count = self._number("Q"), self._number("Q")
        facts: dict[str, Any] = {}
        for _ in range(fact_count):
            name = self._text()
            facts[name] = self._value(self._number("I"))
        places = [self._tensor_place() for _ in range(tensor_count)]
        alignment = facts.get("general.alignment", _ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 8 or alignment % 8:
            raise ValueError(f"general.alignment is {alignment!r}")
        begin = -(-self.place // alignment) * alignment
        tensors = {name: self._tensor(name, kind, shape, begin + offset) for name, kind, shape, offset in places}
        if len(tensors) != tensor_count:
            raise ValueError("two tensors of the same name")
        return facts, tensors

    def _take(self, size: int) -> bytes:
        if size > len(self.mapped) - self.place:
            raise ValueError(f"a value of {size} bytes goes past the end")
        self.place += size
        return self.mapped[self.place - size : self.place]

    def _number(self, code: str) -> Any:
        (value,) = struct.unpack(f"<{code}", self._take(struct.calcsize(f"<{code}")))
        return value

    def _text(self) -> str:
        return self._take(self._number("Q")).decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind != _ARRAY:
            raise ValueError(f"a value of the unknown type {kind}")
        element, count = self._number("I"), self._number("Q")
        if element == _STRING:
            return [self._take(self._number("Q")) for _ in range(count)]
        if element not in _SCALARS:
            raise ValueError(f"a list of the type {element}")
        code = np.dtype(f"<{_SCALARS[element]}")
        return np.frombuffer(self._take(count * code.itemsize), code).tolist()

    def _tensor_place(self) -> tuple[str, int, list[int], int]:
        name, axes = self._text(), self._number("I")
        if axes > _MAX_AXES:
            raise ValueError(f"{name!r} has {axes} axes")
        shape = [self._number("Q") for _ in range(axes)]
        return name, self._number("I"), shape[::-1], self._number("Q")  # the last axis comes first in the file

    def _tensor(self, name: str, kind: int, shape: list[int], offset: int) -> Tensor:
        if kind not in _DTYPES:
            raise _ForeignTypeError(f"{name!r} is quantised (type {kind}); moxu reads F32, F16 and BF16")
        dtype, count = _DTYPES[kind], math.prod(shape)
        if offset % dtype.itemsize or offset + count * dtype.itemsize > len(self.mapped):
            raise ValueError(f"{name!r} goes past the end, or begins within a number")
        if count == 0:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(self.mapped, dtype=dtype, count=count, offset=offset).view(shape)
