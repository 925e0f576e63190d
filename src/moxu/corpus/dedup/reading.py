"""The works of all sources that a corpus can be built of, whole, one after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from moxu.corpus.build.crawled import read_crawl
from moxu.corpus.build.pieces import Fault, Piece
from moxu.corpus.build.reading import read_pieces
from moxu.corpus.build.rows import Raw, read_rows
from moxu.corpus.build.sources import list_sources
from moxu.corpus.read.books import read_book
from moxu.errors import TextError

Missed = Callable[[Fault], None]
"""Called with what could not be read."""


def read_works(sources: Sequence[Path], missed: Missed) -> Iterator[Raw]:
    """Give the works, in an order that depends on the names of the files only; their chapters are all numbered."""
    return _joined(_parts(sources, missed))


def _parts(sources: Sequence[Path], missed: Missed) -> Iterator[Raw]:
    for piece in read_pieces(list_sources(sources)):
        for found in (piece,) if isinstance(piece, Fault) else _read(piece):
            if isinstance(found, Fault):
                missed(found)
            else:
                yield found


def _read(piece: Piece) -> Iterator[Raw | Fault]:
    match piece.kind:
        case "crawl":
            yield from read_crawl(piece)
        case "lines" | "table":
            yield from read_rows(piece, None)
        case "book":
            try:
                book = read_book(piece.data, piece.source)
            except TextError as error:
                yield Fault(piece.source, str(error))
            else:
                yield Raw(book, piece.source, sum(chapter.characters for chapter in book.chapters))


def _joined(parts: Iterable[Raw]) -> Iterator[Raw]:
    """Join rows one after the other with the same key, and number chapters that have no numbers."""
    work: Raw | None = None
    for part in parts:
        if work is not None and part.key and part.key == work.key:
            book = replace(work.book, chapters=work.book.chapters + part.book.chapters)
            numbers = work.numbers + (part.numbers or (len(work.numbers) + 1,))
            work = replace(work, book=book, numbers=numbers, characters=work.characters + part.characters)
            continue
        if work is not None:
            yield work
        work = replace(part, numbers=part.numbers or tuple(range(1, len(part.book.chapters) + 1)))
    if work is not None:
        yield work
