"""What Scrapy is told: which of its parts take part in a crawl, and within which bounds.

Everything that is not named here is switched off: the telnet console, cookies, caches, proxies of the environment
(behind a proxy nobody could see which address is connected to), statistics and logs.
"""

from collections.abc import Iterable
from typing import Any

from scrapy.settings import default_settings

from moxu.corpus.crawl.bounded import BoundedHandler
from moxu.corpus.crawl.guard import PORTS
from moxu.corpus.crawl.guarded import GuardMiddleware
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.patience import PatienceMiddleware
from moxu.corpus.crawl.robots import RobotsMiddleware

MIDDLEWARES: dict[Any, int] = {  # requests pass from the first to the last, answers come back the other way
    RobotsMiddleware: 20,
    PatienceMiddleware: 30,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 40,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 50,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 60,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 70,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": 80,
    GuardMiddleware: 90,
}
THROTTLE = "scrapy.extensions.throttle.AutoThrottle"
REFERER = "scrapy.spidermiddlewares.referer.RefererMiddleware"  # the one for redirects asks for it
THROTTLE_TARGET = 2.0  # requests that AutoThrottle means to have under way at a host, on average


def scrapy_settings(options: CrawlOptions) -> dict[str, Any]:
    """Return the settings of Scrapy for a crawl with these options."""
    return {
        "DOWNLOAD_HANDLERS": _without(default_settings.DOWNLOAD_HANDLERS_BASE) | dict.fromkeys(PORTS, BoundedHandler),
        "DOWNLOADER_MIDDLEWARES": _without(default_settings.DOWNLOADER_MIDDLEWARES_BASE) | MIDDLEWARES,
        "EXTENSIONS": _without(default_settings.EXTENSIONS_BASE) | {THROTTLE: 0},
        "SPIDER_MIDDLEWARES": _without(default_settings.SPIDER_MIDDLEWARES_BASE) | {REFERER: 0},
        "TELNETCONSOLE_ENABLED": False,
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
        "USER_AGENT": options.user_agent,
        "DEFAULT_REQUEST_HEADERS": {"Accept": "text/html,*/*;q=0.5", "Accept-Language": "zh,*;q=0.5"},
        "CONCURRENT_REQUESTS": 0,  # the walk itself limits how many there are
        "CONCURRENT_REQUESTS_PER_DOMAIN": options.concurrency,
        "DOWNLOAD_DELAY": options.delay if options.throttle else 0.0,
        "AUTOTHROTTLE_ENABLED": options.throttle,
        "AUTOTHROTTLE_START_DELAY": options.delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": THROTTLE_TARGET,
        "DOWNLOAD_TIMEOUT": options.timeout,
        "DOWNLOAD_MAXSIZE": options.max_page_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "REDIRECT_MAX_TIMES": options.max_redirects,
    }


def _without(components: Iterable[str]) -> dict[Any, Any]:
    """Switch off what Scrapy would use of its own accord, now or in a later version."""
    return dict.fromkeys(components)
