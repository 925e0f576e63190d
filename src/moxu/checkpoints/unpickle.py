"""Foreign pickles: torch files (zip and older) and bare pickles, read without running anything that they contain.

`read_pickle` is the only door through which a foreign pickle enters moxu. What it builds are tensors, arrays, plain
containers, and Placeholders for objects of any other class; see `pickle_machine` and `pickle_names`.
"""

import io
import mmap
import struct
import zipfile
from pathlib import Path
from typing import IO, cast

import torch
from torch import Tensor

from moxu.checkpoints.pickle_machine import Placeholder, UnreadablePickleError, read
from moxu.checkpoints.pickle_names import Names
from moxu.errors import CheckpointError

_OLD_TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # the first of the five pickles of a torch file before version 1.6
_ZIP_MAGIC = b"PK\x03\x04"
# What the standard library and torch raise for bytes that make no sense; an odd escape is only a warning by default.
_DAMAGE = (
    *(ValueError, IndexError, KeyError, TypeError, OverflowError, MemoryError, struct.error, DeprecationWarning),
    *(zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError),
)
_MAX_DEPTH = 64
_MAX_MODULES = 100_000


def read_pickle(path: Path) -> object:
    """Return the object in a torch file or a bare pickle; tensors are mapped from the file and read when used.

    Raises CheckpointError for a file that is missing, damaged or not a pickle, and for one that names anything beyond
    tensors, arrays and plain containers (the message says what); nothing that the file names is imported or run.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # torch may write to it, the file stays
            if mapped[:4] == _ZIP_MAGIC:
                return _read_zip(file, mapped)
        return _read_bare(mapped)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnreadablePickleError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except _DAMAGE as error:
        detail = " ".join(str(error).split())[:120]
        raise CheckpointError(f"{path}: damaged, truncated or no pickle: {detail}") from None


def looks_like_pickle(path: Path) -> bool:
    """Say whether a file is worth giving to `read_pickle`: by its first bytes or its name."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(4)
    return start == _ZIP_MAGIC or start[:1] == b"\x80" or path.suffix in (".pth", ".pt", ".bin", ".pkl", ".pdparams")


def module_tensors(module: Placeholder) -> dict[str, Tensor]:
    """Return the parameters and persistent buffers of a pickled torch module, under their state_dict names."""
    tensors: dict[str, Tensor] = {}
    waiting = [("", module, 0)]
    for _ in range(_MAX_MODULES):
        if not waiting:
            return tensors
        prefix, current, depth = waiting.pop()
        transient = current.attributes.get("_non_persistent_buffers_set") or ()
        for table in ("_parameters", "_buffers"):
            for name, value in _table(current, table).items():
                if isinstance(value, Tensor) and name not in transient:
                    tensors[f"{prefix}{name}"] = value
        children = [
            (f"{prefix}{name}.", child, depth + 1)
            for name, child in _table(current, "_modules").items()
            if isinstance(child, Placeholder)
        ]
        if depth < _MAX_DEPTH:
            waiting.extend(reversed(children))
    raise CheckpointError(f"a pickled {module.class_name} has more than {_MAX_MODULES:,} parts; expected a model")


def tensors_in(found: object) -> dict[str, Tensor]:
    """Return the named tensors of a pickled module or of a dictionary; of anything else, and besides them, nothing."""
    if isinstance(found, Placeholder):
        return module_tensors(found)
    return {
        name: value for name, value in _unwrapped(found).items() if isinstance(name, str) and isinstance(value, Tensor)
    }


def state_dict(found: object, path: Path) -> dict[str, Tensor]:
    """Return the tensors of a pickled module or a plain dictionary; CheckpointError when there is anything else."""
    tensors = tensors_in(found)
    if not tensors:
        kind = found.class_name if isinstance(found, Placeholder) else type(found).__name__
        raise CheckpointError(f"{path}: holds a {kind} without tensors; expected a torch module or a state dictionary")
    for name, value in _unwrapped(found).items():
        if name not in tensors:
            raise CheckpointError(f"{path}: {name!r} is a {type(value).__name__}; expected a dictionary of tensors")
    return tensors


def _unwrapped(found: object) -> dict[object, object]:
    """Return a dictionary, or the one inside it: ``{"state_dict": {...}}`` and the like."""
    if not isinstance(found, dict):
        return {}
    inner = next(iter(found.values())) if len(found) == 1 else None
    return inner if isinstance(inner, dict) else found


def _table(module: Placeholder, name: str) -> dict[object, object]:
    table = module.attributes.get(name)
    return table if isinstance(table, dict) else {}


def _read_zip(file: IO[bytes], mapped: mmap.mmap) -> object:
    """Read a torch file of version 1.6 or later: a zip of data.pkl and one uncompressed entry for each storage."""
    entries = {entry.filename: entry for entry in zipfile.ZipFile(file).infolist()}
    pickles = [name for name in entries if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise UnreadablePickleError("a zip archive that is no torch file: it has no data.pkl")
    folder = pickles[0].removesuffix("data.pkl")
    if (order := entries.get(f"{folder}byteorder")) and mapped[_place(order, mapped)] != b"little":
        raise UnreadablePickleError("the torch file was written on a big-endian machine; save it again on another one")
    storages: dict[tuple[str, torch.dtype], Tensor] = {}

    def load(name: str, dtype: torch.dtype, count: int) -> Tensor:
        if (name, dtype) not in storages:
            if (entry := entries.get(f"{folder}data/{name}")) is None:
                raise UnreadablePickleError(f"damaged: the storage {name!r} is missing in the torch file")
            storages[name, dtype] = _map(mapped, _place(entry, mapped), dtype, count)
        return storages[name, dtype]

    return read(io.BytesIO(mapped[_place(entries[pickles[0]], mapped)]), Names(load))


def _place(entry: zipfile.ZipInfo, mapped: mmap.mmap) -> slice:
    """Return where the bytes of a zip entry lie; torch never compresses them, so a zip bomb ends here."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise UnreadablePickleError(f"refused: {entry.filename} is compressed, which torch files never are")
    header = mapped[entry.header_offset : entry.header_offset + 30]
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    start = entry.header_offset + 30 + name_length + extra_length
    if header[:4] != _ZIP_MAGIC or start + entry.file_size > len(mapped):
        raise UnreadablePickleError(f"damaged: {entry.filename} lies outside the file")
    return slice(start, start + entry.file_size)


def _map(mapped: mmap.mmap, place: slice, dtype: torch.dtype, count: int) -> Tensor:
    """View ``count`` elements of the file as a flat tensor, without reading them yet."""
    if not 0 <= count * dtype.itemsize <= place.stop - place.start:
        raise UnreadablePickleError(f"damaged: a storage of {count} elements has {place.stop - place.start} bytes")
    if count == 0:
        return torch.empty(0, dtype=dtype)
    if place.start % dtype.itemsize:
        return torch.frombuffer(bytearray(mapped[place][: count * dtype.itemsize]), dtype=dtype)
    return torch.frombuffer(mapped, dtype=dtype, count=count, offset=place.start)


def _read_bare(mapped: mmap.mmap) -> object:
    """Read a bare pickle, or the torch file before version 1.6, which begins with one."""
    stream = cast(IO[bytes], mapped)
    found = read(stream, Names())
    if not isinstance(found, int) or found != _OLD_TORCH_MAGIC:
        return found
    read(stream, Names())  # the version of the format
    read(stream, Names())  # sizes of numbers on the machine that wrote it
    return _read_old_torch(mapped)


def _read_old_torch(mapped: mmap.mmap) -> object:
    """Read the object twice: the storages lie behind the pickle that needs them, so first find out how long it is."""
    stream = cast(IO[bytes], mapped)
    start = mapped.tell()
    sizes: dict[str, tuple[torch.dtype, int]] = {}

    def measure(name: str, dtype: torch.dtype, count: int) -> Tensor:
        sizes[name] = (dtype, count)
        return _announce(name, dtype, count)

    read(stream, Names(measure))
    names = read(stream, Names())
    storages: dict[str, Tensor] = {}
    for name in names if isinstance(names, list) else []:
        if name not in sizes:
            raise UnreadablePickleError(f"damaged: the storage {name!r} of the torch file belongs to no tensor")
        dtype, count = sizes[name]
        begin = mapped.tell() + 8  # behind the number of elements
        place = slice(begin, begin + count * dtype.itemsize)
        if struct.unpack("<q", mapped.read(8))[0] != count or not begin <= place.stop <= len(mapped):
            raise UnreadablePickleError(f"damaged or truncated: the storage {name!r} has not its {count} elements")
        storages[name] = _map(mapped, place, dtype, count)
        mapped.seek(place.stop)
    mapped.seek(start)
    return read(stream, Names(lambda name, *_: storages[name]))


def _announce(_: str, dtype: torch.dtype, count: int) -> Tensor:
    """Return a storage that has a size but no memory."""
    if not 0 <= count < 2**48:
        raise UnreadablePickleError(f"damaged: a storage of {count} elements cannot be")
    return torch.empty(count, dtype=dtype, device="meta")
