"""``moxu write``: continue an opening, in the terminal, in a pipe or into a file."""

import contextlib
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from moxu.cli.model_choice import DEFAULT, FILE, ModelChoice, model_options, tokenizer_of, with_options
from moxu.cli.opening import preparation, read_opening
from moxu.cli.pages import OutFile, Page, PlainPage, RowsInOrder, TerminalPage, echo
from moxu.cli.record import Record
from moxu.cli.sampling_flags import SAMPLING_FLAGS
from moxu.cli.terminal import say, say_in_place
from moxu.errors import SettingsError

LEAVE = "stop"
CHUNK = 512  # tokens of an opening that are read at once


@click.command()
@click.argument("opening", required=False)
@click.option("--model", default=DEFAULT, show_default=True, help="Installed model, or path of a checkpoint.")
@click.option("--chars", type=int, default=300, show_default=True, help="Characters to write.")
@click.option("-n", "--count", type=int, default=1, show_default=True, help="Continuations to write at once.")
@click.option("--seed", type=int, help="Write the same again; continuation i has seed + i.  [default: a new one]")
@click.option("--file", type=FILE, help="Read the opening from this file, in any Chinese encoding.")
@click.option("--out", type=FILE, help="Write the texts to this file as they appear; overwritten.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--stop", multiple=True, help="End before this text; \\n is a newline. May be repeated.")
@click.option(
    "--window",
    type=click.Choice(["roll", "reread", "stop"]),
    default="reread",
    show_default=True,
    help="Past the model's window: read it again for each character, or its half at times, or end.",
)
@click.option("--preset", help="steady, normal, wild, aiwriter1, aiwriter2 or greedy.  [default: as the model is]")
@with_options(*SAMPLING_FLAGS)
@model_options
def write(
    choice: ModelChoice,
    opening: str | None,
    file: Path | None,
    out: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Continue OPENING.

    OPENING may be -, and is standard input where none is given and nobody can be asked; an empty one starts a paragraph.
    Without an opening on a terminal, moxu asks for one, again and again, until `stop` or Ctrl-D; Ctrl-C ends a text.

    On a terminal paragraphs are indented. A pipe or --out gets plain text: the opening and its continuation, paragraphs
    as lines; of several continuations each is whole, under a line such as 〔2/8 · seed 43〕.
    """
    text = read_opening(opening, file)
    if text is None and as_json:
        raise SettingsError("--json needs an opening: give one, --file FILE, or - for standard input")
    if out is not None and file is not None and out.exists() and file.exists() and out.samefile(file):
        raise SettingsError(f"--out {out}: is the file the opening is read from; name another")
    with ExitStack() as stack:
        desk = _Desk.prepare(choice, given)
        out_file = stack.enter_context(contextlib.closing(OutFile(out))) if out else None
        if text is None:
            _converse(desk, out_file)
        else:
            desk.continue_text(text, out_file, as_json=as_json)


@dataclass(frozen=True)
class _Desk:
    """A writer, and what every request to it has in common."""

    writer: Any
    architecture: str
    window: int | None
    request: Any
    preset: str

    @classmethod
    def prepare(cls, choice: ModelChoice, given: dict[str, Any]) -> "_Desk":
        """Check the request as far as it does not depend on the model, load the model, and make its writer."""
        from moxu.decode.options import sampling_options
        from moxu.writers.base import Request

        preset, stop = given.pop("preset"), tuple(text.replace("\\n", "\n") for text in given.pop("stop"))
        chars, count, seed, window = (given.pop(name) for name in ("chars", "count", "seed", "window"))
        overrides = {name: value for name, value in given.items() if value is not None}
        options = sampling_options(preset or "normal", overrides)
        request = Request(
            prompt="\n", options=options, count=count, max_chars=chars, seed=seed, stop=stop, window=window
        )
        loaded = choice.load()
        from moxu.writers.local import LocalWriter

        architecture = loaded.model.architecture
        preset = preset or (architecture if architecture.startswith("aiwriter") else "normal")
        writer = LocalWriter(loaded.model, tokenizer_of(loaded), choice.name, chunk=CHUNK, progress=_show_reading)
        request = replace(request, options=sampling_options(preset, overrides))
        return cls(writer, architecture, loaded.model.max_context, request, preset)
