"""Settings: every wrong key and value is named, with the right one beside it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from moxu.errors import SettingsError
from moxu.settings import nearest, override, parse, read_toml


@dataclass(frozen=True)
class Inner:
    layers: int
    rate: float = 0.5


@dataclass(frozen=True)
class Outer:
    inner: Inner
    name: str = "x"
    kind: Literal["a", "b"] = "a"
    size: int | None = None
    parts: tuple[int, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)
    folder: Path = Path()
    flag: bool = False


def test_nested_tables_become_dataclasses() -> None:
    values = {
        "inner": {"layers": 2, "rate": 1},
        "size": 3,
        "parts": [1, 2],
        "weights": {"x": 2},
        "folder": "runs",
        "kind": "b",
        "flag": True,
    }
    assert parse(Outer, values) == Outer(Inner(2, 1.0), "x", "b", 3, (1, 2), {"x": 2.0}, Path("runs"), True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inner": {"layer": 2}}, "settings: inner: unknown key 'layer'; did you mean 'layers'?"),
        ({"inner": {}}, "settings: inner: 'layers' is missing"),
        ({}, "settings: 'inner' is missing"),
        ({"inner": {"layers": "2"}}, "layers is '2'; expected a whole number"),
        ({"inner": {"layers": True}}, "layers is True; expected a whole number"),
        ({"inner": {"layers": 2.5}}, "layers is 2.5; expected a whole number"),
        ({"inner": 3}, "inner is 3; expected a table"),
        ({"inner": {"layers": 1}, "kind": "c"}, "kind is 'c'; expected one of a, b"),
        ({"inner": {"layers": 1}, "parts": 3}, "parts is 3; expected a list"),
        ({"inner": {"layers": 1}, "parts": ["x"]}, r"parts\[0\] is 'x'; expected a whole number"),
        ({"inner": {"layers": 1}, "weights": {"x": "y"}}, r"weights\.x is 'y'; expected a number"),
        ({"inner": {"layers": 1}, "flag": 1}, "flag is 1; expected true or false"),
    ],
)
def test_wrong_value_is_named_with_what_was_expected(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse(Outer, values)


def test_settings_are_immutable() -> None:
    with pytest.raises(AttributeError):
        parse(Inner, {"layers": 1}).layers = 2  # type: ignore[misc]


def test_nearest_lists_what_there_is_when_nothing_is_near() -> None:
    assert nearest("zzz", ["alpha", "beta"]) == "known: alpha, beta"
    assert nearest("alhpa", ["alpha", "beta"]) == "did you mean 'alpha'?"


def test_override_sets_values_as_toml_reads_them_and_leaves_the_original() -> None:
    original = {"run": {"steps": 1}}
    changed = override(original, ["run.steps=20", "data.folder=a/b c", "run.flag=true", "run.list=[1, 2]", "x='y'"])
    assert changed == {"run": {"steps": 20, "flag": True, "list": [1, 2]}, "data": {"folder": "a/b c"}, "x": "y"}
    assert original == {"run": {"steps": 1}}


@pytest.mark.parametrize(
    ("assignment", "message"), [("steps", "expected key=value"), ("run.steps.x=1", "'steps' is a value, not a table")]
)
def test_override_names_a_wrong_assignment(assignment: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        override({"run": {"steps": 1}}, [assignment])


def test_toml_errors_name_the_file_and_the_place(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    with pytest.raises(SettingsError, match=r"recipe\.toml: no such file"):
        read_toml(path)
    path.write_text("[run\n")
    with pytest.raises(SettingsError, match=r"recipe\.toml: not valid TOML: .*line 1"):
        read_toml(path)
