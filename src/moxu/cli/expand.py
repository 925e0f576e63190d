"""``moxu expand``: an outline becomes a passage of prose, by a model that reads a source."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from moxu.cli import wishes
from moxu.cli.model_choice import FILE, ModelChoice, model_options, tokenizer_of, with_options
from moxu.cli.opening import read_opening
from moxu.cli.pages import check_out
from moxu.cli.sampling_flags import SAMPLING_FLAGS
from moxu.cli.session import Session, check_sources, local_writer
from moxu.cli.wishes import Wishes
from moxu.errors import SettingsError, TextError
from moxu.text.tokenizer import Tokenizer
from moxu.writers.manners import Manner, Prompt, manner_of

REQUEST_OPTIONS = (wishes.chars(300), wishes.COUNT, wishes.SEED, wishes.STOP, wishes.BEAMS, wishes.PRESET)


@click.command()
@click.argument("outline", required=False)
@click.option("--model", required=True, help="A model that reads a source, such as Misaka's: a name, or a path.")
@click.option("--file", type=FILE, help="Read the outline from this file, in any Chinese encoding.")
@with_options(wishes.OUT, wishes.JSON, *REQUEST_OPTIONS, *SAMPLING_FLAGS)
@model_options
def expand(
    choice: ModelChoice, outline: str | None, file: Path | None, out: Path | None, as_json: bool, **given: Any
) -> None:
    """Write OUTLINE out as one passage.

    The outline is the source, of which a model sees some hundred characters; the passage ends where the model ends it,
    or at --chars. It does not repeat the outline, so the passage is all that is printed.

    OUTLINE may be - for standard input, which is also read where none is given and nobody can be asked. Without one on
    a terminal, moxu asks for it, and again after each passage, until `stop` or Ctrl-D; Ctrl-C ends a passage. Of
    several passages each stands under a line such as 〔2/8 · seed 43〕.
    """
    text = read_opening(outline, file, "outline")
    check_sources(text, file, out, as_json, "outline")
    check_out("--out", out, choice.sources)
    if text is not None:
        check_outline(text)
    session = _prepare(choice, Wishes.of(given))
    session.serve(text, out, as_json=as_json, empty="is refused")


def check_outline(outline: str) -> None:
    """Raise TextError for an outline without a character."""
    if not outline.strip():
        raise TextError("the outline is empty; say in a sentence or two what happens")


def _prepare(choice: ModelChoice, wished: Wishes) -> Session:
    """Load the model, and bring it together with what was wished for."""
    loaded = choice.load()
    architecture, tokenizer = loaded.model.architecture, tokenizer_of(loaded)
    if loaded.model.passage is None:
        raise SettingsError(
            f"--model {choice.model}: {architecture} models read from left to right and can only continue: moxu write; "
            "expand needs one that reads a source, such as Misaka's"
        )
    manner = manner_of(architecture, tokenizer)
    request, preset = wished.request_for(manner.preset, past_end=False)
    return Session(
        writer=local_writer(loaded, tokenizer, choice.name),
        window=None,
        passage=loaded.model.passage,
        prompt_of=lambda outline: outline_prompt(outline, manner, tokenizer),
        request=replace(request, passages=1),
        preset=preset,
        subject="outline",
    )


def outline_prompt(outline: str, manner: Manner, tokenizer: Tokenizer) -> Prompt:
    """Return the prompt that an outline is, of which a page shows nothing."""
    check_outline(outline)
    return replace(manner.prompt_of(outline, tokenizer), shown="")
