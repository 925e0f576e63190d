"""``moxu corpus build``: books and pages of any kind become one clean corpus, with a data card."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moxu.cli.exit_status import INCOMPLETE
from moxu.cli.model_choice import FILE
from moxu.cli.progress import bars
from moxu.cli.serve_model import HERE
from moxu.cli.terminal import say
from moxu.errors import SettingsError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from moxu.corpus.build.options import PrepareOptions
    from moxu.corpus.build.pipeline import Preparing, Progress, Report
    from moxu.corpus.sources.pieces import Unit

MOST_TOLD = 10  # faults, and titles
ADDRESS = re.compile(rf"auto|{HERE}|[^/\\]+:[0-9]+")
STAGES = {"prepare": "reading, cleaning", "compare": "finding duplicates", "write": "writing"}


def _check_address(_context: click.Context, _option: click.Parameter, address: str | None) -> str | None:
    """Refuse what is no address before anything else is looked at: it may be the first of the sources."""
    if address is not None and not ADDRESS.fullmatch(address):
        raise SettingsError(f"--cluster {address}: expected HOST:PORT or auto; a bare --cluster stands behind all SRC")
    return address


@click.command("build")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=FILE)
@click.option("--out", type=FILE, required=True, help="The folder to make; an older corpus is replaced.")
@click.option("--manifest", type=FILE, help="Tab-separated table: title, split, and more of each work.")
@click.option("--without", metavar="RULE", multiple=True, help="Leave a rule of cleaning out; may be repeated.")
@click.option("--also", metavar="RULE", multiple=True, help="Apply a rule that is not applied by itself; likewise.")
@click.option("--simplified", is_flag=True, help="Turn traditional characters into simplified ones.")
@click.option("--near", metavar="0.3-1|off", help="Similarity from which on a chapter is a duplicate.  [default: 0.7]")
@click.option("--split", metavar="A,B,C", help="Parts: training, validation, test.  [default: 0.98,0.01,0.01]")
@click.option("--validation", metavar="TITLE", multiple=True, help="Hold this work out; the rest is for training.")
@click.option("--test", metavar="TITLE", multiple=True, help="Likewise, for the test split.")
@click.option("--licence", metavar="TEXT", default="", help="Of all works of which nothing else tells it.")
@click.option("--min-chars", type=click.IntRange(min=1), default=1, show_default=True, help="Of a chapter, at least.")
@click.option("--text-column", metavar="NAME", help="Of tables.  [default: text, or content]")
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: one for each processor]")
@click.option(
    "--cluster",
    metavar="[HOST:PORT]",
    is_flag=False,
    flag_value=HERE,
    is_eager=True,
    callback=_check_address,
    help="Prepare on a Ray cluster, or, behind all SRC and without an address, on one started here.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Draws the splits.")
def build_command(
    sources: tuple[Path, ...],
    out: Path,
    manifest: Path | None,
    workers: int | None,
    cluster: str | None,
    **choices: Any,
) -> int:
    """Make one clean corpus of books and pages.

    SRC are books (txt in any Chinese encoding, EPUB, Word, HTML, Markdown), folders and archives of them, what was
    crawled, tables of texts (JSON lines, Parquet, Arrow), and corpora. Chapters are found, cleaned, compared and split;
    DIR gets Parquet files, statistics, and a data card that says what was done. Stopped, it goes on where it was.
    """
    for library in ("pyarrow", "lxml"):
        if find_spec(library) is None:
            raise SettingsError(f"moxu corpus build needs {library}: pip install 'moxu[corpus]'")

    from moxu.corpus.build.options import BuildOptions, PrepareOptions
    from moxu.corpus.build.pipeline import build

    names = ("without", "also", "simplified", "licence", "text_column")
    prepare_options = PrepareOptions(**{name: choices[name] for name in names})
    options = BuildOptions(
        near=_near(choices["near"], BuildOptions().near),
        parts=_parts(choices["split"]),
        **{name: choices[name] for name in ("validation", "test", "min_chars", "seed")},
    )
    began = time.monotonic()
    try:
        with _elsewhere(cluster, workers) as preparing, _shown() as progress:
            report = build(
                sources,
                out,
                prepare_options,
                options,
                manifest=manifest,
                workers=workers,
                progress=progress,
                preparing=preparing,
            )
    except KeyboardInterrupt:
        say(f"stopped; what was read is in {out.name}.part, and the same command goes on from there")
        raise
    return _tell(report, time.monotonic() - began)


@contextmanager
def _elsewhere(address: str | None, workers: int | None) -> "Iterator[Preparing | None]":
    """Give what prepares on a cluster, which is joined, or started, when the sources turn out to be right."""
    if address is None:
        yield None
        return
    if address != HERE and workers is not None:
        raise SettingsError(f"--workers {workers}: the cluster at {address} has its own; leave one of the two out")

    from moxu.corpus.build.cluster import LIBRARY, object_store_size, prepare_on_cluster
    from moxu.corpus.processes import available_processors
    from moxu.serve.cluster.ray import connected

    cores = workers or available_processors()
    joining = connected(
        None if address == HERE else address,
        option="--cluster",
        library=LIBRARY,
        object_store=object_store_size(cores),
        cores=cores,
    )
    with ExitStack() as stack:  # left at the latest when the command ends, by an error too

        def preparing(units: "Iterable[Unit]", options: "PrepareOptions") -> Iterator[bytes]:
            machines = stack.enter_context(joining)
            yield from prepare_on_cluster(units, options, sum(machine.cpus for machine in machines))
            stack.close()

        yield preparing


def _near(text: str | None, default: float | None) -> float | None:
    if text is None:
        return default
    if text == "off":
        return None
    try:
        return float(text)
    except ValueError:
        raise SettingsError(f"--near {text}: expected a number of 0.3 to 1, or off") from None


def _parts(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SettingsError(f"--split {text}: expected three parts, as in 0.98,0.01,0.01") from None


@contextmanager
def _shown() -> "Iterator[Callable[[Progress], None]]":
    """Show a bar for each stage, with how long the rest takes; only on a terminal."""
    with bars() as drawn:
        tasks: dict[str, TaskID] = {}

        def show(progress: "Progress") -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = drawn.add_task(STAGES[progress.stage], total=None)
            title = STAGES[progress.stage]
            if progress.characters:
                title += f": {progress.characters:,} characters"
            drawn.update(tasks[progress.stage], completed=progress.done, total=progress.total, description=title)

        yield show


def _tell(report: "Report", seconds: float) -> int:
    """Print what was made, and what its maker should know; return the exit status."""
    if report.started_over:
        say("started over: the options, or the rules of cleaning, are not those of the build that was stopped")
    elif report.kept_units:
        say(f"went on after what was prepared before: {report.kept_units:,} parts")
    for warning in report.warnings[:MOST_TOLD]:
        say(f"note: {warning}")
    _tell_faults(report)
    rows = [
        ("works", f"{report.works:,}"),
        ("chapters", f"{report.chapters:,}"),
        ("characters", f"{report.characters:,}"),
        ("dropped", f"{report.dropped:,} chapters; {report.out / 'dropped.jsonl'} says why"),
        ("seconds", f"{seconds:.1f}"),
        ("corpus", f"{report.out}; {report.out / 'README.md'} describes it"),
    ]
    for name, value in rows:
        click.echo(f"{name:<11} {value}")
    return INCOMPLETE if report.unreadable else 0


def _tell_faults(report: "Report") -> None:
    for fault in report.faults[:MOST_TOLD]:
        say(f"left out: {fault.source}: {fault.reason}")
    if (more := report.unreadable - MOST_TOLD) > 0:
        say(f"and {more:,} more, which dropped.jsonl names")
