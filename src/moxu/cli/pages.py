"""Where texts appear as they are written: on a terminal for people, in a pipe or a file as data.

Several continuations of one opening are written at the same time, but a page shows one after another.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import click

from moxu.cli.terminal import paint
from moxu.errors import SettingsError
from moxu.text.layout import StreamingIndent
from moxu.writers.base import Event, Finish, Piece, Started

CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}

Put = Callable[[str], None]
"""Writes a text so that it is there when the call returns."""


class Page(Protocol):
    """Something texts appear on, one after another."""

    def begin(self, row: int, seeds: tuple[int, ...]) -> None:
        """Start with a text: the opening and, if there are several, a heading."""
        ...

    def add(self, text: str) -> None:
        """Continue the text."""
        ...

    def end(self) -> None:
        """Be done with the text, finished or not."""
        ...


class RowsInOrder:
    """Brings the events of all rows to a page: the first unfinished row as it is written, the rows after it in turn.

    A page begins with its first character; until then a terminal shows how far the opening has been read.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._seeds: tuple[int, ...] = ()
        self._waiting: list[str] = []  # of each row, what the page does not have yet
        self._finished: set[int] = set()
        self._row = -1  # the row on the page

    def take(self, event: Event) -> None:
        if isinstance(event, Started):
            self._seeds, self._waiting = event.seeds, [""] * len(event.seeds)
            return
        if self._row < 0:
            self._turn()
        match event:
            case Piece(row, text) if row == self._row:
                self._page.add(text)
            case Piece(row, text):
                self._waiting[row] += text
            case Finish(row):
                self._finished.add(row)
                while self._row in self._finished:
                    self._turn()

    def close(self) -> None:
        """Bring everything that was written to the page, as after an interruption no row will finish any more."""
        while 0 <= self._row < len(self._seeds):
            self._turn()

    def _turn(self) -> None:
        """End the row on the page, if there is one, and begin the next."""
        if self._row >= 0:
            self._page.end()
        self._row += 1
        if self._row < len(self._seeds):
            self._page.begin(self._row, self._seeds)
            self._page.add(self._waiting[self._row])


class PlainPage:
    """Data: each text whole, its opening in front, paragraphs as lines without indents."""

    def __init__(self, put: Put, prompt: str) -> None:
        self._put, self._opening = put, prompt.removeprefix("\n")
        self._last = "\n"

    def begin(self, row: int, seeds: tuple[int, ...]) -> None:
        if len(seeds) > 1:
            self._put(("\n" if row else "") + heading(row, seeds) + "\n")
        self._last = "\n"
        self.add(self._opening)

    def add(self, text: str) -> None:
        if text:
            self._put(text)
            self._last = text[-1]

    def end(self) -> None:
        if self._last != "\n":
            self._put("\n")


class TerminalPage:
    """A page for people: indented paragraphs, the opening in one colour and what follows in the terminal's own.

    Continuations after the first are shown behind the last paragraph of the opening only. Control characters, which a
    model of bytes may write, are shown as U+FFFD and do not reach the terminal.
    """

    def __init__(self, prompt: str) -> None:
        self._opening = prompt.removeprefix("\n")
        self._indent = StreamingIndent()

    def begin(self, row: int, seeds: tuple[int, ...]) -> None:
        if len(seeds) > 1:
            echo(("\n" if row else "") + paint(heading(row, seeds), sys.stdout, dim=True) + "\n")
        self._indent = StreamingIndent()
        opening = self._opening if row == 0 else self._opening.rpartition("\n")[2]
        echo(paint(self._indent.push(opening.translate(CONTROLS)), sys.stdout, colour="cyan"))

    def add(self, text: str) -> None:
        echo(self._indent.push(text.translate(CONTROLS)))

    def end(self) -> None:
        echo("\n")


class OutFile:
    """A file an option names: whatever was put is in it, also when the program is stopped or the disk is full."""

    def __init__(self, path: Path, option: str = "--out") -> None:
        """Begin the file anew; SettingsError when it cannot be written to."""
        self.path = path
        try:
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as error:
            raise SettingsError(
                f"{option} {path}: {error.strerror or error}; name a file that can be written"
            ) from None

    def put(self, text: str) -> None:
        """Write, at once and whole; OSError that names the file when the disk does not take it."""
        data = text.encode("utf-8", errors="replace")
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def close(self) -> None:
        self._file.close()


def check_out(option: str, out: Path | None, sources: Mapping[str, Path | None]) -> None:
    """Raise SettingsError where the file an option names is one that something is read from."""
    for subject, source in sources.items():
        if out and source and out.exists() and source.exists() and out.samefile(source):
            raise SettingsError(f"{option} {out}: is the file the {subject} is read from; name another")


def heading(row: int, seeds: tuple[int, ...]) -> str:
    return f"〔{row + 1}/{len(seeds)} · seed {seeds[row]}〕"


def echo(text: str) -> None:
    """Print on standard output, at once."""
    click.echo(text, nl=False)
