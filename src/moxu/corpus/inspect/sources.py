"""The works that an inspection looks at: of a corpus that was built or packed, or of whatever a build can read."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from moxu.corpus.book import Book
from moxu.corpus.build.crawled import read_crawl
from moxu.corpus.build.pieces import Fault, Piece
from moxu.corpus.build.reading import read_pieces
from moxu.corpus.build.rows import Raw, read_rows
from moxu.corpus.build.sources import list_sources
from moxu.corpus.chapters.split import split_chapters
from moxu.corpus.folder import INDEX_FILE, Corpus
from moxu.corpus.inspect.facts import Unread
from moxu.corpus.manifest import Manifest, Row
from moxu.corpus.pack.documents import Document
from moxu.corpus.pack.packed import IDS_FILE, PackedText
from moxu.corpus.read.books import read_book
from moxu.corpus.work import Work
from moxu.errors import TextError

Missed = Callable[[Unread], None]
"""Called with each file, or row of a table, that could not be read."""


def read_works(sources: Sequence[Path], missed: Missed) -> Iterator[Work]:
    """Read the works of all sources; TextError for a source that is none, or where there is nothing to read."""
    works = (work for path in sources for work in _works_of(path, missed))
    first = next(works, None)
    if first is None:
        raise TextError(f"{', '.join(map(str, sources))}: nothing to read here; expected a corpus, or files of books")
    return itertools.chain([first], works)


def _works_of(path: Path, missed: Missed) -> Iterator[Work]:
    if (path / INDEX_FILE).is_file():
        return Corpus(path).works()
    if (path / IDS_FILE).is_file():
        return _packed_works(PackedText(path))
    return _other_works(path, missed)


def _other_works(path: Path, missed: Missed) -> Iterator[Work]:
    """Give the works of books, tables, archives and crawls, as they are: nothing is cleaned."""
    listing = list_sources([path])
    parts: list[Raw] = []  # of one work: the rows of a table that belong together come one after the other
    row = Row("")
    for piece in read_pieces(listing):
        for raw in [piece] if isinstance(piece, Fault) else _read(piece):
            if isinstance(raw, Fault):
                if not raw.harmless:
                    missed(Unread(raw.source, raw.reason))
                continue
            if parts and not (raw.key and raw.key == parts[-1].key):
                yield _work(parts, row)
                parts = []
            if not parts and not isinstance(piece, Fault):
                row = _row_of(listing.manifests.get(piece.manifest), piece, raw)
            parts.append(raw)
    if parts:
        yield _work(parts, row)


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
                yield Raw(book, piece.source, 0, split=piece.split)


def _row_of(manifest: Manifest | None, piece: Piece, raw: Raw) -> Row:
    """Return what a manifest says of a work; an inspection does not ask that it names all of them."""
    rows = manifest.rows if manifest else {}
    return rows.get(PurePosixPath(piece.source).stem) or rows.get(raw.book.title) or Row("")


def _work(parts: Sequence[Raw], row: Row) -> Work:
    first = parts[0]
    chapters = tuple(chapter for part in parts for chapter in part.book.chapters)
    book = replace(
        first.book, title=row.title or first.book.title, author=row.author or first.book.author, chapters=chapters
    )
    return Work(
        first.key or first.source,
        book,
        first.source,
        row.licence or first.licence,
        row.split or first.split,
        row.group or first.group,
    )


def _packed_works(packed: PackedText) -> Iterator[Work]:
    """Give the documents of a packed folder as works; titles of chapters are found again in their texts."""
    for number, document in enumerate(packed.documents):
        book = Book(document.name, "", split_chapters(_text_of(packed, document)))
        yield Work(f"{number}", book, document.name, "", document.split, document.group)


def _text_of(packed: PackedText, document: Document) -> str:
    ids, tokenizer = packed.ids[document.start : document.end], packed.tokenizer
    return tokenizer.decode(ids[ids != tokenizer.end_id].tolist() if tokenizer.end_id is not None else ids.tolist())
