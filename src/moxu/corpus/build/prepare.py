"""From a unit to its prepared chapters: read, clean, find chapters, fingerprint. The same wherever it runs.

This is the part of a build that takes time, and it needs nothing but the unit and the options: any process, here or on
another machine, may do it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from moxu.corpus.book import Book
from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.prepared import CHAPTERS, PreparedWork, pack_prepared
from moxu.corpus.clean.cleaner import Cleaner, clean_book
from moxu.corpus.clean.tally import Tally
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.corpus.dedup.related import sketch
from moxu.corpus.manifest import Row
from moxu.corpus.processes import in_order
from moxu.corpus.sources.pieces import UNIT, Fault, Piece, Unit
from moxu.corpus.sources.reading import read_piece
from moxu.corpus.sources.rows import Raw
from moxu.corpus.sources.works import names_of
from moxu.errors import TextError


class Preparer:
    """Prepares units; made once in each process, because the rules of cleaning take a while to make."""

    def __init__(self, options: PrepareOptions) -> None:
        self.options = options
        self._cleaner = cleaner_of(options)
        self._fingerprinter = Fingerprinter()

    def __call__(self, unit: Unit) -> bytes:
        """Return what becomes of a unit, as ``prepared.read_prepared`` reads it."""
        preparing = _Preparing()
        for piece in unit.pieces:
            for found in read_piece(piece, self.options.text_column):
                if isinstance(found, Fault):
                    preparing.faults.append(found)
                else:
                    self._add(preparing, piece, found)
        return pack_prepared(preparing.works, preparing.rows, preparing.tally, preparing.faults)

    def _add(self, preparing: "_Preparing", piece: Piece, raw: Raw) -> None:
        try:
            row = self._row(piece, raw)
        except TextError as error:
            preparing.faults.append(Fault(raw.source, f"left out: {error}"))
            return
        cleaned, tally = clean_book(raw.book, self._cleaner)
        preparing.tally += Tally(tally.rules)  # chapters that are empty now are named with all that are dropped
        first = len(preparing.rows["work"])
        for place, (before, after) in enumerate(zip(raw.book.chapters, cleaned.chapters, strict=True)):
            text = "\n".join(after.paragraphs)
            fingerprint = self._fingerprinter.of(text)
            signature = fingerprint.signature
            preparing.add_chapter(
                work=len(preparing.works),
                number=raw.numbers[place] if raw.numbers else 0 if raw.key else place + 1,
                heading=after.title,
                text=text,
                characters=after.characters,
                was_empty=not before.paragraphs,
                exact=fingerprint.exact,
                signature=None if signature is None else signature.astype("<u4").tobytes(),
                sketch=sketch([text]).astype("<u8").tobytes(),
            )
        sizes = preparing.sizes(first)
        preparing.works.append(_work(raw, row, self.options.licence, sum(sizes) + max(len(sizes) - 1, 0)))

    def _row(self, piece: Piece, raw: Raw) -> Row | None:
        """Return what the manifest that covers a piece says of the work; TextError where it does not name it."""
        return self.options.manifests[piece.manifest].row_of(*names_of(piece, raw)) if piece.manifest else None


def cleaner_of(options: PrepareOptions) -> Cleaner:
    """Return the rules of cleaning; SettingsError for one that is unknown."""
    return Cleaner.of(options.without, (*options.also, "simplified") if options.simplified else options.also)


def prepare(unit: Unit, options: PrepareOptions) -> bytes:
    """Prepare one unit; the same unit and options give the same bytes."""
    return Preparer(options)(unit)


def prepare_units(units: Iterable[Unit], options: PrepareOptions, workers: int) -> Iterator[bytes]:
    """Yield what becomes of each unit, in order; units are taken from their source as they are needed."""
    make = partial(Preparer, options)
    return (prepared for _, prepared in in_order(units, make, workers, attrgetter("size"), UNIT))


@dataclass
class _Preparing:
    """What has been prepared of a unit."""

    works: list[PreparedWork] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in CHAPTERS.names})
    tally: Tally = field(default_factory=Tally)
    faults: list[Fault] = field(default_factory=list)

    def add_chapter(self, **cells: Any) -> None:
        for name, cell in cells.items():
            self.rows[name].append(cell)

    def sizes(self, first: int) -> list[int]:
        """Return how many characters the chapters from the ``first`` on have."""
        rows = zip(self.rows["heading"][first:], self.rows["text"][first:], strict=True)
        return [text_size(heading, text) for heading, text in rows]


def text_size(heading: str, text: str) -> int:
    """Return how many characters a chapter takes with its heading, and the line end between them."""
    return len(heading) + len(text) + bool(heading and text)


def _work(raw: Raw, row: Row | None, licence: str, cleaned: int) -> PreparedWork:
    book, said = raw.book, row or Row("")
    return PreparedWork(
        title=said.title or book.title,
        author=said.author or book.author,
        source=raw.source,
        licence=said.licence or raw.licence or licence,
        group=said.group or raw.group,
        split=said.split or raw.split,
        key=raw.key,
        digest=_digest(book),
        read=raw.characters,
        cleaned=cleaned,
        told=said.characters,
        origin=said.source,
        note=said.note,
        format=book.format,
        encoding=book.encoding,
        warnings=book.warnings,
    )


def _digest(book: Book) -> str:
    """Return a digest of a book's text as it was read."""
    state = blake2b(digest_size=16)
    for chapter in book.chapters:
        state.update("\n".join(chapter.lines).encode("utf-8", "surrogatepass") + b"\0")
    return state.hexdigest()
