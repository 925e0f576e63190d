"""How a revision is kept: a whole text, or what one passage of an earlier one was replaced with; always compressed.

An edit usually touches one place. So a revision is the difference from the last whole text (its *snapshot*), as long
as the passage that differs is short beside the text, and otherwise it is the next snapshot. Reading any revision takes
one snapshot and at most one difference, and any revision that is no snapshot can be dropped without touching another.
"""

import zlib
from dataclasses import dataclass

_SHARE = 8  # a difference may hold an eighth of the text


@dataclass(frozen=True, slots=True)
class Difference:
    """Characters ``start`` to ``stop`` of the snapshot are replaced with ``inserted``."""

    start: int
    stop: int
    inserted: str

    def apply(self, snapshot: str) -> str:
        """Return the text that differs so from the snapshot."""
        return snapshot[: self.start] + self.inserted + snapshot[self.stop :]


def difference(snapshot: str, text: str) -> Difference | None:
    """Return how ``text`` differs from ``snapshot``, or None where that is no saving."""
    start = _shared_beginning(snapshot, text)
    end = _shared_beginning(snapshot[start:][::-1], text[start:][::-1])
    inserted = text[start : len(text) - end]
    if len(inserted) * _SHARE > len(text):
        return None
    return Difference(start, len(snapshot) - end, inserted)


def _shared_beginning(one: str, other: str) -> int:
    """Return the length of the common beginning, by halving: Python compares slices much faster than characters."""
    low, high = 0, min(len(one), len(other))  # [:low] is shared, [:high + 1] is not
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def compress(text: str) -> bytes:
    """Return the text as UTF-8, deflated; zlib adds a checksum."""
    return zlib.compress(text.encode())


def expand(content: bytes) -> str:
    """Return the text that was compressed."""
    return zlib.decompress(content).decode()
