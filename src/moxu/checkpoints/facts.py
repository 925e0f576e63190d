"""What a foreign checkpoint does not say: facts from ``--set`` and ``--config``, checked against what it does say."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.errors import CheckpointError
from moxu.settings import nearest


def settle(derived: Mapping[str, Any], defaults: Mapping[str, Any], options: ReadOptions, path: Path) -> dict[str, Any]:
    """Return a configuration: what the tensors say (``derived``), and for the rest what was told, or a default.

    Raises CheckpointError for an unknown fact and for one that contradicts the tensors.
    """
    told = {**(_read_config(options.config) if options.config else {}), **options.facts}
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


def count_layers(tensors: Mapping[str, Tensor]) -> int:
    """Return how many different ``blocks.i`` there are; a gap in their numbers shows when tensors are accounted for."""
    return len({name.split(".")[1] for name in tensors if name.startswith("blocks.")})


def _read_config(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: holds a {type(values).__name__}; expected a table of facts")
    return values
