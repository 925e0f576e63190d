"""Trying again: after 429, 5xx and broken connections, later each time, and when the site says.

``Retry-After`` holds for the whole host, so nothing is asked of it meanwhile. Scrapy's own middleware for this asks
again at once.
"""

import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from moxu.corpus.crawl.failures import PASSING, PageFailed, status_reason
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.polite_spider import spider_of

TIMES = "moxu_retries"  # in the meta of a request: how often it was tried again
STATUSES = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
OF_THE_HOST = (429, 503)  # which mean that the host, not the page, wants a rest


class PatienceMiddleware:
    """Sends a request that failed for now again, after a while."""

    def __init__(self, options: CrawlOptions) -> None:
        self._options = options
        self._rests_until: dict[str, float] = {}  # on the monotonic clock, by host and port

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(spider_of(crawler).options)

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        while (wait := self._rests_until.get(host, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in STATUSES:
            return response
        asked = seconds_asked(response.headers.get("Retry-After"))
        if asked > self._options.max_wait:
            raise PageFailed(f"{status_reason(response.status)}, and asks to come back in {asked:,.0f} seconds")
        if asked and response.status in OF_THE_HOST:
            self._rests_until[urlsplit(request.url).netloc] = time.monotonic() + asked
        return await self._again(request, asked) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        return await self._again(request, 0.0) if isinstance(exception, PASSING) else None

    async def _again(self, request: Request, asked: float) -> Request | None:
        """Return the request to send again, once it is time; None when it was sent often enough."""
        times = request.meta.get(TIMES, 0)
        if times >= self._options.retries:
            return None
        await asyncio.sleep(max(asked, self._options.backoff * 2**times))
        return request.replace(meta={**request.meta, TIMES: times + 1}, dont_filter=True)


def seconds_asked(retry_after: bytes | None) -> float:
    """Return how many seconds a header Retry-After asks for, which has a number or a date; 0 when neither."""
    text = (retry_after or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
