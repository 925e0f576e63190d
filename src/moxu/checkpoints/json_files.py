"""Configurations in JSON, read from strangers: one table a file, and one line for whatever is wrong with it."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from moxu.errors import CheckpointError, SettingsError
from moxu.settings import parse

Settings = TypeVar("Settings")


def read_table(path: Path) -> dict[str, Any]:
    """Return the table in a JSON file; CheckpointError when it cannot be read or holds anything else."""
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON: {error}") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from None
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: holds a {type(values).__name__}; expected a table")
    return values


def write_table(values: Mapping[str, Any], path: Path) -> None:
    """Write a table for people to read, too."""
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def pick(kind: type[Settings], values: Mapping[str, Any], where: str) -> Settings:
    """Build the dataclass ``kind`` from those ``values`` that it knows; CheckpointError for one of another type."""
    known = {field.name for field in dataclasses.fields(cast(Any, kind))}
    try:
        return parse(kind, {name: value for name, value in values.items() if name in known}, where)
    except SettingsError as error:
        raise CheckpointError(str(error)) from None
