"""What Scrapy is told: polite unless the user says otherwise, and nothing of its own that was not asked for."""

import time

from scrapy.settings import default_settings

from crawls import Crawl
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.scrapy_settings import scrapy_settings
from sites import Site


def test_crawl_is_polite_by_default() -> None:
    settings = scrapy_settings(CrawlOptions())
    assert settings["AUTOTHROTTLE_ENABLED"]
    assert settings["DOWNLOAD_DELAY"] == settings["AUTOTHROTTLE_START_DELAY"] == 0.5
    assert settings["CONCURRENT_REQUESTS_PER_DOMAIN"] == 4
    assert CrawlOptions().obey_robots


def test_crawl_without_throttle_makes_no_pauses() -> None:
    settings = scrapy_settings(CrawlOptions(throttle=False))
    assert not settings["AUTOTHROTTLE_ENABLED"]
    assert settings["DOWNLOAD_DELAY"] == 0


def test_requests_are_at_least_about_the_delay_apart(site: Site, crawl_site: Crawl) -> None:
    began = time.monotonic()
    assert crawl_site(delay=0.1, throttle=True).is_complete
    requests = sum(site.asked.values()) - 1  # robots.txt is not waited for
    assert time.monotonic() - began > (requests - 1) * 0.05  # Scrapy varies the delay by a half


def test_what_scrapy_does_of_its_own_accord_is_switched_off() -> None:
    settings = scrapy_settings(CrawlOptions())
    for name in ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS", "DOWNLOAD_HANDLERS"):
        given = settings[name]
        assert all(component in given for component in getattr(default_settings, f"{name}_BASE"))
    used = {str(component) for component, place in settings["DOWNLOADER_MIDDLEWARES"].items() if place is not None}
    assert not any(word in component.lower() for component in used for word in ("cookie", "proxy", "cache", "auth"))
    assert {scheme for scheme, handler in settings["DOWNLOAD_HANDLERS"].items() if handler} == {"http", "https"}
