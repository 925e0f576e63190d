"""``moxu write``: continue an opening, in the terminal, in a pipe or into a file."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moxu.cli import wishes
from moxu.cli.model_choice import DEFAULT, FILE, ModelChoice, model_options, tokenizer_of, with_options
from moxu.cli.opening import read_opening
from moxu.cli.pages import check_out
from moxu.cli.sampling_flags import SAMPLING_FLAGS
from moxu.cli.session import Session, check_sources, local_writer
from moxu.cli.wishes import Wishes
from moxu.errors import SettingsError
from moxu.writers.manners import manner_of

if TYPE_CHECKING:
    from moxu.cli.parallel import Team

REQUEST_OPTIONS = (
    wishes.chars(300),
    wishes.COUNT,
    wishes.SEED,
    wishes.STOP,
    wishes.window("reread"),
    wishes.CONTEXT,
    wishes.PAST_END,
    wishes.BEAMS,
    wishes.PRESET,
)
PARALLEL = click.option(
    "--parallel",
    type=click.IntRange(min=2),
    metavar="N",
    help="Compute with N processes, which torchrun starts, each with a part of the model on a device of its own.",
)


@click.command()
@click.argument("opening", required=False)
@click.option("--model", default=DEFAULT, show_default=True, help="An installed model, or the path of a checkpoint.")
@click.option("--file", type=FILE, help="Read the opening from this file, in any Chinese encoding.")
@with_options(wishes.OUT, wishes.JSON, *REQUEST_OPTIONS, *SAMPLING_FLAGS, PARALLEL)
@model_options
def write(
    choice: ModelChoice,
    opening: str | None,
    file: Path | None,
    out: Path | None,
    as_json: bool,
    parallel: int | None,
    **given: Any,
) -> None:
    """Continue OPENING.

    OPENING may be - for standard input, which is also read where none is given and nobody can be asked. An empty one
    starts a paragraph. Without one on a terminal, moxu asks for it, and again after each text, until `stop` or Ctrl-D;
    Ctrl-C ends a text.

    A model that reads a source continues by passages: the end of the text is the source, what it writes from there
    belongs to the text, and the next passage follows. With --beams it writes one.

    On a terminal paragraphs are indented. A pipe and --out get data: the opening and its continuation, each paragraph
    a line; of several continuations each is whole, under a line such as 〔2/8 · seed 43〕.
    """
    team = _find_team(parallel)
    if team is not None and not team.leads:
        team.follow(choice)
        return
    text = read_opening(opening, file)
    check_sources(text, file, out, as_json, "opening")
    check_out("--out", out, choice.sources)
    if text is None and team is not None:
        raise SettingsError("--parallel needs an opening: give one, --file FILE, or - for standard input")
    session = _prepare(choice, Wishes.of(given), team)
    session.serve(text, out, as_json=as_json, empty="starts a paragraph")
    if team is not None:
        team.dismiss()


def _find_team(parallel: int | None) -> "Team | None":
    """Return the processes that this one belongs to when it is not alone."""
    if parallel is None:
        return None
    from moxu.cli.parallel import Team

    return Team.of(parallel)


def _prepare(choice: ModelChoice, wished: Wishes, team: "Team | None") -> Session:
    """Load the model, and bring it together with what was wished for."""
    loaded = team.load(choice) if team else choice.load()
    tokenizer = tokenizer_of(loaded)
    manner = manner_of(loaded.model.architecture, tokenizer)
    request, preset = wished.request_for(manner.preset, past_end=manner.past_end)
    if loaded.model.passage is not None and request.beams > 1:
        request = replace(request, passages=1)
    writer = local_writer(loaded, tokenizer, choice.name)
    return Session(
        writer=team.together(writer) if team else writer,
        window=wished.window_of(loaded.model),
        passage=loaded.model.passage,
        prompt_of=lambda opening: manner.prompt_of(opening, tokenizer),
        request=request,
        preset=preset,
    )
