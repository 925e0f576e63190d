"""``moxu corpus dedup``: which chapters repeat others, which works share much of their text, and the rest of them."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moxu.cli.exit_status import INCOMPLETE
from moxu.cli.model_choice import FILE
from moxu.cli.output_file import check_output_file
from moxu.cli.progress import counted_works
from moxu.cli.terminal import say
from moxu.errors import TextError

if TYPE_CHECKING:
    from moxu.corpus.dedup.survey import Findings
    from moxu.corpus.sources.pieces import Fault
    from moxu.corpus.work import Work

LINES = 40  # of a list in the terminal; --json has all


@click.command("dedup")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=FILE)
@click.option("--threshold", type=float, default=0.7, show_default=True, help="How alike texts are that repeat.")
@click.option("--out", type=FILE, help="Write the chapters that repeat nothing to this file, a JSON object a line.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def dedup_command(sources: tuple[Path, ...], threshold: float, out: Path | None, as_json: bool) -> int:
    """Find, and leave out, what stands there twice.

    SRC are books (txt, epub, docx, html, markdown), folders and archives of them, crawls, tables of texts (JSON lines,
    Parquet), and corpora that were built. Prints which chapter repeats which and how alike they are, and which works
    share much of their text. Nothing is changed.
    """
    from moxu.corpus.dedup.duplicates import check_threshold
    from moxu.corpus.dedup.survey import Survey
    from moxu.corpus.sources.works import read_works

    check_threshold(threshold)
    check_output_file("--out", out, sources, apart=True)
    missed: list[Fault] = []
    survey = Survey()
    with counted_works("comparing") as advance:
        for work in read_works(sources, missed.append):
            survey.add(work)
            advance(work)
    if not survey.chapters:
        raise TextError(f"{', '.join(map(str, sources))}: nothing to read here; expected books, or tables of texts")
    findings = survey.findings(threshold)
    if out is not None:
        _write(out, sources, findings)
    if as_json:
        click.echo(json.dumps(findings.as_object(), ensure_ascii=False))
    else:
        _print(findings)
    unread = [fault for fault in missed if not fault.harmless]
    for fault in unread:
        say(f"not read: {fault.source}: {fault.reason}")
    return INCOMPLETE if unread else 0


def _write(out: Path, sources: Sequence[Path], findings: "Findings") -> None:
    """Write the chapters that repeat nothing; the file is whole, or as it was."""
    from moxu.checkpoints.atomic import replacing
    from moxu.corpus.dedup.survey import kept_rows
    from moxu.corpus.sources.works import read_works

    with (
        counted_works("writing") as advance,
        replacing(out) as path,
        path.open("w", encoding="utf-8", newline="\n") as file,
    ):
        works = _told(read_works(sources, lambda _: None), advance)
        for row in kept_rows(works, findings):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _told(works: "Iterator[Work]", advance: "Callable[[Work], None]") -> "Iterator[Work]":
    for work in works:
        yield work
        advance(work)


def _print(findings: "Findings") -> None:
    def name(place: int) -> str:
        chapter = findings.chapters[place]
        return " ".join(filter(None, (findings.works[chapter.work], f"[{chapter.number}]", chapter.heading)))

    repetitions = findings.repetitions
    _print_list(
        "chapters that repeat others",
        [
            f"{'equal' if each.exact else f'{each.similarity:.2f}':>5}  {name(each.chapter)}  repeats  {name(each.of)}"
            for each in repetitions
        ],
    )
    pairs = sorted(findings.related.pairs, key=lambda pair: -pair.containment)
    _print_list(
        "works that share text, as a part of the shorter one",
        [
            f"{pair.containment:5.0%}  {findings.works[pair.first]}  and  {findings.works[pair.second]}"
            for pair in pairs
        ],
    )
    equal = sum(each.exact for each in repetitions)
    click.echo(
        f"{len(findings.works):,} works, {len(findings.chapters):,} chapters, {findings.characters:,} characters; "
        f"repeat others: {len(repetitions):,} chapters, {equal:,} of them equal to what they repeat"
    )


def _print_list(title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    click.echo(f"{title}:")
    for line in lines[:LINES]:
        click.echo(line)
    if len(lines) > LINES:
        click.echo(f"… and {len(lines) - LINES:,} more; --json has all")
    click.echo()
