"""Progress is drawn on terminals only, and steers none of them."""

import pytest

from moxu.cli.progress import bars, counted_works, shown, spinner
from moxu.corpus.book import Book
from moxu.corpus.work import Work


def test_nothing_is_drawn_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with bars() as drawn, spinner("reading") as say, counted_works("reading") as advance:
        drawn.update(drawn.add_task("packing", total=1.0), completed=0.5)
        say("a book")
        advance(Work("a", Book("江上"), "a.txt"))
    assert "".join(capfd.readouterr()).strip() == ""


def test_titles_do_not_steer_the_terminal() -> None:
    assert shown("江\x1b[2J上") == "江\ufffd[2J上"
