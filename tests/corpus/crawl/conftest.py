"""Books that are crawled in the tests of the crawler, and crawls without pauses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawls import Crawl
from moxu.corpus.crawl.crawl import crawl
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.result import CrawlResult
from sites import Site, small_book


@pytest.fixture
def site() -> Iterator[Site]:
    """A site with a book of 12 chapters at /book/."""
    with Site(small_book(12)) as served:
        yield served


@pytest.fixture
def crawl_site(site: Site, tmp_path: Path) -> Crawl:
    """Crawl the book of the site, without pauses."""

    def crawl_it(**options: object) -> CrawlResult:
        quick: dict[str, object] = {"allow_private": True, "throttle": False, "backoff": 0.01, "timeout": 30.0}
        return crawl(site.url("/book/"), tmp_path / "book", CrawlOptions(**(quick | options)))  # type: ignore[arg-type]

    return crawl_it


@pytest.fixture
def crawl_named(site: Site, tmp_path: Path) -> Crawl:
    """Crawl the book of the site, which is called novels.example."""

    def crawl_it(**options: object) -> CrawlResult:
        quick: dict[str, object] = {"throttle": False, "retries": 3}
        url = f"http://novels.example:{site.port}/book/"
        return crawl(url, tmp_path / "named", CrawlOptions(**(quick | options)))  # type: ignore[arg-type]

    return crawl_it
