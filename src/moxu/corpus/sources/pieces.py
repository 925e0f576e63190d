"""What sources are cut into: pieces of bounded size, which any process can prepare, and faults, which are told."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from moxu.corpus.book import UNWANTED, one_line

LARGEST = 128 << 20  # bytes of a file that is read whole, or of a line; no book has so many
UNIT = 4 << 20  # bytes that small pieces are gathered to, and that tables are cut to

Kind = Literal["book", "crawl", "lines", "table"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A file with a book in it, a crawled book, or some rows of a table.

    ``source`` names it as the user did; ``first`` is the number of its first line or row; ``split`` is one that the
    source names, or empty; ``manifest`` names the manifest that covers it, or is empty; ``about`` is the manifest of a
    crawl; ``position`` says how many bytes of all sources had been read after it.
    """

    kind: Kind
    source: str
    data: bytes
    first: int = 1
    split: str = ""
    manifest: str = ""
    about: bytes = b""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be read, in a source or a row of it, and why.

    It is ``harmless`` where it was never meant to be read, and ``foreign`` where it is whole, but of another kind.
    """

    source: str
    reason: str
    harmless: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """Pieces that are prepared together."""

    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return sum(len(piece.data) for piece in self.pieces)

    def digest(self, salt: str) -> str:
        """Return what names the unit and everything that its preparation depends on, if ``salt`` names the options."""
        state = hashlib.blake2b(salt.encode(), digest_size=16)
        for piece in self.pieces:
            head = (piece.kind, piece.source, piece.first, piece.split, piece.manifest, len(piece.data))
            state.update(repr(head).encode())
            state.update(piece.data)
            state.update(piece.about)
        return state.hexdigest()


def units_of(found: Iterable[Piece | Fault]) -> Iterator[Unit | Fault]:
    """Gather pieces, in their order, to units of about UNIT bytes; faults come as soon as they are known."""
    waiting: list[Piece] = []
    size = 0
    for each in found:
        if isinstance(each, Fault):
            yield each
            continue
        if waiting and size + len(each.data) > UNIT:
            yield Unit(tuple(waiting))
            waiting, size = [], 0
        waiting.append(each)
        size += len(each.data)
    if waiting:
        yield Unit(tuple(waiting))


def shown(name: str) -> str:
    """Return the name of a stranger's file as it may be shown and kept: one line, no control characters."""
    return one_line(UNWANTED.sub("", name))[:300]
