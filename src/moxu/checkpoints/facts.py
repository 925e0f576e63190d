"""What a foreign checkpoint does not say: facts from ``--set`` and ``--config``, checked against what it does say."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.json_files import read_table
from moxu.errors import CheckpointError
from moxu.settings import nearest

_NONE: Mapping[str, None] = MappingProxyType({})


def settle(
    derived: Mapping[str, Any],
    defaults: Mapping[str, Any],
    options: ReadOptions,
    path: Path,
    foreign: Mapping[str, str | None] = _NONE,
) -> dict[str, Any]:
    """Return a configuration: what the tensors say (``derived``), and for the rest what was told, or a default.

    ``foreign`` says what a name in the original's configuration file is called here (None: no model needs it). Raises
    CheckpointError for an unknown fact and for one that contradicts the tensors.
    """
    told: dict[str, Any] = {}
    for name, value in (read_table(options.config) if options.config else {}).items():
        ours = foreign.get(name, name)
        if ours is not None:
            told[ours] = value
    told |= options.facts
    for name, value in told.items():
        if name not in derived and name not in defaults:
            raise CheckpointError(f"{path}: unknown fact {name!r}; {nearest(name, [*derived, *defaults])}")
        if name in derived and derived[name] != value:
            raise CheckpointError(f"{path}: {name} was given as {value!r}, but the tensors say {derived[name]!r}")
    return {**defaults, **derived, **told}


def shape_of(tensors: Mapping[str, Tensor], name: str, axes: int, path: Path) -> tuple[int, ...]:
    """Return the shape of a tensor that the configuration is read from; CheckpointError when it cannot be."""
    if name not in tensors:
        raise CheckpointError(f"{path}: the tensor {name!r} is missing; {nearest(name, tensors)}")
    if tensors[name].ndim != axes:
        raise CheckpointError(
            f"{path}: the tensor {name!r} has the shape {tuple(tensors[name].shape)}; expected {axes} axes"
        )
    return tuple(tensors[name].shape)


def count_layers(tensors: Mapping[str, Tensor], prefix: str = "blocks.") -> int:
    """Return how many different ``blocks.i`` there are; a gap in their numbers shows when tensors are accounted for."""
    return len({name.removeprefix(prefix).split(".")[0] for name in tensors if name.startswith(prefix)})


def same_sizes(told: Mapping[str, Any], derived: Mapping[str, Any], names: Mapping[str, str], where: Path) -> None:
    """Raise CheckpointError when what a foreign configuration says, by its ``names``, contradicts the tensors."""
    for theirs, ours in names.items():
        if ours in derived and (value := told.get(theirs)) not in (None, derived[ours]):
            raise CheckpointError(f"{where}: {theirs} is {value!r}, but the tensors say {derived[ours]!r}")


def require(config: object, needs: Mapping[str, Any], what: str) -> None:
    """Raise CheckpointError when a configuration says other than what a format takes for granted."""
    for name, needed in needs.items():
        if (found := getattr(config, name)) != needed:
            raise CheckpointError(f"{what} cannot hold this model: its {name} is {found!r}, there it is {needed!r}")
