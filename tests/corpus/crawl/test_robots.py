"""robots.txt is obeyed, and asked for once."""

import asyncio
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from crawls import Crawl
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.polite_spider import PoliteSpider
from moxu.corpus.crawl.robots import RobotsMiddleware
from moxu.errors import TextError
from sites import Reply, Site


class StubCrawler:
    """A crawler whose site has this robots.txt."""

    def __init__(self, text: str) -> None:
        self.text, self.engine, self.downloader = text, self, self
        self.per_slot_settings: dict[str, object] = {}
        self.spider = PoliteSpider("moxu", options=CrawlOptions())

    async def download_async(self, request: Request) -> Response:
        return Response(request.url, body=self.text.encode())


def robots(text: str, **reply: Any) -> Reply:
    return Reply(text, content_type="text/plain", **reply)


def test_page_that_is_forbidden_is_not_asked_for(site: Site, crawl_site: Crawl) -> None:
    site.pages["/robots.txt"] = robots("User-agent: *\nDisallow: /book/5.html\n")
    result = crawl_site()
    assert [finding.number for finding in result.findings] == [5]
    assert "its robots.txt forbids it; --ignore-robots asks nevertheless" in result.findings[0].detail
    assert site.asked["/book/5.html"] == 0
    assert site.asked["/robots.txt"] == 1


def test_page_that_is_forbidden_is_had_when_robots_are_ignored(site: Site, crawl_site: Crawl) -> None:
    site.pages["/robots.txt"] = robots("User-agent: *\nDisallow: /\n")
    assert crawl_site(obey_robots=False).is_complete
    assert site.asked["/robots.txt"] == 0


@pytest.mark.parametrize("text", ["User-agent: moxu\nDisallow: /\n", "User-agent: *\nDisallow: /book/\n"])
def test_catalogue_that_is_forbidden_is_a_mistake_of_one_line(site: Site, crawl_site: Crawl, text: str) -> None:
    site.pages["/robots.txt"] = robots(text)
    with pytest.raises(TextError, match=r"/book/: its robots.txt forbids it; --ignore-robots"):
        crawl_site()
    assert set(site.asked) == {"/robots.txt"}


@pytest.mark.parametrize(
    "text", ["User-agent: others\nDisallow: /\n", "User-agent: *\nDisallow:\n", "<html>", "\0\xff"]
)
def test_rules_for_others_and_what_are_no_rules_forbid_nothing(site: Site, crawl_site: Crawl, text: str) -> None:
    site.pages["/robots.txt"] = robots(text)
    assert crawl_site().is_complete


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_site_without_rules_forbids_nothing(site: Site, crawl_site: Crawl, status: int) -> None:
    site.pages["/robots.txt"] = robots("User-agent: *\nDisallow: /\n", status=status)
    assert crawl_site().is_complete


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (robots("", status=500), "answers 500 Internal Server Error"),
        (robots("", status=429), "answers 429 Too Many Requests"),
        (robots("", delay=9), "gives no whole answer within 0.3 seconds"),
        (robots(" " * (5 << 20)), "is larger than"),
    ],
)
def test_site_whose_rules_cannot_be_known_is_left_alone(site: Site, crawl_site: Crawl, reply: Reply, why: str) -> None:
    site.pages["/robots.txt"] = reply
    with pytest.raises(TextError, match=f"its robots.txt cannot be had .{why}"):
        crawl_site(retries=0, timeout=0.3 if reply.delay else 30.0)
    assert set(site.asked) == {"/robots.txt"}


@pytest.mark.parametrize(("said", "kept"), [("7", 7.0), ("0.1", 0.5), ("1e9", 60.0), ("soon", None)])
def test_delay_that_a_site_asks_for_is_kept_one_page_after_the_other(said: str, kept: float | None) -> None:
    crawler = StubCrawler(f"User-agent: *\nCrawl-delay: {said}\n")
    request = Request("http://example.com/1")
    asyncio.run(RobotsMiddleware(crawler).process_request(request))  # type: ignore[arg-type]
    slots = crawler.engine.downloader.per_slot_settings
    assert slots == ({} if kept is None else {"example.com": {"delay": kept, "concurrency": 1, "jitter": 0.0}})
    assert ("autothrottle_dont_adjust_delay" in request.meta) == (kept is not None)
