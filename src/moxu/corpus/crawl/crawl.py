"""``crawl``: a novel from the address of its catalogue to a folder with a line of JSON for each of its chapters."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

from scrapy.crawler import Crawler

from moxu.corpus.crawl.failures import PageFailed
from moxu.corpus.crawl.guard import Guard, origin
from moxu.corpus.crawl.guarded import GuardedResolver
from moxu.corpus.crawl.journal import Journal
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.progress import CrawlProgress
from moxu.corpus.crawl.reactor import reactor_thread
from moxu.corpus.crawl.result import CrawlResult, compose
from moxu.corpus.crawl.rules import Rules, read_rules
from moxu.corpus.crawl.scrapy_settings import scrapy_settings
from moxu.corpus.crawl.spider import BookSpider, from_journal
from moxu.corpus.crawl.walk import Walk
from moxu.errors import SettingsError, TextError
from moxu.interrupt import Interruption

for name in ("scrapy", "twisted"):  # what they would say on standard error is told in the result
    logging.getLogger(name).addHandler(logging.NullHandler())

LOOK_EVERY = 0.1  # seconds between two looks at how far the crawl has come
ONE_AT_A_TIME = threading.Lock()  # the reactor has one resolver, and so one guard


def crawl(
    url: str,
    out: Path,
    options: CrawlOptions | None = None,
    on_progress: Callable[[CrawlProgress], None] | None = None,
) -> CrawlResult:
    """Fetch the novel whose catalogue is at ``url`` into the folder ``out``, or go on with it.

    ``out`` gets ``pages.jsonl``, the journal; at the end, and at Ctrl-C, ``chapters.jsonl`` and ``manifest.json``,
    too. What the journal has is not fetched again; after a crawl that came to its end the next one asks again for the
    catalogue, for what is missing, and for the chapters that looked wrong.

    May be called any number of times in a process, one after the other; ``on_progress`` is called in the thread of the
    caller. SettingsError for a ``url`` that is refused or an ``out`` that holds something else; TextError when there is
    no catalogue at ``url`` or the journal is damaged. KeyboardInterrupt where Ctrl-C came before there was a catalogue.
    """
    options = options or CrawlOptions()
    url = urldefrag(url.strip()).url
    guard = _guard(url, options)
    rules = read_rules(options.rules) if options.rules is not None else Rules()
    progress = CrawlProgress()
    with ONE_AT_A_TIME, Journal(out, url) as journal, Interruption() as interruption:
        walk = Walk(url, rules, options, progress)

        async def work(spider: BookSpider) -> None:
            await walk.run(spider.fetch)

        crawler = Crawler(BookSpider, scrapy_settings(options))
        running = _start(crawler, options=options, guard=guard, journal=journal, progress=progress, work=work)
        while not wait([running], LOOK_EVERY).done:
            if on_progress is not None:
                on_progress(progress)
            if interruption.requested and isinstance(crawler.spider, BookSpider):
                reactor_thread().call(crawler.spider.break_off)
        running.result()
        assert isinstance(crawler.spider, BookSpider)
        if crawler.spider.error is not None:
            raise crawler.spider.error
        if interruption.requested:
            _add_what_is_known(walk, journal)
        result = compose(out, walk, crawler.spider.in_vain, interrupted=interruption.requested)
        if not result.interrupted:
            journal.finish(result.doubtful)
    return result


def _add_what_is_known(walk: Walk, journal: Journal) -> None:
    """Finish a walk that was broken off with what the journal has; KeyboardInterrupt if not even a catalogue."""
    try:
        asyncio.run(walk.run(from_journal(journal)))
    except TextError:
        if walk.catalogue is None:
            raise KeyboardInterrupt from None
        raise


def _guard(url: str, options: CrawlOptions) -> Guard:
    """Return the guard of a crawl; what it says of the catalogue itself is a mistake of the user's."""
    try:
        guard = Guard(frozenset({origin(url)}) if options.allow_private else frozenset())
        guard.check_url(url)
    except PageFailed as error:
        hint = "; --allow-private permits it" if "private" in str(error) or "this machine" in str(error) else ""
        raise SettingsError(f"{url or repr(url)}: {error}{hint}") from None
    return guard


def _start(
    crawler: Crawler,
    *,
    options: CrawlOptions,
    guard: Guard,
    journal: Journal,
    progress: CrawlProgress,
    work: Callable[[BookSpider], Coroutine[Any, Any, None]],
) -> Future[None]:
    """Start Scrapy on the reactor."""
    thread = reactor_thread()
    thread.reactor.installNameResolver(GuardedResolver(guard))
    return thread.submit(
        crawler.crawl_async(options=options, guard=guard, journal=journal, progress=progress, work=work)
    )
