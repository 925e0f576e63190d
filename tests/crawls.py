"""What a crawl of the tests is."""

from typing import Protocol

from moxu.corpus.crawl.result import CrawlResult


class Crawl(Protocol):
    """Crawls the book of the test's site, without pauses, by these options."""

    def __call__(self, **options: object) -> CrawlResult: ...
