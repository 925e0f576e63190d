"""The tensors of a Hugging Face folder: in one file or in several with an index, as safetensors or as pickles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from moxu.checkpoints import safetensors_files
from moxu.checkpoints.json_files import read_table
from moxu.checkpoints.unpickle import read_pickle, state_dict
from moxu.errors import CheckpointError

WEIGHTS = "model.safetensors"
OLD_WEIGHTS = "pytorch_model.bin"
INDEX = ".index.json"


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Return all tensors of a folder; CheckpointError when there are none, or not those that its index names."""
    for name, read in ((WEIGHTS, safetensors_files.load), (OLD_WEIGHTS, _read_pickled)):
        if (folder / name).is_file():
            return read(folder / name)
        if (folder / f"{name}{INDEX}").is_file():
            return _read_shards(folder / f"{name}{INDEX}", read)
    raise CheckpointError(f"{folder}: holds no weights; expected {WEIGHTS} or {OLD_WEIGHTS}, or the {INDEX} of one")


def _read_pickled(path: Path) -> dict[str, Tensor]:
    return state_dict(read_pickle(path), path)


def _read_shards(index: Path, read: Callable[[Path], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Read the files of an index, which says in which of them each tensor lies."""
    places = read_table(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise CheckpointError(f"{index}: has no weight_map; expected a table of tensors and their files")
    tensors: dict[str, Tensor] = {}
    for file in sorted({_checked(file, index) for file in places.values()}):
        for name, tensor in read(index.parent / file).items():
            if places.get(name) != file:
                raise CheckpointError(f"{index.parent / file}: holds {name!r}, which {index.name} looks for elsewhere")
            tensors[name] = tensor
    for name, file in places.items():
        if name not in tensors:
            raise CheckpointError(f"{index.parent / file}: the tensor {name!r} is missing, which {index.name} names")
    return tensors


def _checked(file: Any, index: Path) -> str:
    """Return the name of a file that lies beside the index and nowhere else."""
    if not isinstance(file, str) or Path(file).name != file or file in ("", "..") or "\0" in file:
        raise CheckpointError(f"{index}: names the file {file!r}; expected one that lies beside it")
    if not (index.parent / file).is_file():
        raise CheckpointError(f"{index.parent / file}: no such file, but {index.name} names it")
    return file
