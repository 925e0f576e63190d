import errno
import os
from pathlib import Path

import pytest

from moxu.cli.pages import OutFile, PlainPage, RowsInOrder, TerminalPage
from moxu.errors import SettingsError
from moxu.writers.base import Event, Finish, Piece, Started


def finish(row: int) -> Finish:
    return Finish(row, "length", 1, 1, 1.0)


def plain(prompt: str, events: list[Event], *, interrupted: bool = False) -> tuple[str, list[str]]:
    """Return the page at the end, and how it stood after each event."""
    written: list[str] = []
    rows = RowsInOrder(PlainPage(written.append, prompt))
    stages = []
    for event in events:
        rows.take(event)
        stages.append("".join(written))
    if interrupted:
        rows.close()
    return "".join(written), stages


TWO: list[Event] = [Started(2, 2, (7, 8)), Piece(0, "甲"), Piece(1, "乙"), Piece(0, "子"), Piece(1, "丑")]


def test_one_text_stands_behind_its_opening_on_lines_without_heading() -> None:
    page, _ = plain("\n开头", [Started(2, 2, (7,)), Piece(0, "接着\n"), Piece(0, "写"), finish(0)])
    assert page == "开头接着\n写\n"


def test_a_text_that_ends_with_a_newline_gets_no_other() -> None:
    page, _ = plain("\n", [Started(1, 1, (7,)), Piece(0, "写\n"), finish(0)])
    assert page == "写\n"


def test_texts_written_together_appear_one_after_another_the_first_as_it_is_written() -> None:
    page, stages = plain("\n开", [*TWO, finish(0), Piece(1, "寅"), finish(1)])
    assert stages[3] == "〔1/2 · seed 7〕\n开甲子"
    assert stages[5] == "〔1/2 · seed 7〕\n开甲子\n\n〔2/2 · seed 8〕\n开乙丑"
    assert page == "〔1/2 · seed 7〕\n开甲子\n\n〔2/2 · seed 8〕\n开乙丑寅\n"


def test_a_row_that_finishes_early_waits_for_its_turn() -> None:
    page, _ = plain("\n开", [*TWO, finish(1), Piece(0, "寅"), finish(0)])
    assert page == "〔1/2 · seed 7〕\n开甲子寅\n\n〔2/2 · seed 8〕\n开乙丑\n"


def test_an_interruption_leaves_every_text_on_the_page() -> None:
    page, _ = plain("\n开", TWO, interrupted=True)
    assert page == "〔1/2 · seed 7〕\n开甲子\n\n〔2/2 · seed 8〕\n开乙丑\n"


def test_a_page_begins_with_its_first_character() -> None:
    started = Started(2, 2, (7,))
    assert plain("\n开", [started], interrupted=True) == ("", [""])
    assert plain("\n开", [started, Piece(0, "甲")])[0] == "开甲"
    assert plain("\n开", [started, finish(0)])[0] == "开\n"


def test_closing_after_the_end_or_before_the_beginning_adds_nothing() -> None:
    whole = [*TWO, finish(0), finish(1)]
    assert plain("\n开", whole, interrupted=True) == plain("\n开", whole)
    assert plain("\n开", [], interrupted=True) == ("", [])


def test_a_terminal_shows_indents_and_the_last_paragraph_before_later_texts(capsys: pytest.CaptureFixture[str]) -> None:
    rows = RowsInOrder(TerminalPage("\n前\n开"))
    for event in [*TWO, Piece(0, "\n寅"), finish(0), finish(1)]:
        rows.take(event)
    assert capsys.readouterr().out == ("〔1/2 · seed 7〕\n　　前\n　　开甲子\n　　寅\n\n〔2/2 · seed 8〕\n　　开乙丑\n")


def test_control_characters_do_not_reach_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    rows = RowsInOrder(TerminalPage("\n\x1b]0;题\x07"))
    for event in (Started(2, 2, (7,)), Piece(0, "山\x1b[2J\x9b\t水\n"), finish(0)):
        rows.take(event)
    assert capsys.readouterr().out == "　　\ufffd]0;题\ufffd山\ufffd[2J\ufffd\t水\n\n"


def test_what_was_put_into_a_file_is_there_before_it_is_closed(tmp_path: Path) -> None:
    file = OutFile(tmp_path / "a.txt")
    file.put("山高")
    assert (tmp_path / "a.txt").read_text("utf-8") == "山高"
    file.close()


def test_a_file_that_cannot_be_written_is_named_with_its_option(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--out .*nowhere"):
        OutFile(tmp_path / "nowhere" / "a.txt")
    with pytest.raises(SettingsError, match="--by-position"):
        OutFile(tmp_path, "--by-position")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_named() -> None:
    file = OutFile(Path("/dev/full"))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
        file.put("山")
    assert caught.value.filename == "/dev/full"
    file.close()
