"""Trying again: what passes is waited for, what does not is told, and nobody waits for ever."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from crawls import Crawl
from moxu.corpus.crawl import patience
from moxu.corpus.crawl.failures import PageFailed
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.patience import PatienceMiddleware, seconds_asked
from sites import Reply, Site, chapter_html


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 522])
def test_page_that_recovers_is_had(site: Site, crawl_site: Crawl, status: int) -> None:
    site.pages["/book/5.html"] = Reply(chapter_html(5), failures=2, failure=status)
    assert crawl_site(retries=2).is_complete
    assert site.asked["/book/5.html"] == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_page_that_will_not_recover_is_asked_for_once(site: Site, crawl_site: Crawl, status: int) -> None:
    site.pages["/book/5.html"] = Reply(chapter_html(5), failures=2, failure=status)
    result = crawl_site(retries=2)
    assert [finding.number for finding in result.findings] == [5]
    assert site.asked["/book/5.html"] == 1


def test_page_that_does_not_recover_is_given_up_after_the_retries(site: Site, crawl_site: Crawl) -> None:
    site.pages["/book/5.html"] = Reply(chapter_html(5), failures=99)
    result = crawl_site(retries=3)
    assert "answers 503 Service Unavailable" in result.findings[0].detail
    assert site.asked["/book/5.html"] == 4


def test_catalogue_that_recovers_is_read(site: Site, crawl_site: Crawl) -> None:
    catalogue = site.pages["/book/"]
    assert isinstance(catalogue, str)
    site.pages["/book/"] = Reply(catalogue, failures=1, headers={"Retry-After": "0"})
    assert crawl_site().is_complete


def test_site_that_asks_for_too_long_a_pause_is_given_up(site: Site, crawl_site: Crawl) -> None:
    site.pages["/book/5.html"] = Reply(chapter_html(5), failures=99, headers={"Retry-After": "3600"})
    result = crawl_site(max_wait=60)
    assert "answers 503 Service Unavailable, and asks to come back in 3,600 seconds" in result.findings[0].detail
    assert site.asked["/book/5.html"] == 1


class Clock:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(patience, "time", made)
    monkeypatch.setattr(patience, "asyncio", made)
    return made


def test_each_retry_waits_twice_as_long(clock: Clock) -> None:
    middleware = PatienceMiddleware(CrawlOptions(retries=4, backoff=0.5))

    async def ask() -> list[float]:
        request: Request | Response | None = Request("http://example.com/1")
        waits = []
        while isinstance(request, Request):
            before = clock.now
            request = await middleware.process_response(request, Response(request.url, status=500))
            waits.append(clock.now - before)
        return waits

    assert asyncio.run(ask()) == [0.5, 1, 2, 4, 0]


def test_broken_connection_is_tried_again_and_a_refusal_is_not(clock: Clock) -> None:  # noqa: ARG001
    middleware = PatienceMiddleware(CrawlOptions())
    request = Request("http://example.com/1")
    assert asyncio.run(middleware.process_exception(request, DownloadTimeoutError("slow"))) is not None
    assert asyncio.run(middleware.process_exception(request, PageFailed("refused"))) is None


@pytest.mark.parametrize(("status", "rests"), [(429, True), (503, True), (500, False)])
def test_pause_that_a_site_asks_for_holds_for_all_its_pages(clock: Clock, status: int, rests: bool) -> None:
    middleware = PatienceMiddleware(CrawlOptions(retries=0))

    async def ask() -> None:
        asked = Response("http://example.com/1", status=status, headers={"Retry-After": "30"})
        await middleware.process_response(Request(asked.url), asked)
        await middleware.process_request(Request("http://elsewhere.example/2"))
        assert clock.now == 0
        await middleware.process_request(Request("http://example.com/2"))
        assert clock.now == (30 if rests else 0)

    asyncio.run(ask())


@pytest.mark.parametrize("header", [None, b"", b"soon", b"-5", b"1.5", "١٢".encode(), b"Tue, 99 Foo 2020", b"\xff"])
def test_header_that_says_nothing_asks_for_no_pause(header: bytes | None) -> None:
    assert seconds_asked(header) == 0


def test_header_asks_for_seconds_or_for_a_time() -> None:
    assert seconds_asked(b" 120 ") == 120
    later = datetime.now(UTC) + timedelta(hours=1)
    assert 3500 < seconds_asked(format_datetime(later, usegmt=True).encode()) <= 3600
    assert seconds_asked(b"Wed, 21 Oct 2015 07:28:00 GMT") == 0
