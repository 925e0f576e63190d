"""What the names in a checkpoint's pickle stand for: the tensors of torch, the arrays of numpy, a few containers."""

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard, cast

import numpy as np
import torch
from torch import Tensor

from moxu.checkpoints.pickle_machine import (
    ForeignClass,
    Placeholder,
    Recipe,
    UnreadablePickleError,
    key,
    refuse,
)

LoadStorage = Callable[[str, torch.dtype, int], Tensor]
"""From the key, the type and the number of elements of a storage to a flat tensor."""

_MAX_AXES = 16


@dataclass(frozen=True)
class StorageType:
    """The class of a torch storage: nothing but the type of its elements."""

    dtype: torch.dtype


@dataclass(eq=False)
class ArrayType:
    """A numpy dtype on its way: made from a code such as ``f4``, then told its byte order."""

    code: str
    order: str = "="

    def build(self, state: object) -> None:
        """Take (version, order, subarray, names, fields, …); types made of other types are refused."""
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "=", "|"):
            raise UnreadablePickleError("damaged: the type of an array cannot be read")
        if any(part is not None for part in state[2:5]):
            raise UnreadablePickleError("refused: an array of records is not for checkpoints")
        self.order = state[1]

    def dtype(self) -> np.dtype[np.generic]:
        return np.dtype(self.order + self.code)


_ARRAY_TYPE = ForeignClass("numpy.ndarray")
_ARRAY_CODES = re.compile(r"b1|[iu][1248]|f[248]|c8|c16")

STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

_DTYPES = {str(dtype).removeprefix("torch.") for dtype in STORAGES.values()}

# Names of the standard library and of torch that may stand in a checkpoint because they stay mere names. Any other name
# of these modules, or of Python's older ones, is refused where it stands, even if nothing would call it.
_BUILTINS = ("builtins", "__builtin__")  # in Python 3 and 2
_HARMLESS = {
    *(
        f"{builtins}.{kind.__name__}"
        for builtins in _BUILTINS
        for kind in (object, list, dict, tuple, int, float, str, bool)
    ),
    "argparse.Namespace",
    "types.SimpleNamespace",
}
_HARMLESS_MODULES = ("torch.nn.modules.", "torch.nn.parameter", "torch.nn.functional")
_GUARDED = sys.stdlib_module_names | {"__builtin__", "copy_reg", "commands", "popen2", "test", "torch", "numpy"}


class Names:
    """The World of a checkpoint; ``load_storage`` fetches what lies outside the pickle (None: there is nothing)."""

    def __init__(self, load_storage: LoadStorage | None = None) -> None:
        self._load_storage = load_storage

    def find(self, module: str, name: str) -> object:
        full = f"{module}.{name}"
        if full in _RECIPES:
            return Recipe(full, _RECIPES[full])
        if module in ("torch", "torch.storage") and name in STORAGES:
            return StorageType(STORAGES[name])
        if full == _ARRAY_TYPE.name:
            return _ARRAY_TYPE
        harmless = full in _HARMLESS or f"{module}.".startswith(_HARMLESS_MODULES)
        if harmless or (module == "torch" and name in _DTYPES) or module.partition(".")[0] not in _GUARDED:
            return ForeignClass(full)
        return refuse(full)

    def stored(self, persistent_id: object) -> object:
        """Return a storage; before version 1.6 torch also kept the classes of modules outside, with their source."""
        if self._load_storage is None:
            raise UnreadablePickleError("refused: the pickle points to storages, but is no torch file")
        match persistent_id:
            case ("storage", StorageType(dtype), str(name), _, int(count), *rest) if rest in ([], [None]):
                return self._load_storage(name, dtype, count)
            case ("module", ForeignClass() as module, *_):
                return module
        raise UnreadablePickleError("damaged: a storage of the torch file cannot be read")

    def build(self, target: object, state: object) -> None:
        if isinstance(target, ArrayType):
            target.build(state)
        elif isinstance(target, np.ndarray):
            _fill_array(target, state)
        elif not isinstance(target, dict):  # an OrderedDict may carry attributes, such as torch's _metadata: not needed
            refuse(f"a state for a {type(target).__name__}")


# Tensors.


def _tensor(storage: object, offset: object, size: object, stride: object, *_: object) -> Tensor:
    """View a storage as a tensor; no part of it may lie outside, and no element may be repeated."""
    if not isinstance(storage, Tensor) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise UnreadablePickleError("damaged: a tensor cannot be read")
    if len(size) != len(stride) or len(size) > _MAX_AXES or not all(map(_is_count, (offset, *size, *stride))):
        raise UnreadablePickleError(f"damaged: a tensor of the shape {size} and the strides {stride} cannot be")
    start = cast(int, offset)
    last = start + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    elements = math.prod(size)
    if elements and (last >= storage.numel() or elements > storage.numel()):
        raise UnreadablePickleError(f"damaged: a tensor of the shape {size} exceeds its {storage.numel()} elements")
    if not elements:
        return storage.new_empty(size)
    return torch.as_strided(storage, size, stride, start)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**48


def _parameter(data: object, *_: object) -> Tensor:
    if not isinstance(data, Tensor):
        raise UnreadablePickleError("damaged: a parameter is no tensor")
    return data


def _subclassed_tensor(function: object, _: object, arguments: object, *__: object) -> object:
    """A tensor that carries attributes: the tensor itself, without them."""
    if not isinstance(function, Recipe) or function.make is not _tensor or not isinstance(arguments, tuple):
        raise UnreadablePickleError("refused: a tensor of an unknown class")
    return _tensor(*arguments)


# Arrays.


def _array(kind: object, *_: object) -> np.ndarray:
    if kind != _ARRAY_TYPE:
        raise UnreadablePickleError("refused: an array of an unknown class")
    return np.empty(0, np.int8)


def _fill_array(array: np.ndarray, state: object) -> None:
    """Give an empty array its (version, shape, type, is_fortran, bytes)."""
    match state:
        case (int(), tuple(shape), ArrayType() as kind, bool(is_fortran), bytes(data)) if array.size == 0:
            dtype = _checked(shape, kind, data)
            array.__setstate__((1, shape, dtype, is_fortran, data))  # type: ignore[arg-type]  # stubs want numpy.bool
        case _:
            raise UnreadablePickleError("refused: an array that is no plain block of numbers")


def _array_from_buffer(data: object, kind: object, shape: object, order: object) -> np.ndarray:
    if not isinstance(data, bytes | bytearray) or not isinstance(shape, tuple) or order not in ("C", "F"):
        raise UnreadablePickleError("damaged: an array cannot be read")
    dtype = _checked(shape, kind, data)
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order="F" if order == "F" else "C")


def _scalar(kind: object, data: object) -> object:
    if not isinstance(data, bytes):
        raise UnreadablePickleError("refused: a numpy scalar that is no plain number")
    return np.frombuffer(data, _checked((), kind, data))[0]


def _checked(shape: tuple[object, ...], kind: object, data: bytes | bytearray) -> np.dtype[np.generic]:
    if not isinstance(kind, ArrayType):
        raise UnreadablePickleError("damaged: an array has no type")
    dtype = kind.dtype()
    lengths = [length for length in shape if _is_count(length)]
    if len(lengths) != len(shape) or len(shape) > _MAX_AXES or math.prod(lengths) * dtype.itemsize != len(data):
        raise UnreadablePickleError(f"damaged: an array of the shape {shape} does not have {len(data)} bytes")
    return dtype


def _array_type(code: object, *_: object) -> ArrayType:
    if not isinstance(code, str) or not _ARRAY_CODES.fullmatch(code):
        raise UnreadablePickleError(f"refused: arrays of the type {code!r} are not for checkpoints")
    return ArrayType(code)


# Plain containers and what older protocols need to spell them.


def _dictionary(pairs: object = (), *_: object) -> dict[object, object]:
    if isinstance(pairs, ForeignClass):  # the factory of a defaultdict
        return {}
    if isinstance(pairs, dict):
        return dict(pairs)
    if not isinstance(pairs, list | tuple) or not all(isinstance(pair, list | tuple) for pair in pairs):
        raise UnreadablePickleError("damaged: the items of a table cannot be read")
    return {key(name): value for name, value in pairs}


def _members(values: object = ()) -> list[object]:
    if not isinstance(values, list | tuple | set | frozenset):
        raise UnreadablePickleError("damaged: the members of a set cannot be read")
    return [key(value) for value in values]


def _encode(text: object, encoding: object) -> bytes:
    """Protocol 2 has no bytes: it spells them as Latin-1 text."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise UnreadablePickleError("damaged: bytes of the pickle cannot be read")
    return text.encode("latin-1")


def _size(lengths: object) -> tuple[object, ...]:
    if not isinstance(lengths, tuple | list):
        raise UnreadablePickleError("damaged: a shape cannot be read")
    return tuple(lengths)


def _reconstructed(kind: object, base: object, _: object) -> Placeholder:
    """Protocols 0 and 1 make every object this way."""
    if not isinstance(kind, ForeignClass) or not isinstance(base, ForeignClass):
        raise UnreadablePickleError("refused: an object that is made in an unusual way")
    return Placeholder(kind.name)


def _inert(name: str) -> Callable[..., object]:
    """Return the constructor of a class whose objects are only recorded."""
    return lambda *arguments: Placeholder(name, arguments)


def _set(values: object = ()) -> object:
    return set(_members(values))


def _frozenset(values: object = ()) -> object:
    return frozenset(_members(values))


def _no_bytes() -> object:
    return b""


_RECIPES: dict[str, Callable[..., object]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type_v2": _subclassed_tensor,
    "torch.Size": _size,
    "numpy.dtype": _array_type,
    "collections.OrderedDict": _dictionary,
    "collections.defaultdict": _dictionary,
    "_codecs.encode": _encode,
    "copyreg._reconstructor": _reconstructed,
    "copy_reg._reconstructor": _reconstructed,
}
for _core in ("numpy.core", "numpy._core"):  # before and after numpy 2
    _RECIPES[f"{_core}.multiarray._reconstruct"] = _array
    _RECIPES[f"{_core}.multiarray.scalar"] = _scalar
    _RECIPES[f"{_core}.numeric._frombuffer"] = _array_from_buffer
for _module in _BUILTINS:
    _RECIPES |= {f"{_module}.set": _set, f"{_module}.frozenset": _frozenset, f"{_module}.bytes": _no_bytes}
for _name in ("torch.device", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePath"):
    _RECIPES[_name] = _inert(_name)
