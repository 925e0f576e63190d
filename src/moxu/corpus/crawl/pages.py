"""A page of the web as text: the bytes of a response, read in the encoding that fits them, and its tree.

What is valid UTF-8 is UTF-8. Otherwise the encoding that the response or the page declares is believed as far as the
text looks like Chinese in it; where it does not, the one it looks most like Chinese in is taken.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from moxu.corpus.crawl.addresses import absolute
from moxu.corpus.read.markup import Element, parse_html
from moxu.errors import TextError
from moxu.text.encodings import FREQUENT, MARKS, decode_bytes

DECLARED = re.compile(
    rb"""<(?:meta\s[^>]*?charset|\?xml\s[^>]*?encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
OF_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
NOT_ASCII = re.compile("[^\x00-\x7f]+")
MEANT = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}  # what is declared, and what is usually meant
SAY_NOTHING = frozenset({"ascii", "iso8859-1", "cp1252"})  # what servers declare for whatever they have
GUESSES = ("utf-8", "gb18030", "big5hkscs")
TEXTS = frozenset({"", "application/xhtml+xml", "application/xml", "application/octet-stream"})  # besides text/…
HEAD = 4096  # bytes in which a page must declare its encoding
SAMPLE = 4000  # characters that show whether an encoding fits
FITS = 0.08  # of characters that are not ASCII so many are frequent ones, or more: in Chinese texts a third
FEWEST = 12  # characters that are not ASCII; fewer show nothing
NULLS = 50  # bytes, of which one may be a NUL in a page that is text
MOST_TAGS = 300_000  # in a page; a catalogue of 10,000 chapters has some 40,000


@dataclass(frozen=True, slots=True)
class Page:
    """A page: the address it came from after all redirects, its HTML, and the encoding that this was read in."""

    url: str
    html: str
    encoding: str = "utf-8"


def read_page(url: str, body: bytes, content_type: str = "") -> Page:
    """Return the page that a response holds; bytes that fit no encoding become U+FFFD.

    ``content_type`` is the header of that name. TextError for what is no text, such as a picture.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in TEXTS and not kind.startswith("text/"):
        raise TextError(f"{url}: is {kind}; expected a page of HTML")
    for mark, encoding in MARKS:
        if body.startswith(mark):
            return Page(url, body.decode(encoding, "replace"), encoding)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and (text.isascii() or re.search("[\u0800-\U0010ffff]", text)) and not _has_nulls(body):
        return Page(url, text, "utf-8")
    return Page(url, *_decode(url, body, list(_declared(body, content_type))))


def tree_of(page: Page) -> tuple[Element | None, str]:
    """Return the root of a page's elements, None where there are none, and the address its links begin at.

    TextError where there are more elements than any page has, or they lie too deep in each other.
    """
    if (tags := page.html.count("<")) > MOST_TAGS:
        raise TextError(f"{page.url}: has {tags:,} tags; expected a page with {MOST_TAGS:,} at most")
    root = parse_html(page.html, page.url)
    if root is None:
        return None, page.url
    base = next(root.iter("base"), None)
    return root, (absolute(page.url, base.get("href") or "") if base is not None else None) or page.url


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    """Yield the encodings that are declared, by Python's names: that of the header, then those of the page."""
    said = [found[1] for found in OF_HEADER.finditer(content_type)]
    for name in (*said, *(found[1].decode("ascii") for found in DECLARED.finditer(body[:HEAD]))):
        try:
            known = codecs.lookup(MEANT.get(name.lower(), name)).name
            "".encode(known)  # LookupError for those that encode no texts, such as hex
        except LookupError:
            continue
        if known not in SAY_NOTHING:
            yield known


def _decode(url: str, body: bytes, declared: list[str]) -> tuple[str, str]:
    """Return the text of bytes that are not UTF-8, and the encoding: the first declared one that fits, or the best."""
    best, most = ("", ""), -1.0
    for encoding in dict.fromkeys((*declared, *GUESSES)):
        text = body.decode(encoding, "replace")
        fit = _fit(text)
        if fit >= FITS and encoding in declared:
            return text, encoding
        if fit > most:
            best, most = (text, encoding), fit
    if most >= FITS and not _has_nulls(body):
        return best
    return decode_bytes(body, url)


def _has_nulls(body: bytes) -> bool:
    """Say whether there are so many that this is UTF-16, or no text; a few of them are dirt."""
    return body.count(0) * NULLS > len(body)


def _fit(text: str) -> float:
    """Return the share of frequent Chinese characters among those that are not ASCII; each damaged place costs four.

    A text that has none of either fits nothing, and says nothing against it.
    """
    found = NOT_ASCII.search(text)
    start = found.start() if found else 0
    some = "".join(NOT_ASCII.findall(text, start, start + SAMPLE))
    if len(some) < FEWEST:
        some = "".join(NOT_ASCII.findall(text, start))[:SAMPLE]
    if not some:
        return 0.0
    return (sum(map(FREQUENT.__contains__, some)) - 4 * some.count("\ufffd")) / len(some)
