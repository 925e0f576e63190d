import io

import pytest

from moxu.cli.terminal import paint, say_in_place, short_count, short_size, shows_colours


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert shows_colours(Terminal())
    assert not shows_colours(io.StringIO())
    assert paint("山", Terminal(), colour="cyan") == "\x1b[36m山\x1b[0m"
    assert paint("山", io.StringIO(), colour="cyan") == "山"
    assert paint("", Terminal(), colour="cyan") == ""


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_declined(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    assert not shows_colours(Terminal())


def test_progress_in_place_is_silent_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say_in_place("reading")
    assert capsys.readouterr() == ("", "")


def test_counts_and_sizes_are_short() -> None:
    assert [short_count(n) for n in (812, 6_553_600, 1_500_000_000)] == ["812", "6.6M", "1.5B"]
    assert [short_size(n) for n in (812, 26_208_616, 3_000_000_000)] == ["812 B", "26.2 MB", "3.0 GB"]
