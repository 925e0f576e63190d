"""Configurations in JSON from strangers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moxu.checkpoints.json_files import pick, read_table, write_table
from moxu.errors import CheckpointError


@dataclass(frozen=True)
class Sizes:
    heads: int
    width: int | None = None


def test_table_comes_back_as_it_was(tmp_path: Path) -> None:
    write_table({"名": [1, None, 0.5]}, tmp_path / "config.json")
    assert read_table(tmp_path / "config.json") == {"名": [1, None, 0.5]}
    assert "名" in (tmp_path / "config.json").read_text("utf-8")


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe\x00", b"[" * 100_000, b"nonsense", b"", b'{"a": 1}}'])
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"config\.json: (not valid JSON|holds a list; expected a table)"):
        read_table(tmp_path / "config.json")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json: cannot be read: No such file"):
        read_table(tmp_path / "config.json")


def test_what_matters_is_picked_from_among_other_things() -> None:
    assert pick(Sizes, {"heads": 4, "dropout": 0.1}, "config.json") == Sizes(4)


@pytest.mark.parametrize("heads", ["4", 4.0, float("nan"), True, None, [4], {}])
def test_value_of_another_type_is_named(heads: Any) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json: heads is .*; expected a whole number"):
        pick(Sizes, {"heads": heads}, "config.json")


def test_value_that_is_missing_is_named() -> None:
    with pytest.raises(CheckpointError, match=r"config\.json: 'heads' is missing"):
        pick(Sizes, {}, "config.json")
