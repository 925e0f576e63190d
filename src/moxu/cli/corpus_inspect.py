"""``moxu corpus inspect``: what is in a corpus, in the terminal, as a page, as a picture and as JSON."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moxu.cli.exit_status import INCOMPLETE
from moxu.cli.model_choice import FILE
from moxu.cli.output_file import check_output_file
from moxu.cli.progress import counted_works, shown
from moxu.cli.terminal import say
from moxu.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod

    from moxu.corpus.inspect.facts import Facts, Unread
    from moxu.corpus.inspect.tables import Table

ROWS = 10  # of a table in the terminal


@click.command("inspect")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=FILE)
@click.option("--html", type=FILE, help="Write everything, with plots, to this page.")
@click.option("--png", type=FILE, help="Write the plots to this picture.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--excerpts", type=click.IntRange(0, 1000), default=0, show_default=True, help="Random texts to show.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Draws the excerpts.")
def inspect_command(
    sources: tuple[Path, ...], html: Path | None, png: Path | None, as_json: bool, excerpts: int, seed: int
) -> int:
    """Show what is in a corpus.

    SRC are folders that were built or packed by moxu, or anything that a corpus can be built of: books and folders of
    them, archives, tables, what was crawled. Prints how much there is, and what is worth a look: gaps, copies, odd
    characters, repeated lines. Nothing is changed.
    """
    for option, path in (("--html", html), ("--png", png)):
        check_output_file(option, path, sources)
    if png is not None and find_spec("matplotlib") is None:  # said before anything is read
        raise SettingsError("--png needs matplotlib: pip install 'moxu[corpus]'")

    from moxu.corpus.inspect.inspection import inspect
    from moxu.corpus.inspect.sources import read_works

    missed: list[Unread] = []
    with counted_works("reading") as progress:
        inspection = inspect(read_works(sources, missed.append), excerpts, seed, progress)
        facts = inspection.facts((path.resolve().name for path in sources), missed)
    if html is not None:
        from moxu.corpus.inspect.page import page

        html.write_text(page(facts), "utf-8")
    if png is not None:
        from moxu.corpus.inspect.png import write_png

        write_png(facts, png)
    if as_json:
        click.echo(json.dumps(facts.as_object(), ensure_ascii=False))
    else:
        _print(facts)
    for one in facts.unread:
        say(f"not read: {one.source}: {one.reason}")
    return INCOMPLETE if facts.unread else 0


def _print(facts: "Facts") -> None:
    from rich.console import Console

    from moxu.corpus.inspect import tables

    console = Console(highlight=False, soft_wrap=False)
    parts = [tables.overview(facts), *tables.share_tables(facts), tables.lengths(facts), tables.coverage(facts)]
    parts += [tables.kinds(facts), tables.odd(facts), tables.lost(facts), tables.scripts(facts)]
    parts += [tables.numbering(facts), tables.copies(facts), tables.repeated_lines(facts)]
    for table in parts:
        _print_table(console, table)
    for excerpt in facts.excerpts:
        console.print(f"\n{shown(excerpt.work)}, chapter {excerpt.number}", style="dim", markup=False)
        console.print(shown(excerpt.text), markup=False)
    found = tables.findings(facts)
    console.print("\nWorth a look" if found else "\nNothing was found that looks like a fault.", style="bold")
    for finding in found:
        console.print(f"  {finding.text}", markup=False)


def _print_table(console: "Console", table: "Table") -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    from moxu.corpus.inspect.tables import NUMBERS, all_numbers, number

    if not table.rows:
        return
    grid = Grid(title=table.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for place, column in enumerate(table.columns):
        is_number = all_numbers(table, place)
        side: JustifyMethod = "right" if is_number else "left"
        grid.add_column(column, justify=side, header_style="dim", overflow="fold", no_wrap=is_number or not column)
    for row in table.rows[:ROWS]:
        grid.add_row(*(Text(number(cell) if isinstance(cell, NUMBERS) else shown(str(cell))) for cell in row))
    console.print()
    console.print(grid)
    if len(table.rows) > ROWS:
        console.print(f"… and {len(table.rows) - ROWS} more in --html and --json", style="dim")
