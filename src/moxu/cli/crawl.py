"""``moxu crawl``: a novel from the web, all of it or with a list of what is missing."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moxu.cli.exit_status import INCOMPLETE, INTERRUPTED
from moxu.cli.model_choice import FILE
from moxu.cli.terminal import say
from moxu.errors import SettingsError

if TYPE_CHECKING:  # what imports Scrapy is imported where it is used
    from moxu.corpus.crawl.progress import CrawlProgress
    from moxu.corpus.crawl.result import CrawlResult

SHOWN = 20  # findings on the terminal; the manifest has all of them


@click.command()
@click.argument("url")
@click.option("--out", type=FILE, required=True, help="The folder of the book; one that was begun is gone on with.")
@click.option("--rules", type=FILE, help="A TOML file that says what is where in the pages of the site.")
@click.option("--allow-private", is_flag=True, help="URL may lie on this machine or in a private network.")
@click.option("--insecure", is_flag=True, help="Do not look at the certificate of the site.")
@click.option("--ignore-robots", is_flag=True, help="Fetch what the robots.txt of the site forbids, too.")
@click.option("--no-throttle", is_flag=True, help="Make no pauses between requests: for a site of your own.")
@click.option("--delay", metavar="S", type=click.FloatRange(min=0), help="Seconds between requests.  [default: 0.5]")
@click.option("--concurrency", metavar="N", type=click.IntRange(min=1), help="Requests at a time.  [default: 4]")
@click.option("--retries", metavar="N", type=click.IntRange(min=0), help="Of a page that fails.  [default: 4]")
@click.option("--backoff", metavar="S", type=click.FloatRange(min=0), help="Seconds before the first.  [default: 1]")
@click.option("--timeout", metavar="S", type=click.FloatRange(min=0.01), help="For a whole page.  [default: 30]")
@click.option("--user-agent", metavar="NAME", help="How moxu introduces itself to the site.")
@click.option("--max-chapters", metavar="N", type=click.IntRange(min=1), help="At most.  [default: 10000]")
@click.option("--max-catalogue-pages", metavar="N", type=click.IntRange(min=1), help="At most.  [default: 500]")
@click.option("--max-parts", metavar="N", type=click.IntRange(min=1), help="Pages of a chapter.  [default: 30]")
@click.option("--max-page-bytes", metavar="N", type=click.IntRange(min=1), help="Of a page.  [default: 4194304]")
@click.pass_context
def crawl(
    ctx: click.Context,
    /,
    url: str,
    out: Path,
    rules: Path | None,
    allow_private: bool,
    insecure: bool,
    ignore_robots: bool,
    no_throttle: bool,
    **others: Any,
) -> None:
    """Fetch a novel from the web, politely, and say what is missing.

    URL is the page that lists the chapters. The folder gets chapters.jsonl, a line for each chapter, and
    manifest.json. The same command goes on where it was stopped, and asks again only for what is missing.
    """
    try:
        from moxu.corpus.crawl.crawl import crawl as fetch
        from moxu.corpus.crawl.options import CrawlOptions
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"crawl needs {(error.name or '').partition('.')[0]}, which is not installed: pip install 'moxu[crawl]'"
        ) from None
    given = {name: value for name, value in others.items() if value is not None}
    options = CrawlOptions(
        rules=rules,
        allow_private=allow_private,
        insecure=insecure,
        obey_robots=not ignore_robots,
        throttle=not no_throttle,
        **given,
    )

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("catalogue", total=None)

        def show(progress: "CrawlProgress") -> None:
            bar.update(task, description=_line(progress), completed=progress.done, total=progress.chapters or None)

        result = fetch(url, out, options, show)
    _tell(result)
    if result.interrupted:
        ctx.exit(INTERRUPTED)
    if not result.is_complete:
        ctx.exit(INCOMPLETE)


def _line(progress: "CrawlProgress") -> str:
    if not progress.chapters:
        return f"catalogue: {progress.catalogue_pages} page{'s' if progress.catalogue_pages != 1 else ''}"
    failed = f", {progress.failed} failed" if progress.failed else ""
    speed = progress.pages / max(progress.seconds, 0.001)
    return f"{progress.done:,} of {progress.chapters:,} chapters{failed}, {progress.pages:,} pages, {speed:.1f} pages/s"


def _tell(result: "CrawlResult") -> None:
    """Say what there is, and what is missing."""
    for finding in result.findings[:SHOWN]:
        click.echo(f"{finding.kind}: {finding}", err=True)
    if len(result.findings) > SHOWN:
        click.echo(f"… and {len(result.findings) - SHOWN:,} more, which are in the manifest", err=True)
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    book = f"《{result.title}》" if result.title else "the book"
    counts = f"{result.written:,} of {result.chapters:,} chapters"
    click.echo(f"{result.folder}: {book}, {counts}{'' if result.is_complete else '; incomplete'}")
    if result.interrupted:
        say("stopped; the same command goes on from there")
    elif result.doubtful:
        say("the same command asks again for what is missing")
