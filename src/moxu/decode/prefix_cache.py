"""Remembered beginnings: what a model knew after reading them, so that a text that begins alike is not read again.

A state can be taken up only at the very length at which it was left, so it is worth keeping where texts are taken up:
at the end of a prompt (to try again, or after an undo) and at the end of what was written (to go on).
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from moxu.language_model import Array


@dataclass(frozen=True)
class Snapshot:
    """The logits (1, V) and the state of one row after reading its ``length`` first ids from nothing.

    Whoever takes it up reads on from ``state.select([0])``, a copy.
    """

    length: int
    logits: Array
    state: Any
    bytes: int


class PrefixCache:
    """Snapshots by the ids that were read, in no more than ``capacity`` bytes; those not used for longest go first."""

    def __init__(self, capacity: int) -> None:
        self.capacity, self.bytes = capacity, 0
        self._kept: OrderedDict[bytes, Snapshot] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, ids: Sequence[int], logits: Array, state: Any) -> None:
        """Keep the state of one row that has read these ids from nothing; it and ``logits`` (1, V) must be its own."""
        key = key_of(ids)
        size = len(key) + logits.nbytes + sum(array.nbytes for array in state.arrays().values())
        self._forget(key)
        if size > self.capacity:
            return
        while self.bytes + size > self.capacity:
            self._forget(next(iter(self._kept)))
        self._kept[key] = Snapshot(len(ids), logits, state, size)
        self.bytes += size

    def find(self, ids: Sequence[int], *, whole: bool = False) -> Snapshot | None:
        """Return the snapshot of the longest beginning of these ids, or of all of them only (``whole``)."""
        wanted = key_of(ids)
        found = [wanted] if whole else [key for key in self._kept if wanted.startswith(key)]
        best = max(found, key=len, default=wanted)
        if best not in self._kept:
            return None
        self._kept.move_to_end(best)
        return self._kept[best]

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.bytes = 0

    def _forget(self, key: bytes) -> None:
        if (gone := self._kept.pop(key, None)) is not None:
            self.bytes -= gone.bytes


def key_of(ids: Sequence[int]) -> bytes:
    """Return ids as bytes, eight for each, so that one beginning with another is a comparison of memory."""
    return np.asarray(ids, np.int64).tobytes()
