"""How many pages a second ``crawl`` fetches and reads from a local server: the invented novel of the tests.

    python -m benchmarks.corpus.crawl [--runs N] [--concurrency N]

The server is a process of its own, which shares the cores. Pages are catalogue pages and pages of chapters; the time
is that of the whole crawl, from the first request to the written book. Exit status 1 below 200 pages/s.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serve.figures import Figure, Sheet, table
from moxu.corpus.crawl.crawl import crawl
from moxu.corpus.crawl.options import CrawlOptions

SITE = Path(__file__).resolve().parents[2] / "tests" / "novel_site.py"
DEMANDED = 200.0  # pages/s


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus.crawl", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=8)
    arguments = parser.parse_args()
    figures = measure(arguments.runs, arguments.concurrency)
    print(table(figures))
    return 0 if all(each.holds for each in figures) else 1


def measure(runs: int = 5, concurrency: int = 8) -> list[Figure]:
    """Return the figures of ``runs`` crawls into new folders: the median, and the processor time of this side."""
    sheet = Sheet("crawl", [])
    seconds, busy, pages = [], [], 0
    with _site() as url:
        for _ in range(runs):
            began, began_busy = time.perf_counter(), time.process_time()
            pages = _crawl(url, concurrency)
            seconds.append(time.perf_counter() - began)
            busy.append(time.process_time() - began_busy)
    sheet.note("pages", pages)
    sheet.at_least("median", pages / statistics.median(seconds), DEMANDED, "pages/s")
    sheet.note("of the crawler's processor time", pages / statistics.median(busy), "pages/s")
    return sheet.figures


def _crawl(url: str, concurrency: int) -> int:
    """Crawl the novel, and return how many pages it has; fails if it is not complete."""
    with tempfile.TemporaryDirectory() as folder:
        options = CrawlOptions(allow_private=True, throttle=False, concurrency=concurrency)
        result = crawl(url, Path(folder) / "book", options)
    if not result.is_complete:
        raise SystemExit(f"the crawl is incomplete: {result.findings} {result.warnings}")
    return result.pages


@contextmanager
def _site() -> Iterator[str]:
    """Serve the novel from another process; it ends with its standard input."""
    with subprocess.Popen(
        [sys.executable, str(SITE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
