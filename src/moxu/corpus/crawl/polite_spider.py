"""What the middlewares of a crawl know of it: its options and its guard."""

import scrapy
from scrapy.crawler import Crawler

from moxu.corpus.crawl.guard import Guard
from moxu.corpus.crawl.options import CrawlOptions


class PoliteSpider(scrapy.Spider):
    """A spider with options and a guard, which it is given before anything else of Scrapy is made."""

    options: CrawlOptions
    guard: Guard


def spider_of(crawler: Crawler) -> PoliteSpider:
    """Return the spider of a crawl."""
    assert isinstance(crawler.spider, PoliteSpider)
    return crawler.spider
