"""Named tensors in the safetensors format: mapped when read, and written as a file of the user's own."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from moxu.checkpoints.storage import compact
from moxu.errors import CheckpointError


def load(path: Path) -> dict[str, Tensor]:
    """Map the tensors of a file, in its order; they are read from the disk when used."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 — a file, not a dictionary
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file; the checkpoint is not complete") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged or truncated: {' '.join(str(error).split())}") from None


def save(tensors: Mapping[str, Tensor], path: Path, goal: Path) -> None:
    """Write a file at ``path`` that is on its way to ``goal``; CheckpointError when the disk does not take it."""
    separate: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        whole = compact(tensor)
        separate[name] = whole.clone() if whole.data_ptr() in seen else whole  # no two names for the same memory
        seen.add(whole.data_ptr())
    path.touch()
    mode = path.stat().st_mode  # as this user's files are made; safetensors gives its own to nobody else
    try:
        save_file(separate, path, metadata={"format": "pt"})
        path.chmod(mode)
    except SafetensorError as error:  # its own name for a full disk
        raise CheckpointError(f"{goal}: could not be written: {error}; what was there is unchanged") from None
