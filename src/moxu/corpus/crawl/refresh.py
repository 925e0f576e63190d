"""Pages that only send a browser on to another page, by ``<meta http-equiv="refresh">``."""

import html
import re

from moxu.corpus.crawl.addresses import absolute, equivalent
from moxu.corpus.crawl.pages import Page

HEAD = 4096  # characters in which a page must say it
SOON = 1  # seconds; who waits longer shows something meanwhile: that there is no such chapter, for example
META = re.compile(r"<meta\s[^>]*>", re.IGNORECASE)
IS_REFRESH = re.compile(r"""\bhttp-equiv\s*=\s*["']?refresh\b""", re.IGNORECASE)
TARGET = re.compile(
    r"""\bcontent\s*=\s*(?P<mark>["']?)\s*(?P<seconds>\d{1,9})(?:\.\d*)?\s*[;,]\s*url\s*=\s*["']?(?P<url>[^"'>]+)""",
    re.IGNORECASE,
)
NOT_MEANT = re.compile(r"<!--.*?(?:-->|\Z)|<(noscript|script)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)


def refreshed_to(page: Page) -> str | None:
    """Return the address that a page sends on to at once; None for a page that stays, or only loads itself again."""
    head = page.html[:HEAD]
    if "refresh" not in head.lower():
        return None
    for meta in META.findall(NOT_MEANT.sub("", head)):
        found = TARGET.search(meta) if IS_REFRESH.search(meta) else None
        if found and int(found["seconds"]) <= SOON:
            url = absolute(page.url, html.unescape(found["url"]).strip())
            return url if url is not None and equivalent(url) != equivalent(page.url) else None
    return None
