"""Megatron's folders of parts, as DeepSpeed writes them: found, read by pieces, and written tensor by tensor.

``DIR/latest_checkpointed_iteration.txt`` names a folder of DIR, in which ``mp_rank_XX_model_states.pt`` is what the
device XX holds: a dictionary with the tensors under ``module``, and the state of the training around it.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from moxu.checkpoints.atomic import replacing_in
from moxu.checkpoints.partition import Share
from moxu.checkpoints.torch_archive import TorchArchive
from moxu.checkpoints.unpickle import read_pickle
from moxu.errors import CheckpointError

LATEST = "latest_checkpointed_iteration.txt"
MODULE = "module"
WORLD_SIZE = "mp_world_size"

_PART = re.compile(r"mp_rank_(\d+)_model_states\.pt")
_ITERATION = re.compile(r"[0-9]{1,18}|release")

Shares = Callable[[str], Share]
"""From the name of a tensor to how the parts divide it; CheckpointError for a name that is not expected."""


@dataclass(frozen=True)
class PartFolder:
    """Where the parts of a checkpoint lie: ``files`` in the order of their numbers."""

    root: Path
    iteration: str
    files: tuple[Path, ...]


class Parts:
    """The opened parts of a checkpoint: what they hold beside the tensors, and the tensors, joined one by one.

    ``entries`` are those of each part but the tensors, ``shapes`` the whole tensors without memory.
    """

    def __init__(self, folder: PartFolder, shares: Shares) -> None:
        self.folder = folder
        self._shares = shares
        tables = [_read_part(file) for file in folder.files]
        self.entries = [{str(name): value for name, value in table.items() if name != MODULE} for table in tables]
        _check_count(self.entries[0].get(WORLD_SIZE), folder)
        self._modules = [_module(table, file) for table, file in zip(tables, folder.files, strict=True)]
        self.shapes = {name: self._announce(name) for name in self._modules[0]}
        for module, file in zip(self._modules, folder.files, strict=True):
            _check_same(module, self._modules[0], file, folder.files[0])

    def join(self, name: str) -> Tensor:
        return self._shares(name).join([module[name] for module in self._modules])

    def _announce(self, name: str) -> Tensor:
        pieces = [torch.empty_like(self._modules[0][name], device="meta") for _ in self._modules]
        share, first = self._shares(name), pieces[0]
        if not share.divides(first.shape, 1):
            raise CheckpointError(
                f"{self.folder.files[0]}: the tensor {name!r} has the shape {tuple(first.shape)}; it is no part of one"
            )
        return share.join(pieces)


def find_parts(path: Path) -> PartFolder | None:
    """Find the parts in a folder with `LATEST`, in the folder of one iteration, or beside one part; None: no parts.

    Raises CheckpointError when a part is missing or `LATEST` says nothing that is there.
    """
    if path.is_file():
        return find_parts(path.parent) if _PART.fullmatch(path.name) else None
    if (path / LATEST).is_file():
        iteration = _read_latest(path / LATEST)
        if not (path / iteration).is_dir():
            raise CheckpointError(f"{path / LATEST}: names {iteration!r}, but there is no such folder beside it")
        files = _part_files(path / iteration)
        if not files:
            raise CheckpointError(f"{path / iteration}: holds no part; expected mp_rank_00_model_states.pt")
        return PartFolder(path, iteration, files)
    if path.is_dir() and (files := _part_files(path)):
        return PartFolder(path, path.name if _ITERATION.fullmatch(path.name) else "release", files)
    return None


def write_parts(
    path: Path,
    iteration: str,
    entries: Sequence[Mapping[str, object]],
    shapes: Mapping[str, Tensor],
    tensors: Iterable[Tensor],
    shares: Shares,
) -> None:
    """Write a part for each of the ``entries``: these, and its share of the whole ``tensors``, taken one by one.

    ``shapes`` names the tensors, in their order, and has their shapes and types. A checkpoint at ``path`` is replaced
    when all is written; `LATEST` comes last.
    """
    if path.exists() and not path.is_dir():
        raise CheckpointError(f"{path}: is a file; a checkpoint of parts is a folder, give another name")
    if path.is_dir() and any(path.iterdir()) and not (path / LATEST).is_file():
        raise CheckpointError(f"{path}: exists and is no checkpoint of parts ({LATEST} is not there); name another")
    parts = len(entries)
    check_divisible(shapes, parts, shares, path)
    with replacing_in(path, last=LATEST) as folder, contextlib.ExitStack() as opened:
        (folder / iteration).mkdir()
        archives = []
        for part, beside in enumerate(entries):
            module = {name: shares(name).piece(whole, part, parts) for name, whole in shapes.items()}
            file = folder / iteration / f"mp_rank_{part:02d}_model_states.pt"
            archives.append(opened.enter_context(TorchArchive(file, {**beside, WORLD_SIZE: parts, MODULE: module})))
        for name, whole in zip(shapes, tensors, strict=True):
            for part, archive in enumerate(archives):
                archive.put(shares(name).piece(whole, part, parts))
        (folder / LATEST).write_text(f"{iteration}\n", encoding="ascii")


def check_divisible(shapes: Mapping[str, Tensor], parts: int, shares: Shares, path: Path) -> None:
    """Raise CheckpointError, beginning with ``path``, for a tensor of which so many equal parts cannot be made."""
    for name, whole in shapes.items():
        if not shares(name).divides(whole.shape, parts):
            raise CheckpointError(f"{path}: {parts} equal parts cannot be made of {name!r} {tuple(whole.shape)}")


def iteration_of(value: object) -> str:
    """Return a word for an iteration that may name a folder: what ``value`` says if it is one, else ``release``."""
    return str(value) if _ITERATION.fullmatch(str(value)) else "release"


def _read_latest(path: Path) -> str:
    with path.open("rb") as file:
        text = file.read(100).decode("ascii", errors="replace").strip()
    if not _ITERATION.fullmatch(text):
        raise CheckpointError(f"{path}: holds {text[:40]!r}; expected the number of an iteration, or release")
    return text


def _part_files(folder: Path) -> tuple[Path, ...]:
    numbered = {int(match[1]): file for file in folder.iterdir() if (match := _PART.fullmatch(file.name))}
    for expected in range(len(numbered)):
        if expected not in numbered:
            raise CheckpointError(f"{folder / f'mp_rank_{expected:02d}_model_states.pt'}: this part is missing")
    return tuple(numbered[number] for number in sorted(numbered))


def _check_count(world_size: object, folder: PartFolder) -> None:
    found = len(folder.files)
    if isinstance(world_size, int) and world_size != found:
        missing = f"; mp_rank_{found:02d}_model_states.pt is missing" if world_size > found else ""
        raise CheckpointError(f"{folder.files[0]}: is one of {world_size} parts, but {found} lie here{missing}")


def _read_part(file: Path) -> dict[object, object]:
    found = read_pickle(file)
    if not isinstance(found, dict) or MODULE not in found:
        raise CheckpointError(f"{file}: has no entry {MODULE!r}; expected a part of a Megatron checkpoint")
    return found


def _module(table: Mapping[object, object], file: Path) -> dict[str, Tensor]:
    module = table[MODULE]
    if not isinstance(module, dict) or not module:
        raise CheckpointError(f"{file}: {MODULE!r} is a {type(module).__name__}; expected a dictionary of tensors")
    for name, value in module.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(f"{file}: {name!r} of {MODULE!r} is a {type(value).__name__}; expected a tensor")
    return module


def _check_same(module: Mapping[str, Tensor], first: Mapping[str, Tensor], file: Path, first_file: Path) -> None:
    """Compare the names, shapes and types of a part with those of the first."""
    for name in [*first, *module]:
        if name not in module or name not in first:
            raise CheckpointError(f"{file if name not in module else first_file}: the tensor {name!r} is missing")
        here, there = module[name], first[name]
        if here.shape != there.shape or here.dtype != there.dtype:
            kinds = [f"{tuple(one.shape)} {str(one.dtype).removeprefix('torch.')}" for one in (here, there)]
            raise CheckpointError(f"{file}: the tensor {name!r} is {kinds[0]}, in {first_file.name} it is {kinds[1]}")
