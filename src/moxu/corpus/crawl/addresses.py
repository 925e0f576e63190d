"""Addresses of pages: made absolute, compared, and what one of them tells of another."""

import functools
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, quote, urljoin, urlsplit, urlunsplit

LONGEST = 2000  # characters of an address
SAFE = "%/:=&?~#+!$,;'@()*[]"
DOORS = frozenset({"www", "m", "wap", "mobile", "h5", "3g", "book", "read"})  # names of hosts of one and the same site
DEFAULT_PORTS = {80, 443, None}
EXTENSION = re.compile(r"\.(?:s?html?|php|aspx?|jsp|do|xhtml)$", re.IGNORECASE)
NUMBERED = re.compile(r"[A-Za-z]*[-_]?\d+(?:[-_]\d+)*")
DIGITS = re.compile(r"\d+")
PART_KEYS = frozenset({"page", "p", "pg", "pn", "part"})  # names that the number of a part has in an address
MOST_PARTS = 999


def absolute(base: str, reference: str) -> str | None:
    """Return the address that a link on the page ``base`` leads to, without fragment.

    None for what leads to no page: javascript:, mailto:, a place within the page itself, or no address at all.
    """
    reference = re.sub("[\t\r\n\0]", "", reference).strip()
    if not reference or reference.startswith("#") or len(reference) > LONGEST:
        return None
    try:
        parts = urlsplit(urljoin(base, reference))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            return None
    except ValueError:
        return None
    url = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))
    return url if url.isascii() else quote(url, safe=SAFE)


def same_site(url: str, other: str) -> bool:
    """Say whether ``url`` lies on the site of ``other``: its host or one below it; www. and m. are one."""
    first, second = _split(url), _split(other)
    ports = {first.port, second.port}
    if len(ports) > 1 and not ports <= DEFAULT_PORTS:
        return False
    host, site = first.hostname or "", _site(second.hostname or "")
    return host == second.hostname or host == site or (not _is_ip(site) and host.endswith("." + site))


def host_matches(url: str, host: str) -> bool:
    """Say whether an address lies on ``host`` or below it."""
    own, host = _split(url).hostname or "", host.lower()
    return own == host or own.endswith("." + host)


def equivalent(url: str) -> str:
    """Return an address as it is compared with others: without scheme, fragment and the slash at the end."""
    return url.partition("#")[0].partition("://")[2].rstrip("/")


@dataclass(frozen=True, slots=True)
class Shape:
    """An address as a pattern, and what stands in its gaps: numbers, the last name, the values of the query."""

    pattern: str
    values: tuple[str, ...]


@functools.lru_cache(maxsize=1 << 15)  # all links of a long catalogue
def shape_of(url: str) -> Shape:
    """Return what an address has in common with those of other chapters: ``host/book/#/#.html``, (12, 345)."""
    parts = _split(url)
    folder, last, extension = _last(parts.path)
    values = DIGITS.findall(folder)
    pattern = DIGITS.sub("#", folder)
    if NUMBERED.fullmatch(last):
        values += DIGITS.findall(last)
        last = DIGITS.sub("#", last)
    elif not parts.query:
        values.append(last)
        last = "*"
    query = sorted(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None)) if parts.query else []
    values += [value for _, value in query]
    keys = "&".join(f"{key}=" for key, _ in query)
    return Shape(f"{parts.netloc.lower()}{pattern}{last}{extension}?{keys}", tuple(values))


def numbers_of(url: str) -> tuple[str, ...]:
    """Return the numbers in the path and the query of an address."""
    parts = _split(url)
    return tuple(DIGITS.findall(f"{parts.path}?{parts.query}"))


def folder_of(url: str) -> str:
    """Return the host and the path of an address up to its last slash; ``/book/12.html`` lies over ``/book/12/``."""
    parts = _split(url)
    if parts.path.endswith("/"):
        return f"{parts.netloc.lower()}{parts.path}"
    folder, last, _ = _last(parts.path)
    return f"{parts.netloc.lower()}{folder}{last}/" if NUMBERED.fullmatch(last) else f"{parts.netloc.lower()}{folder}"


def part_after(url: str, following: str) -> Literal["sure", "perhaps"] | None:
    """Say whether ``following`` may be the next part of the chapter at ``url``.

    ``sure`` where a number was added (12.html, 12_2.html or 12/2.html or 12.html?page=2), ``perhaps`` where one was
    counted up (12_2.html, 12_3.html), which the addresses of chapters may do as well.
    """
    first, second = _split(url), _split(following)
    if first.path == second.path:
        return _part_of_query(first.query, second.query)
    if first.query != second.query:
        return None
    one, _, extension = _stem(first.path)
    other, _, other_extension = _stem(second.path)
    if extension != other_extension and extension and other_extension:
        return None
    added = re.fullmatch(r"[-_/](\d{1,3})", other[len(one) :]) if other.startswith(one) and one else None
    if added and 1 <= int(added[1]) <= 2:
        return "sure"
    counted = [re.fullmatch(r"(.*\w[-_/])(\d{1,3})", stem) for stem in (one, other)]
    if counted[0] and counted[1] and counted[0][1] == counted[1][1]:
        return "perhaps" if int(counted[1][2]) == int(counted[0][2]) + 1 else None
    return None


def _part_of_query(query: str, following: str) -> Literal["sure"] | None:
    first, second = dict(parse_qsl(query)), dict(parse_qsl(following))
    for key in sorted(PART_KEYS & second.keys()):
        before, after = first.pop(key, "1"), second.pop(key)
        if first == second and before.isdecimal() and after.isdecimal() and int(after) == int(before) + 1:
            return "sure"
    return None


def _stem(path: str) -> tuple[str, str, str]:
    folder, last, extension = _last(path)
    return folder + last, last, extension


def _last(path: str) -> tuple[str, str, str]:
    """Return a path as its folders, its last name without what tells the kind of file, and that."""
    closing = "/" if path.endswith("/") and len(path) > 1 else ""
    folder, slash, last = path.removesuffix(closing or "\0").rpartition("/")
    found = EXTENSION.search(last)
    extension = found[0] if found else closing
    return folder + slash, last.removesuffix(extension) if found else last, extension


def _site(host: str) -> str:
    first, _, rest = host.partition(".")
    return rest if first in DOORS and "." in rest else host


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


@functools.lru_cache(maxsize=1 << 15)
def _split(url: str) -> SplitResult:
    return urlsplit(url)
