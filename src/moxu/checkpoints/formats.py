"""The formats by kind, imported when one is needed, and the doors through which every checkpoint comes and goes."""

from importlib import import_module
from pathlib import Path
from typing import cast

import torch

from moxu.checkpoints import folder
from moxu.checkpoints.assemble import LoadedModel, assemble
from moxu.checkpoints.checkpoint import Checkpoint, Format, ReadOptions
from moxu.checkpoints.storage import Store
from moxu.errors import CheckpointError
from moxu.settings import nearest

# In the order in which they are asked whether they recognise a file. Each module is a Format.
FORMATS = {
    "moxu": "moxu.checkpoints.folder",
    "paddle": "moxu.checkpoints.paddle",
    "aiwriter1": "moxu.checkpoints.aiwriter1",
    "rwkv7": "moxu.checkpoints.rwkv7",
    "aiwriter2": "moxu.checkpoints.aiwriter2",
}

_NO_OPTIONS = ReadOptions()


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


def write_checkpoint(checkpoint: Checkpoint, path: Path, kind: str | None = None, store: Store | None = None) -> None:
    """Write a checkpoint; without a ``kind``, the name says which.

    `.pdparams` is Paddle; `.pth` and `.pt` are the original format of the architecture; anything else a moxu folder.
    """
    format_of(kind or _kind_by_name(checkpoint, path)).write(checkpoint, path, store)


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
    if path.suffix == ".pdparams":
        return "paddle"
    if path.suffix in (".pth", ".pt"):
        if checkpoint.architecture not in FORMATS:
            raise CheckpointError(
                f"{path}: a {checkpoint.architecture} model has no .pth format; give a folder instead"
            )
        return checkpoint.architecture
    return "moxu"
