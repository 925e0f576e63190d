"""The numbers in the names of chapters and volumes, as catalogues write them, and those of the parts of a chapter."""

import functools
import re
from dataclasses import dataclass

from moxu.corpus.book import one_line
from moxu.corpus.chapters.numerals import NUMERALS, number_of

LARGEST = 30_000  # a number above is a date or an id
_NUMBER = f"(?:[{NUMERALS}]{{1,9}}|[0-9０-９]{{1,5}})"
_CHAPTER = re.compile(f"第\\s*({_NUMBER})\\s*[章回节節话話讲講折则則幕]|(?<![{NUMERALS}0-9０-９])({_NUMBER})\\s*[章回]")
_VOLUME = re.compile(f"第\\s*({_NUMBER})\\s*(?:部分|[卷部集篇册冊])|卷\\s*[之第]?\\s*({_NUMBER})")
_ENGLISH = re.compile(r"\b(?:chapter|chap|ch|episode)\.?\s*(\d{1,5})\b", re.IGNORECASE)
_ENGLISH_VOLUME = re.compile(r"\b(?:volume|vol|book|part)\.?\s*(\d{1,4})\b", re.IGNORECASE)
_ALONE = re.compile(f"[第【〖［\\[（(《〈#＃]*({_NUMBER})(?:[\\s\u3000、.．:：，,）)】〗］\\]》〉_—–-]|$)")
_BEFORE_NAME = re.compile(r"([0-9０-９]{1,5})(?=[^\W\d_])")
_PARTS_OF_BOOKS = re.compile("正文|番外|外传|外傳|作品相关|作品相關|楔子|尾声|尾聲|终卷|終卷|[上中下][卷部篇册冊]")
_COUNTS = (
    re.compile(
        r"[（(\[【「<]?\s*(?:第\s*)?(\d{1,3})\s*(?:页|頁)?\s*[/／]\s*(?:共\s*)?(\d{1,3})\s*(?:页|頁)?\s*[)）\]】」>]?$"
    ),
    re.compile(r"[（(\[【]\s*第\s*(\d{1,3})\s*[页頁]\s*[,，/／ ]*共\s*(\d{1,3})\s*[页頁]\s*[)）\]】]$"),
)
_PAGE = re.compile(f"[（(\\[【—_-]*\\s*第\\s*({_NUMBER})\\s*[页頁]\\s*[)）\\]】]*$")
_BRACKETS = re.compile(r"[（(\[【]\s*(\d{1,3})\s*[)）\]】]$")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a name says: of the volume and the chapter; ``sure`` where it says that it is one: 第十二章."""

    volume: int | None = None
    chapter: int | None = None
    sure: bool = False


@functools.lru_cache(maxsize=1 << 16)
def numbers_in(name: str) -> Numbers:
    """Return what numbers the name of a link says: 第一卷 第三章 雾, 003 雾, 12、雾, 第１２章, Chapter 4."""
    found_volume = _VOLUME.search(name) or _ENGLISH_VOLUME.search(name)
    volume = _value(found_volume)
    chapters = list(_CHAPTER.finditer(name)) or list(_ENGLISH.finditer(name))
    for found in chapters:
        number = _value(found)
        if number is not None:
            return Numbers(volume, number, True)
    alone = _ALONE.match(name) or _BEFORE_NAME.match(name)
    return Numbers(volume, _value(alone), False)


def volume_in(heading: str) -> str:
    """Return a heading between links if it names a volume, or another part of a book; empty if it does not."""
    heading = one_line(heading)
    named = len(heading) <= 60 and (_VOLUME.search(heading) or _PARTS_OF_BOOKS.search(heading))
    return heading if named else ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a title says of the parts of its chapter: which this is, and of how many (0 where it does not say)."""

    title: str
    number: int
    of: int = 0


def part_in(title: str) -> Part | None:
    """Return the part that a title ends with: (2/3), 第2页, (第2页/共3页); None where it says nothing of parts."""
    for pattern in _COUNTS:
        found = pattern.search(title)
        if found and 1 <= int(found[1]) <= int(found[2]):
            return Part(_without(title, found), int(found[1]), int(found[2]))
    found = _PAGE.search(title)
    number = number_of(found[1]) if found else None
    return Part(_without(title, found), number) if found and number else None


def bracketed_part(title: str) -> Part | None:
    """Return the part that a number in brackets at the end may be: (2), which may as well belong to the name."""
    found = _BRACKETS.search(title)
    return Part(_without(title, found), int(found[1])) if found else None


def _without(title: str, found: re.Match[str]) -> str:
    return title[: found.start()].rstrip(" \t\u3000_-—")


def _value(found: re.Match[str] | None) -> int | None:
    text = next((group for group in found.groups() if group), None) if found else None
    number = number_of(text) if text else None
    return number if number is not None and number <= LARGEST else None
