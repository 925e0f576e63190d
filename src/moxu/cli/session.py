"""Writing at the command line: one opening after another with the same writer and the same wishes."""

import contextlib
import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace

import click

from moxu.cli.opening import as_prompt
from moxu.cli.pages import OutFile, Page, PlainPage, RowsInOrder, TerminalPage, echo
from moxu.cli.record import Record
from moxu.cli.terminal import say, say_in_place
from moxu.interrupt import uninterrupted
from moxu.writers.base import Request, Started, Writer

LEAVE = "stop"
CHUNK = 512  # tokens of an opening that are read at once
GREETING = "Type an opening; an empty line starts a paragraph; `stop` or Ctrl-D leaves; Ctrl-C ends a text."


@dataclass(frozen=True)
class Session:
    """A writer, what is known of its model, and the request that only lacks a prompt."""

    writer: Writer
    architecture: str
    window: int | None
    request: Request
    preset: str

    def write(self, opening: str, out_file: OutFile | None, *, as_json: bool = False) -> None:
        """Continue one opening, on standard output and in the file.

        An interruption is passed on when all that was written is where it belongs.
        """
        request = replace(self.request, prompt=as_prompt(opening, self.architecture))
        record = Record()
        try:
            self._write(request, record, self._pages(request, out_file, as_json))
        finally:
            if record.seeds and as_json:
                echo(json.dumps(record.as_json(self.writer.name, request, self.preset), ensure_ascii=False) + "\n")
            elif record.has_text:
                say(record.summary())

    def converse(self, out_file: OutFile | None) -> None:
        """Ask for openings on the terminal and continue each; return when the user leaves."""
        say(GREETING)
        with contextlib.suppress(ImportError):  # not on Windows, whose terminals edit lines themselves
            import readline  # noqa: F401 — from now on a line can be edited while it is typed
        first = True
        while (opening := _ask()) is not None:
            if out_file and not first:
                out_file.put("\n")
            first = False
            with contextlib.suppress(KeyboardInterrupt):
                self.write(opening, out_file)

    def _write(self, request: Request, record: Record, pages: list[Page]) -> None:
        with ExitStack() as stack:
            rows = [RowsInOrder(page) for page in pages]
            for each in rows:
                stack.callback(each.close)
            for event in self.writer.write(request):
                if isinstance(event, Started):
                    self._tell_window(event)
                with uninterrupted():  # or a piece might be in the record and not in the file
                    record.take(event)
                    for each in rows:
                        each.take(event)

    def _pages(self, request: Request, out_file: OutFile | None, as_json: bool) -> list[Page]:
        pages: list[Page] = [PlainPage(out_file.put, request.prompt)] if out_file else []
        if as_json:
            return pages
        return [*pages, TerminalPage(request.prompt) if sys.stdout.isatty() else PlainPage(echo, request.prompt)]

    def _tell_window(self, started: Started) -> None:
        """Say, as AI-Writer did, how much of the opening the model will see."""
        if self.window is None:
            return
        opening, visible = started.prompt_characters, started.visible_characters
        seen = "all of them" if visible == opening else f"only the last {visible}"
        say(f"The opening has {opening:,} characters; the model sees {seen} (its window: {self.window}).")


def show_reading(done: int, total: int) -> None:
    """Show how far a long opening has been read."""
    if total > CHUNK:
        say_in_place("" if done == total else f"reading the opening: {done:,} of {total:,}")


def _ask() -> str | None:
    """Return the next opening; None when the user wants to leave. Ctrl-C here leaves the program."""
    if not sys.stdout.isatty():  # the question must not be among the texts
        click.echo("> ", nl=False, err=True)
    try:
        answer = input("> " if sys.stdout.isatty() else "")
    except EOFError:
        say("")
        return None
    return None if answer.strip() == LEAVE else answer
