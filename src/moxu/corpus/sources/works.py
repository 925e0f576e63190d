"""The works of all kinds of sources, whole, one after the other: what everything that reads a corpus begins with."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from moxu.corpus.extras import import_extra
from moxu.corpus.manifest import Manifest, Row
from moxu.corpus.sources.listing import list_sources
from moxu.corpus.sources.pieces import Fault, Piece
from moxu.corpus.sources.reading import pieces_of, read_piece
from moxu.corpus.sources.rows import Raw
from moxu.corpus.work import Work

if TYPE_CHECKING:
    from moxu.corpus.folder import Corpus

Missed = Callable[[Fault], None]
"""Called with what could not be read."""


def read_works(sources: Sequence[Path], missed: Missed) -> Iterator[Work]:
    """Give the works, in an order that depends on the names of the files only.

    TextError for a source that is not there, or a corpus that is damaged; SettingsError where a library is missing.
    """
    listing = list_sources(sources, whole_corpora=True)
    for fault in listing.faults:
        missed(fault)
    for file in listing.files:
        if file.kind == "corpus":
            yield from open_corpus(file.path).works()
        else:
            yield from works_of(pieces_of(file), listing.manifests.get(file.manifest), missed)


def open_corpus(folder: Path) -> "Corpus":
    """Open a corpus that was built; TextError where it is damaged, SettingsError where pyarrow is missing."""
    corpus: Corpus = import_extra("moxu.corpus.folder", "corpus", f"{folder}: reading a corpus").Corpus(folder)
    return corpus


def works_of(
    pieces: Iterable[Piece | Fault], manifest: Manifest | None, missed: Missed, *, strict: bool = False
) -> Iterator[Work]:
    """Give the works in the pieces of a file, with what the manifest says of them.

    Rows one after the other with the same key are one work, whose chapters are all numbered. ``strict`` raises a
    TextError where the manifest does not name a work.
    """
    parts: list[Raw] = []
    row = Row("")
    for piece in pieces:
        for raw in (piece,) if isinstance(piece, Fault) else read_piece(piece):
            if isinstance(raw, Fault):
                missed(raw)
                continue
            if parts and not (raw.key and raw.key == parts[-1].key):
                yield _work(parts, row)
                parts = []
            if not parts and manifest is not None and isinstance(piece, Piece):
                names = names_of(piece, raw)
                row = manifest.row_of(*names) if strict else manifest.find(*names) or Row("")
            parts.append(raw)
    if parts:
        yield _work(parts, row)


def names_of(piece: Piece, raw: Raw) -> tuple[str, ...]:
    """Return the names by which a manifest may know a work: that of its file, if that is its own, and its title."""
    return (PurePosixPath(piece.source).stem, raw.book.title) if piece.kind == "book" else (raw.book.title,)


def _work(parts: Sequence[Raw], row: Row) -> Work:
    first = parts[0]
    chapters = tuple(chapter for part in parts for chapter in part.book.chapters)
    title, author = row.title or first.book.title, row.author or first.book.author
    return Work(
        first.key or first.source,
        replace(first.book, title=title, author=author, chapters=chapters),
        first.source,
        row.licence or first.licence,
        row.split or first.split,
        row.group or first.group,
        tuple(_numbers(parts)),
    )


def _numbers(parts: Iterable[Raw]) -> Iterator[int]:
    """Number the chapters whose source does not tell on from the one before."""
    last = 0
    for part in parts:
        for number in part.numbers or (0,) * len(part.book.chapters):
            last = number or last + 1
            yield last
