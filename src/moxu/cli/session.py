"""Writing at the command line: one opening after another with the same writer and the same wishes."""

import contextlib
import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from moxu.cli.asking import LEAVE, ask, edit_lines
from moxu.cli.pages import OutFile, Page, PlainPage, RowsInOrder, TerminalPage, check_out, echo
from moxu.cli.record import Record
from moxu.cli.terminal import say, say_in_place
from moxu.errors import SettingsError, TextError
from moxu.interrupt import uninterrupted
from moxu.language_model import Passage
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Request, Started, Writer
from moxu.writers.local import LocalWriter
from moxu.writers.manners import Prompt, PromptOf

if TYPE_CHECKING:
    from moxu.checkpoints.assemble import LoadedModel

CHUNK = 512  # tokens of an opening that are read at once


@dataclass(frozen=True)
class Session:
    """A writer, what its model can see, and the request that only lacks a prompt.

    ``subject``: what a person gives, as they call it; ``prompt_of`` makes it a prompt.
    """

    writer: Writer
    window: int | None
    passage: Passage | None
    prompt_of: PromptOf
    request: Request
    preset: str
    subject: str = "opening"

    def write(self, given: str, out_file: OutFile | None, *, as_json: bool = False) -> None:
        """Write on from one opening, on standard output and in the file.

        An interruption is passed on when all that was written is where it belongs.
        """
        self._write_from(self.prompt_of(given), out_file, as_json=as_json)

    def _write_from(self, prompt: Prompt, out_file: OutFile | None, *, as_json: bool = False) -> None:
        request = replace(self.request, prompt=prompt.text, prompt_ids=prompt.ids)
        record = Record()
        try:
            self._write(request, record, _pages(prompt, out_file, as_json))
        finally:
            if record.seeds and as_json:
                echo(json.dumps(record.as_json(self.writer.name, request, self.preset), ensure_ascii=False) + "\n")
            elif record.has_text:
                say(record.summary())

    def converse(self, out_file: OutFile | None, empty: str) -> None:
        """Ask for openings on the terminal and continue each; return when the user leaves.

        ``empty`` says what an empty line does. What is no opening is told, and asked for again.
        """
        say(f"Type an {self.subject}; an empty line {empty}; `{LEAVE}` or Ctrl-D leaves; Ctrl-C ends a text.")
        edit_lines()
        between = ""
        while (given := ask()) is not None:
            try:
                prompt = self.prompt_of(given)
            except TextError as error:
                say(str(error))
                continue
            if out_file:
                out_file.put(between)
            between = "\n"
            with contextlib.suppress(KeyboardInterrupt):
                self._write_from(prompt, out_file)

    def serve(self, given: str | None, out: Path | None, *, as_json: bool, empty: str) -> None:
        """Write on from what was given, or from all that is typed on the terminal, and into the file ``out``."""
        with ExitStack() as stack:
            out_file = stack.enter_context(contextlib.closing(OutFile(out))) if out else None
            if given is None:
                self.converse(out_file, empty)
            else:
                self.write(given, out_file, as_json=as_json)

    def _write(self, request: Request, record: Record, pages: list[Page]) -> None:
        with ExitStack() as stack:
            rows = [RowsInOrder(page) for page in pages]
            for each in rows:
                stack.callback(each.close)
            for event in self.writer.write(request):
                if isinstance(event, Started):
                    self._tell_sight(event)
                with uninterrupted():  # or a piece might be in the record and not in the file
                    record.take(event)
                    for each in rows:
                        each.take(event)

    def _tell_sight(self, started: Started) -> None:
        """Say, as AI-Writer did, how much of the opening the model will see."""
        given, visible = started.prompt_characters, started.visible_characters
        seen = "all of them" if visible == given else f"only the last {visible:,}"
        if self.passage is not None:
            limit = f"a source of up to {self.passage.source} ids"
        elif self.window is not None:
            limit = f"its window: {self.window}"
        else:
            return
        say(f"The {self.subject} has {given:,} characters; the model sees {seen} ({limit}).")


def local_writer(loaded: "LoadedModel", tokenizer: Tokenizer, name: str) -> LocalWriter:
    """Return a writer that shows how far it has read a long opening."""
    return LocalWriter(loaded.model, tokenizer, name, chunk=CHUNK, progress=show_reading)


def check_sources(given: str | None, file: Path | None, out: Path | None, as_json: bool, subject: str) -> None:
    """Raise SettingsError where nothing can be asked for, or a file would be written over that is still to be read."""
    if given is None and as_json:
        raise SettingsError(f"--json needs an {subject}: give one, --file FILE, or - for standard input")
    check_out("--out", out, {subject: file})


def _pages(prompt: Prompt, out_file: OutFile | None, as_json: bool) -> list[Page]:
    pages: list[Page] = [PlainPage(out_file.put, prompt.shown)] if out_file else []
    if as_json:
        return pages
    return [*pages, TerminalPage(prompt.shown) if sys.stdout.isatty() else PlainPage(echo, prompt.shown)]


def show_reading(done: int, total: int) -> None:
    """Show how far a long opening has been read."""
    if total > CHUNK:
        say_in_place("" if done == total else f"reading the opening: {done:,} of {total:,}")
