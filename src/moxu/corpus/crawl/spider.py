"""The spider: gets the pages that a walk through a book asks for, from the journal or else, politely, from the site."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from moxu.corpus.crawl.failures import NOT_REACHED, TOO_MANY_REDIRECTS, PageFailed, reason_of, status_reason
from moxu.corpus.crawl.guard import Guard
from moxu.corpus.crawl.journal import Answer, Journal, Kind
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.pages import Page, read_page
from moxu.corpus.crawl.polite_spider import PoliteSpider
from moxu.corpus.crawl.progress import CrawlProgress
from moxu.corpus.crawl.refresh import refreshed_to
from moxu.corpus.crawl.walk import Fetch
from moxu.errors import TextError


class BookSpider(PoliteSpider):
    """Does one piece of work, a walk, within Scrapy's engine; whatever the work raises is in ``error``."""

    name = "moxu"

    def __init__(
        self,
        *,
        options: CrawlOptions,
        guard: Guard,
        journal: Journal,
        progress: CrawlProgress,
        work: Callable[["BookSpider"], Coroutine[Any, Any, None]],
    ) -> None:
        super().__init__()
        self.options, self.guard = options, guard
        self.error: BaseException | None = None
        self.in_vain: dict[str, str] = {}
        """Pages that were asked for again, and why that failed; those of an earlier crawl stand in for them."""
        self._task: asyncio.Task[None] | None = None
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(options.concurrency))
        self._journal, self._progress, self._work = journal, progress, work

    async def start(self) -> AsyncIterator[Any]:
        """Do the work; it asks for its pages itself, so there is nothing that Scrapy has to schedule."""
        try:
            self._task = asyncio.ensure_future(self._work(self))
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self.error = self._task.exception()  # which Scrapy would only log
        finally:
            self._task = None
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def break_off(self) -> None:
        """Stop the work where it is; to be called on the reactor."""
        if self._task is not None:
            self._task.cancel()

    async def fetch(self, url: str, kind: Kind) -> Page:
        """Return a page, and write it down if it is new; PageFailed says why there is none."""
        if (answer := self._journal.fresh(url)) is not None:
            return _read(answer)
        try:
            answer, page = await self._follow(url)
        except PageFailed as error:
            if (earlier := self._journal.any(url)) is None:
                raise
            self.in_vain[url] = str(error)
            return _read(earlier)
        self._journal.add(url, kind, answer)
        self._progress.pages += 1
        return page

    async def _follow(self, url: str) -> tuple[Answer, Page]:
        """Ask for a page, and for those that it sends on to."""
        for _ in range(1 + self.options.max_redirects):
            answer = await self._ask(url)
            page = _read(answer)
            if (target := refreshed_to(page)) is None:
                return answer, page
            url = target
        raise PageFailed(TOO_MANY_REDIRECTS)

    async def _ask(self, url: str) -> Answer:
        """Ask the site for a page, when it is its turn.

        The turns are kept here because Scrapy's own, without a delay, are not: all requests that wait for a host are
        sent as soon as one of them may be (seen in Scrapy 2.19).
        """
        self.guard.check_url(url)
        request = Request(url, callback=NO_CALLBACK, dont_filter=True)
        try:
            async with self._turns[urlsplit(url).hostname or ""]:
                response = await self.crawler.engine.download_async(request)
        except Exception as error:  # of Scrapy, Twisted, OpenSSL or a decompressor: in any case the page is not had
            raise PageFailed(reason_of(error, self.options.timeout, self.options.max_page_bytes)) from error
        if response.status != 200:
            raise PageFailed(status_reason(response.status))
        kind = response.headers.get("Content-Type") or b""
        return Answer(response.url, kind.decode("latin-1"), response.body)


def from_journal(journal: Journal) -> Fetch:
    """Return what gets pages from a journal only, however old they are."""

    async def fetch(url: str, kind: Kind) -> Page:  # noqa: ARG001
        if (answer := journal.any(url)) is None:
            raise PageFailed(NOT_REACHED)
        return _read(answer)

    return fetch


def _read(answer: Answer) -> Page:
    """Return the page that an answer is; PageFailed when it is none."""
    try:
        return read_page(answer.url, answer.body, answer.content_type)
    except TextError as error:
        raise PageFailed(str(error).removeprefix(f"{answer.url}: ")) from None
