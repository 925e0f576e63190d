"""The formats by kind, imported when one is needed, and the doors through which every checkpoint comes and goes."""

from importlib import import_module
from pathlib import Path
from typing import cast

import torch

from moxu.checkpoints import folder
from moxu.checkpoints.assemble import LoadedModel, assemble
from moxu.checkpoints.checkpoint import Checkpoint, Format, ReadOptions, WriteOptions
from moxu.checkpoints.kinds import FORMATS
from moxu.checkpoints.storage import Store
from moxu.errors import CheckpointError, SettingsError
from moxu.settings import nearest

_NO_OPTIONS = ReadOptions()
_KINDS_BY_SUFFIX = {".pdparams": "paddle", ".h5": "misaka3", ".gguf": "gguf"}
_FOLDERS = ("moxu", "hf", "cpm1")


def format_of(kind: str) -> Format:
    """Return the format of a kind; CheckpointError when there is none of that name."""
    if kind not in FORMATS:
        raise CheckpointError(f"unknown kind of checkpoint {kind!r}; {nearest(kind, FORMATS)}")
    return cast(Format, import_module(FORMATS[kind]))


def detect(path: Path) -> str:
    """Return the kind of a checkpoint.

    Raises CheckpointError when there is nothing at ``path``, when it is damaged, or when no format recognises it.
    """
    if not path.exists():
        raise CheckpointError(f"{path}: no such checkpoint")
    for kind in FORMATS:
        if format_of(kind).recognises(path):
            return kind
    raise CheckpointError(f"{path}: no checkpoint that moxu knows; its kinds are {', '.join(FORMATS)}")


def read_checkpoint(path: Path, kind: str | None = None, options: ReadOptions = _NO_OPTIONS) -> Checkpoint:
    """Read a checkpoint of any kind (None: detect it), every tensor accounted for."""
    return format_of(kind or detect(path)).read(path, options)


def write_checkpoint(
    checkpoint: Checkpoint, path: Path, kind: str | None = None, *, store: Store | None = None, parts: int = 1
) -> None:
    """Write a checkpoint; without a ``kind``, the name says which.

    `.pdparams` is Paddle, `.h5` Misaka's and `.gguf` llama.cpp's; `.pth` and `.pt` are the original format of the
    architecture; anything else is a moxu folder. ``parts``: how many files CPM-1 is cut into.
    """
    kind = kind or _kind_by_name(checkpoint, path)
    if parts != 1 and kind != "cpm1":
        raise SettingsError(f"parts is {parts}; only cpm1 checkpoints are cut into parts, and {path} becomes {kind}")
    format_of(kind).write(checkpoint, path, WriteOptions(store, parts))


def load(
    path: Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    kind: str | None = None,
    options: ReadOptions = _NO_OPTIONS,
) -> LoadedModel:
    """Read a checkpoint of any kind into a model on ``device``; see ``folder.load_model`` for moxu's own."""
    kind = kind or detect(path)
    if kind == "moxu" and options == _NO_OPTIONS:
        return folder.load_model(path, device, dtype)
    return assemble(read_checkpoint(path, kind, options), path, device, dtype)


def _kind_by_name(checkpoint: Checkpoint, path: Path) -> str:
    """Return the kind that a checkpoint becomes when it is written under this name."""
    if path.suffix in _KINDS_BY_SUFFIX:
        return _KINDS_BY_SUFFIX[path.suffix]
    if path.suffix in (".pth", ".pt"):
        original = "chargpt" if checkpoint.architecture == "gpt" else checkpoint.architecture
        if original not in FORMATS or original in _FOLDERS:
            raise CheckpointError(
                f"{path}: a {checkpoint.architecture} model has no {path.suffix} format; give a folder instead"
            )
        return original
    return "moxu"
