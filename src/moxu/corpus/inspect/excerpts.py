"""Random excerpts, drawn by a seed: the same from the same works, in whatever order they are read."""

import hashlib
import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 240  # characters of an excerpt
TWO_64 = 1 << 64


@dataclass(frozen=True, slots=True, order=True)
class Excerpt:
    """A few paragraphs, and where they stand: the work, and the number (from 1) and the title of the chapter."""

    work: str
    number: int
    title: str
    text: str


class Excerpts:
    """Draws ``count`` chapters, each with a chance in proportion to its characters, and a place in each of them.

    The key of a chapter is the logarithm of a number that is drawn evenly, through its length; the largest keys win
    (Efraimidis and Spirakis, 2006). The number is a hash of the seed and the chapter's own place.
    """

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed
        self._kept: list[tuple[float, int, Excerpt]] = []

    def offer(self, work: str, title: str, number: int, head: str, paragraphs: Sequence[str]) -> None:
        """Draw lots for a chapter; ``work`` names it among all works, ``title`` to people."""
        length = sum(map(len, paragraphs))
        if not self._count or not length:
            return
        name = f"{self._seed}\0{work}\0{number}".encode("utf-8", "replace")
        digest = hashlib.blake2b(name, digest_size=16).digest()
        drawn, place = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")
        key = math.log((drawn + 1) / TWO_64) / length
        if len(self._kept) < self._count or (key, drawn) > self._kept[0][:2]:
            excerpt = Excerpt(title, number, head, _from(paragraphs, place * length // TWO_64))
            push = heapq.heappush if len(self._kept) < self._count else heapq.heapreplace
            push(self._kept, (key, drawn, excerpt))

    def drawn(self) -> tuple[Excerpt, ...]:
        """Return the excerpts, in the order of the draw."""
        return tuple(excerpt for *_, excerpt in sorted(self._kept, key=lambda kept: (-kept[0], -kept[1])))


def _from(paragraphs: Sequence[str], place: int) -> str:
    """Return some text from the paragraph on in which the character of this number stands."""
    first = 0
    while first < len(paragraphs) - 1 and place >= len(paragraphs[first]):
        place -= len(paragraphs[first])
        first += 1
    start = max(0, min(place, len(paragraphs[first]) - LONGEST)) if len(paragraphs[first]) > LONGEST else 0
    text = ("…" if start else "") + paragraphs[first][start:]
    for paragraph in paragraphs[first + 1 :]:
        if len(text) >= LONGEST:
            break
        text += "\n" + paragraph
    return text if len(text) <= LONGEST + 2 else text[:LONGEST].rstrip() + "…"
