"""The folder of a crawl as a book: its chapters with their numbers, and a word where the crawl was not complete."""

import json
from collections.abc import Iterator
from typing import Any

from moxu.corpus.book import UNWANTED, Book, Chapter, one_line
from moxu.corpus.chapters.paragraphs import clean_paragraphs, lines_of
from moxu.corpus.marks import CHAPTERS_FILE, CRAWL_FILE
from moxu.corpus.sources.lines import json_rows
from moxu.corpus.sources.pieces import Fault, Piece
from moxu.corpus.sources.rows import Raw


def read_crawl(piece: Piece) -> Iterator[Raw | Fault]:
    """Yield the book of a crawl, and faults: chapters that are damaged, and those that the crawl did not get."""
    try:
        about: dict[str, Any] = dict(json.loads(piece.about))
    except (ValueError, TypeError, RecursionError) as error:
        yield Fault(f"{piece.source}/{CRAWL_FILE}", f"damaged: {error}")
        return
    chapters: list[Chapter] = []
    numbers: list[int] = []
    characters, volume = 0, ""
    for line, row in json_rows(piece):
        text = row.get("text") if not isinstance(row, str) else None
        if isinstance(row, str) or not isinstance(text, str):
            reason = row if isinstance(row, str) else "has no text"
            yield Fault(f"{piece.source}/{CHAPTERS_FILE}, line {line}", reason)
            continue
        number, part = row.get("number"), _line(row.get("volume"))
        if part and part != volume:
            chapters.append(Chapter(part))
            numbers.append(0)  # counted
        volume = part
        lines = lines_of(UNWANTED.sub("", text), piece.source)
        chapters.append(Chapter(_line(row.get("title")), clean_paragraphs(lines)))
        numbers.append(number if isinstance(number, int) and 0 < number < 1 << 31 else 0)
        characters += len(text.strip())
    if about.get("complete") is False:
        yield Fault(piece.source, f"the crawl was not complete; {CRAWL_FILE} says what is missing or looks wrong")
    title = _line(about.get("title")) or piece.source.rpartition("/")[2]
    book = Book(title, _line(about.get("author")), tuple(chapters), "crawl")
    yield Raw(book, _line(about.get("url")) or piece.source, characters, numbers=tuple(numbers))


def _line(value: Any) -> str:
    return one_line(UNWANTED.sub("", value))[:300] if isinstance(value, str) else ""
