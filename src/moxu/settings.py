"""Frozen dataclasses from plain dictionaries: every key known, every value of its type, every mistake named.

Configurations (of models, of recipes, of requests) are parsed here once, at the edge of the program, from TOML, JSON
or ``--set key=value``; past this edge they are immutable and need no checking.
"""

import dataclasses
import difflib
import json
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from moxu.errors import SettingsError

Settings = TypeVar("Settings")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint for a wrong name: ``; did you mean 'x'?`` or the list of what there is."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(names)}" if names else "there are none"


def parse(kind: type[Settings], values: Mapping[str, Any], where: str = "settings") -> Settings:
    """Build the dataclass ``kind`` from ``values``; nested dataclasses are built from nested tables.

    Raises SettingsError for an unknown key (naming the nearest right one), a missing one, or a value of another type.
    """
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(cast(Any, kind))}
    given: dict[str, Any] = {}
    for key, value in values.items():
        if key not in fields:
            raise SettingsError(f"{where}: unknown key {key!r}; {nearest(key, fields)}")
        given[key] = _convert(hints[key], value, f"{where}: {key}")
    for name, field in fields.items():
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if name not in given and not has_default:
            raise SettingsError(f"{where}: {name!r} is missing")
    return kind(**given)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; SettingsError names the file and the place of a syntax error."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None


def override(values: dict[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Return ``values`` with ``--set`` assignments such as ``train.steps=100`` applied to a copy."""
    result = cast(dict[str, Any], json.loads(json.dumps(values)))
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        if not separator or not path.strip():
            raise SettingsError(f"--set {assignment!r}: expected key=value")
        table = result
        *parents, key = path.strip().split(".")
        for parent in parents:
            table = table.setdefault(parent, {})
            if not isinstance(table, dict):
                raise SettingsError(f"--set {assignment!r}: {parent!r} is a value, not a table")
        table[key] = _plain_value(text.strip())
    return result


def _plain_value(text: str) -> Any:
    """Read a value as TOML would; what is not TOML is taken as a string, so that names need no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (types.UnionType, typing.Union):
        return _convert_union(arguments, value, where)
    if origin is typing.Literal:
        if value not in arguments:
            raise SettingsError(f"{where} is {value!r}; expected one of {', '.join(map(str, arguments))}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise SettingsError(f"{where} is {value!r}; expected a list")
        return tuple(_convert(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise SettingsError(f"{where} is {value!r}; expected a table")
        return {key: _convert(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise SettingsError(f"{where} is {value!r}; expected a table")
        return parse(cast(type, hint), value, where)
    return _convert_scalar(hint, value, where)


def _convert_union(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in arguments:
        return None
    (kind,) = (argument for argument in arguments if argument is not type(None))  # only Optional is used
    return _convert(kind, value, where)


def _convert_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", Path: "a path"}
    raise SettingsError(f"{where} is {value!r}; expected {names.get(hint, hint.__name__)}")
