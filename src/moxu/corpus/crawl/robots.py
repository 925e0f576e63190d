"""What robots.txt asks of a crawler, obeyed as RFC 9309 says: what it forbids is not fetched, its delay is kept.

A site that answers 4xx has no rules. One that cannot say what its rules are, because it fails or does not answer, is
left alone.
"""

import asyncio
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http.request import NO_CALLBACK

from moxu.corpus.crawl.failures import PageFailed, is_unreachable, reason_of, status_reason
from moxu.corpus.crawl.polite_spider import spider_of

OF_ROBOTS = "moxu_robots"  # in the meta of the requests for robots.txt itself
MAX_DELAY = 60.0  # seconds between two requests; a longer Crawl-delay counts as this
MAX_BYTES = 512 << 10  # that are read of a robots.txt; RFC 9309 asks for 500 KiB at least
ADVICE = "--ignore-robots asks nevertheless"


class RobotsMiddleware:
    """Asks each site for its robots.txt before anything else of it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._options = spider_of(crawler).options
        self._name = self._options.user_agent.split("/")[0].split()[0]  # by which robots.txt knows us
        self._rules: dict[str, asyncio.Task[Protego | None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if OF_ROBOTS in request.meta or not self._options.obey_robots:
            return
        parts = urlsplit(request.url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._rules:
            self._rules[site] = asyncio.ensure_future(self._fetch(site))
        rules = await asyncio.shield(self._rules[site])
        if rules is None:
            return
        if not rules.can_fetch(request.url, self._name):
            raise PageFailed(f"its robots.txt forbids it; {ADVICE}")
        if delay := rules.crawl_delay(self._name):
            self._slow_down(request, parts.hostname or "", float(delay))

    async def _fetch(self, site: str) -> Protego | None:
        """Return the rules of a site, None when it has none; PageFailed when that cannot be known."""
        url = f"{site}/robots.txt"
        meta = {OF_ROBOTS: True, "download_slot": url}
        request = Request(url, meta=meta, callback=NO_CALLBACK, dont_filter=True)
        try:
            response = await self._crawler.engine.download_async(request)
        except PageFailed:  # refused: so would be the page
            raise
        except Exception as error:
            reason = reason_of(error, self._options.timeout, self._options.max_page_bytes)
            if is_unreachable(error):
                raise PageFailed(reason) from None
            raise PageFailed(f"its robots.txt cannot be had ({reason}); {ADVICE}") from None
        if response.status >= 500 or response.status == 429:
            raise PageFailed(f"its robots.txt cannot be had ({status_reason(response.status)}); {ADVICE}")
        if response.status != 200:
            return None
        return Protego.parse(response.body[:MAX_BYTES].decode("utf-8", "replace"))

    def _slow_down(self, request: Request, host: str, delay: float) -> None:
        """Have Scrapy keep the delay that the site asks for, one request after the other, however fast it answers."""
        least = self._options.delay if self._options.throttle else 0.0
        slot = {"delay": max(min(delay, MAX_DELAY), least), "concurrency": 1, "jitter": 0.0}
        self._crawler.engine.downloader.per_slot_settings.setdefault(host, slot)
        request.meta["autothrottle_dont_adjust_delay"] = True
