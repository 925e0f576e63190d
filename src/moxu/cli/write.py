"""``moxu write``: continue an opening, in the terminal, in a pipe or into a file."""

import contextlib
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from moxu.cli.model_choice import DEFAULT, FILE, ModelChoice, model_options, tokenizer_of, with_options
from moxu.cli.opening import read_opening
from moxu.cli.pages import OutFile
from moxu.cli.sampling_flags import SAMPLING_FLAGS
from moxu.cli.session import CHUNK, Session, show_reading
from moxu.decode.options import sampling_options
from moxu.errors import SettingsError
from moxu.writers.base import Request
from moxu.writers.local import LocalWriter

REQUEST_OPTIONS = (
    click.option("--chars", type=int, default=300, show_default=True, help="Characters to write."),
    click.option("-n", "--count", type=int, default=1, show_default=True, help="Continuations to write at once."),
    click.option("--seed", type=int, help="Write the same again; continuation i has seed + i.  [default: a new one]"),
    click.option("--stop", multiple=True, metavar="TEXT", help="End before this text (\\n: a newline); repeatable."),
    click.option(
        "--window",
        type=click.Choice(["roll", "reread", "stop"]),
        default="reread",
        show_default=True,
        help="When the model's window is full: read it anew for each character, or half of it now and then, or end.",
    ),
    click.option(
        "--preset", help="steady, normal, wild, aiwriter1, aiwriter2 or greedy.  [default: to suit the model]"
    ),
)


@click.command()
@click.argument("opening", required=False)
@click.option("--model", default=DEFAULT, show_default=True, help="An installed model, or the path of a checkpoint.")
@click.option("--file", type=FILE, help="Read the opening from this file, in any Chinese encoding.")
@click.option("--out", type=FILE, help="Write the texts to this file as they appear, over what was in it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@with_options(*REQUEST_OPTIONS, *SAMPLING_FLAGS)
@model_options
def write(
    choice: ModelChoice, opening: str | None, file: Path | None, out: Path | None, as_json: bool, **wishes: Any
) -> None:
    """Continue OPENING.

    OPENING may be - for standard input, which is also read where none is given and nobody can be asked. An empty one
    starts a paragraph. Without one on a terminal, moxu asks for it, and again after each text, until `stop` or Ctrl-D;
    Ctrl-C ends a text.

    On a terminal paragraphs are indented. A pipe and --out get data: the opening and its continuation, each paragraph
    a line; of several continuations each is whole, under a line such as 〔2/8 · seed 43〕.
    """
    text = read_opening(opening, file)
    if text is None and as_json:
        raise SettingsError("--json needs an opening: give one, --file FILE, or - for standard input")
    if file and out and file.exists() and out.exists() and out.samefile(file):
        raise SettingsError(f"--out {out}: is the file the opening is read from; name another")
    session = _prepare(choice, wishes)
    with ExitStack() as stack:
        out_file = stack.enter_context(contextlib.closing(OutFile(out))) if out else None
        if text is None:
            session.converse(out_file)
        else:
            session.write(text, out_file, as_json=as_json)


def _prepare(choice: ModelChoice, wishes: dict[str, Any]) -> Session:
    """Check what was wished for, then load the model, and bring both together."""
    preset: str | None = wishes.pop("preset")
    request = Request(
        prompt="\n",
        count=wishes.pop("count"),
        max_chars=wishes.pop("chars"),
        seed=wishes.pop("seed"),
        stop=tuple(text.replace("\\n", "\n") for text in wishes.pop("stop")),
        window=wishes.pop("window"),
    )
    sampling = {name: value for name, value in wishes.items() if value is not None}
    sampling_options(preset or "normal", sampling)  # a mistake is told before a model is loaded
    loaded = choice.load()
    architecture = loaded.model.architecture
    preset = preset or (architecture if architecture.startswith("aiwriter") else "normal")
    request = replace(request, options=sampling_options(preset, sampling))
    writer = LocalWriter(loaded.model, tokenizer_of(loaded), choice.name, chunk=CHUNK, progress=show_reading)
    return Session(writer, architecture, loaded.model.max_context, request, preset)
