"""How a crawl behaves: how politely, how patiently, and where it stops whatever a site does."""

from dataclasses import dataclass
from pathlib import Path

import moxu
from moxu.errors import SettingsError

USER_AGENT = f"moxu/{moxu.__version__} (fetches one novel for its reader)"


@dataclass(frozen=True, kw_only=True)
class CrawlOptions:
    """Options of one crawl; times are in seconds. The defaults are polite to small sites."""

    rules: Path | None = None  # a TOML file of site rules
    allow_private: bool = False  # the origin of the catalogue may be a private address; nothing else may
    insecure: bool = False  # the certificates of servers are not looked at
    obey_robots: bool = True
    throttle: bool = True  # adapt the delay to how fast the site answers
    delay: float = 0.5  # between two requests to a host, at least
    concurrency: int = 4  # requests to a host at the same time, at most
    user_agent: str = USER_AGENT

    retries: int = 4  # of a page that answers 429, 5xx or not at all
    backoff: float = 1.0  # before the first retry; twice as long before each further one
    max_wait: float = 120.0  # a site that asks for a longer pause is given up
    timeout: float = 30.0  # for a whole answer, however slowly it comes

    max_page_bytes: int = 4 << 20  # of an answer, as sent and once unpacked
    max_catalogue_pages: int = 500
    max_chapters: int = 10_000
    max_parts: int = 30  # pages of one chapter
    max_redirects: int = 5

    def __post_init__(self) -> None:
        for name in ("delay", "backoff", "retries", "max_wait", "max_redirects"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} is {getattr(self, name)}; expected 0 or more")
        for name in ("concurrency", "timeout", "max_page_bytes", "max_catalogue_pages", "max_chapters", "max_parts"):
            if getattr(self, name) <= 0:
                raise SettingsError(f"{name} is {getattr(self, name)}; expected more than 0")
        if not self.user_agent.strip() or not self.user_agent.isascii() or not self.user_agent.isprintable():
            raise SettingsError(f"user_agent is {self.user_agent!r}; expected a name of ASCII characters")
