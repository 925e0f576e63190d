"""``moxu corpus pairs``: sentence pairs, outlines and passages, lyrics and dialogues, to train on."""

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import click

from moxu.cli.exit_status import INCOMPLETE
from moxu.cli.model_choice import FILE
from moxu.cli.progress import shown, spinner
from moxu.cli.terminal import say
from moxu.corpus.pairs.kinds import KINDS
from moxu.corpus.pairs.making import FILES, Made, make_file, make_folder
from moxu.corpus.pairs.sources import Reading
from moxu.corpus.work import SPLITS
from moxu.errors import SettingsError

COUNT = click.IntRange(min=1)


@click.command("pairs")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=FILE)
@click.option(
    "--out", type=FILE, required=True, help="A folder to train on; or a .csv, .tsv, .txt, .json, .jsonl file."
)
@click.option("--source", type=COUNT, help="Characters of a source at most (an outline, what was read before).")
@click.option("--target", type=COUNT, help="Characters of a target at most.")
@click.option("--shortest", type=COUNT, help="Characters of a target, or of either sentence, at least.")
@click.option("--before", type=COUNT, help="Sentences of a source.  [default: 1]")
@click.option("--after", type=COUNT, help="Sentences of a target.  [default: 1]")
@click.option("--stride", type=COUNT, help="Sentences from one pair to the next.  [default: 1]")
@click.option("--join", type=COUNT, help="Join short sentences up to so many characters first.")
@click.option(
    "--every", is_flag=True, default=None, help="An outline of every passage, not only of chapters' openings."
)
@click.option("--gap", type=COUNT, help="Characters between two turns at most.  [default: 40]")
@click.option("--turn", type=COUNT, help="Characters of a turn at most.  [default: 200]")
@click.option("--turns", type=click.IntRange(min=2), help="Turns of a dialogue at least.  [default: 2]")
@click.option("--columns", help="Columns of source and target in a table, by name or number: outline,text")
@click.option("--template", help="Fill this with the fields of a table: '{style}<eod>{lyric}'")
@click.option("--song-per-file", is_flag=True, help="Each text is one song, whatever empty lines it has.")
@click.option("--manifest", type=FILE, help="Tab-separated table that gives each book its split.")
@click.option("--validation", type=click.FloatRange(0, 0.5), default=0.0, help="Part of a table's records to hold out.")
@click.option("--split", type=click.Choice(SPLITS), help="Which split a file is of.  [default: train]")
def pairs_command(kind: str, sources: tuple[Path, ...], out: Path, split: str | None, **given: Any) -> None:
    """Make records of a KIND that training reads.

    \b
      sentences   consecutive sentences, for UniLM
      continue    the text so far and what follows, for Misaka-Writer
      expand      an outline, taken from the text, and its passage
      lyrics      songs line by line, or filled templates, for CPM-1
      dialogues   turns of conversations, for the bot of the GPT course

    SRC are corpora that were built, books, folders of books; or tables that hold such records already, of which the
    layouts of the original programs are known. A folder has a file for each split; validation records come from
    validation works only. A file is laid out as the original program reads it.
    """
    reading = _reading(kind, given)
    options = _options(kind, given)
    _check_apart(out, sources)
    is_file = out.suffix.lower() in FILES and not out.is_dir()
    if split and not is_file:
        raise SettingsError(f"--split {split}: a folder has all splits; leave it out, or name a file")
    numbers = itertools.count(1)
    with spinner("reading") as show:

        def progress(title: str) -> None:
            show(f"{next(numbers):,}: {shown(title)}")

        if is_file:
            made = make_file(kind, sources, out, options, reading, split or "train", progress)
        else:
            made = make_folder(kind, sources, out, options, reading, progress)
    _report(out, made)
    if made.tally.damaged_count:
        click.get_current_context().exit(INCOMPLETE)


def _check_apart(out: Path, sources: tuple[Path, ...]) -> None:
    """Refuse to write over what is read."""
    for source in sources:
        if out.resolve() in (source.resolve(), *source.resolve().parents):
            raise SettingsError(f"--out {out}: {source} would be replaced; name another")


def _reading(kind: str, given: dict[str, Any]) -> Reading:
    """Take the options of tables out of what was given."""
    columns, template = given.pop("columns"), given.pop("template")
    whole = given.pop("song_per_file")
    form = KINDS[kind].form.__name__.lower()
    if columns is not None and form != "pair":
        raise SettingsError(f"--columns {columns}: {kind} have none; it is for tables of pairs")
    if (template is not None or whole) and form != "lyric":
        raise SettingsError(f"--{'song-per-file' if whole else 'template'}: is for lyrics, not for {kind}")
    names = tuple(columns.split(",")) if columns else ()
    if columns is not None and len(names) != 2:
        raise SettingsError(f"--columns {columns!r}: expected two, with a comma between: outline,text")
    return Reading(given.pop("manifest"), given.pop("validation"), names, template or "", whole)


def _options(kind: str, given: dict[str, Any]) -> Any:
    """Return the options of the kind; SettingsError for one that it does not have."""
    options = KINDS[kind].options
    known = [field.name for field in dataclasses.fields(options)]
    values = {name: value for name, value in given.items() if value is not None}
    for name in values:
        if name not in known:
            has = f"it has {', '.join(f'--{name}' for name in known)}" if known else "it has none"
            raise SettingsError(f"--{name}: is no option of {kind}; {has}")
    return options(**values)


def _report(out: Path, made: Made) -> None:
    """Print what was made, and say what was not and why."""
    statistics, tally = made.statistics, made.tally
    name = statistics.form.__name__.lower()
    splits = ", ".join(f"{statistics.records[split]:,} {split}" for split in SPLITS if statistics.records[split])
    total = statistics.records.total()
    click.echo(f"{out}: {total:,} {name}{'s' * (total != 1)} ({splits}); {statistics.lengths}")
    for reason, count in tally.skipped.most_common():
        say(f"left out, {count:,}: {reason}")
    for message in tally.damaged:
        click.echo(f"moxu: {message}", err=True)
    if tally.damaged_count:
        more = (
            f", of which the first {len(tally.damaged)} are named" if tally.damaged_count > len(tally.damaged) else ""
        )
        damaged = f"{tally.damaged_count:,} damaged record{'s' * (tally.damaged_count != 1)} left out{more}"
        click.echo(f"moxu: {damaged}", err=True)
