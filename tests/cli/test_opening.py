import io
import sys
from pathlib import Path

import pytest

from moxu.cli.opening import read_opening
from moxu.errors import SettingsError, TextError

TEXT = "　　这是一颗星，\r\n　　也是一座山。"


class Input(io.TextIOWrapper):
    def __init__(self, data: bytes, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data))
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_a_file_and_standard_input_are_read_in_their_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    data = "這是一顆星，也是一座山。".encode(encoding) if encoding == "big5" else TEXT.encode(encoding)
    (tmp_path / "a.txt").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", Input(data))
    expected = "這是一顆星，也是一座山。" if encoding == "big5" else TEXT
    assert read_opening(None, tmp_path / "a.txt") == expected
    assert read_opening("-", None) == expected


@pytest.mark.parametrize(("argument", "file"), [("-", None), (None, Path("-")), (None, None)])
def test_standard_input_is_named_by_a_dash_or_taken_when_nobody_can_be_asked(
    monkeypatch: pytest.MonkeyPatch, argument: str | None, file: Path | None
) -> None:
    monkeypatch.setattr(sys, "stdin", Input(TEXT.encode()))
    assert read_opening(argument, file) == TEXT


def test_without_an_opening_a_terminal_is_left_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input(b"", terminal=True))
    assert read_opening(None, None) is None
    assert read_opening("", None) == ""


def test_an_argument_typed_in_gb18030_is_read() -> None:
    argument = "这是一颗星".encode("gb18030").decode("utf-8", "surrogateescape")
    assert read_opening(argument, None) == "这是一颗星"


def test_two_openings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"两座.*--file"):
        read_opening("两座山", tmp_path / "a.txt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"none\.txt: no such file"):
        read_opening(None, tmp_path / "none.txt")
