"""``moxu lyric``: continue a lyric line by line, as CPM-1's program for lyrics does."""

from pathlib import Path
from typing import Any

import click

from moxu.cli import wishes
from moxu.cli.model_choice import DEFAULT, FILE, ModelChoice, model_options, tokenizer_of, with_options
from moxu.cli.opening import read_opening
from moxu.cli.pages import check_out
from moxu.cli.sampling_flags import SAMPLING_FLAGS
from moxu.cli.session import Session, check_sources, local_writer
from moxu.cli.wishes import Wishes
from moxu.errors import TextError
from moxu.text.prepare import END_MARK, lyric_parts
from moxu.writers.manners import lines_are_documents, lyric_prompt, manner_of

REQUEST_OPTIONS = (
    wishes.chars(300),
    wishes.COUNT,
    wishes.SEED,
    wishes.STOP,
    wishes.window("lines"),
    wishes.CONTEXT,
    wishes.BEAMS,
    wishes.PRESET,
)


@click.command()
@click.argument("file", type=FILE)
@click.option("--model", default=DEFAULT, show_default=True, help="An installed model, or the path of a checkpoint.")
@with_options(wishes.OUT, wishes.JSON, *REQUEST_OPTIONS, *SAMPLING_FLAGS)
@model_options
def lyric(choice: ModelChoice, file: Path, out: Path | None, as_json: bool, **given: Any) -> None:
    """Continue the lyric in FILE, or in standard input if that is -.

    The lines of a lyric are separated by <eod>, as in CPM-1's files; in a file without that mark each line that is not
    empty is one. To CPM-1, and to other transformers with a token for it, each line is a document that ends with that
    token, and one they write is a newline; to all other models a line ends with a newline. A full window drops its
    oldest lines whole.
    """
    text = read_opening(None, file)
    assert text is not None  # a file was named, so nobody is to be asked
    check_sources(text, file, out, as_json, "lyric")
    check_out("--out", out, choice.sources)
    if not lyric_parts(text):
        raise TextError(f"{file}: the lyric has no line; give at least one, ended by a newline or by {END_MARK}")
    wished = Wishes.of(given)
    loaded = choice.load()
    architecture, tokenizer = loaded.model.architecture, tokenizer_of(loaded)
    usual = "cpm-lyric" if tokenizer.kind == "cpm" else manner_of(architecture, tokenizer).preset
    request, preset = wished.request_for(usual, past_end=lines_are_documents(architecture, tokenizer))
    session = Session(
        writer=local_writer(loaded, tokenizer, choice.name),
        window=wished.window_of(loaded.model),
        passage=loaded.model.passage,
        prompt_of=lambda lines: lyric_prompt(lines, architecture, tokenizer),
        request=request,
        preset=preset,
        subject="lyric",
    )
    session.serve(text, out, as_json=as_json, empty="is refused")
