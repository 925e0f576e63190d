"""Chapters that repeat others, wholly or nearly, told by their fingerprints; their texts are not kept."""

from array import array
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from moxu.corpus.dedup.collection import Collection
from moxu.corpus.dedup.duplicates import KEPT
from moxu.corpus.dedup.fingerprint import Fingerprinter

BINS = 48
THRESHOLD = 0.7  # how alike chapters are that are told
PLACES = 5  # that are told of each text
NAME = 80  # characters that are kept of the name of a work


@dataclass(frozen=True, slots=True)
class Copies:
    """Chapters with nearly the same text.

    ``characters`` is the length of the first, ``alike`` the least similarity to it: 1 where all are equal but for
    punctuation and spaces. ``places`` are the first of them: work, and number of the chapter from 1.
    """

    characters: int
    count: int
    alike: float
    places: tuple[tuple[str, int], ...]


class Chapters:
    """Remembers of every chapter its fingerprint and its place: some 40 bytes in memory, and 200 in a file.

    In the end, to find the copies, all of it is looked at: some 350 bytes a chapter, of which 200 are of the file.
    """

    def __init__(self) -> None:
        self._texts = Collection(Fingerprinter(bins=BINS))
        self._works, self._numbers, self._lengths = array("Q"), array("L"), array("Q")
        self._names, self._ends = bytearray(), array("Q")

    def begin_work(self, name: str) -> None:
        """Say that the chapters that follow are of this work."""
        self._names += name[:NAME].encode("utf-8", "replace")
        self._ends.append(len(self._names))

    def add(self, text: str, number: int) -> None:
        """Remember a chapter of the work that was begun last."""
        self._texts.add(text)
        self._works.append(len(self._ends) - 1)
        self._numbers.append(number)
        self._lengths.append(len(text) - text.count("\n"))

    def copies(self) -> list[Copies]:
        """Return what is repeated, that first which makes up most characters."""
        found = self._texts.duplicates(THRESHOLD)
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for place in np.flatnonzero(found.repeats != KEPT).tolist():
            groups[int(found.repeats[place])].append(place)
        copies = [
            Copies(
                self._lengths[first],
                1 + len(others),
                round(float(found.similarity[others].min()), 3),
                tuple(map(self._place, [first, *others][:PLACES])),
            )
            for first, others in groups.items()
        ]
        return sorted(copies, key=lambda one: (-one.characters * (one.count - 1), one.places))

    def _place(self, index: int) -> tuple[str, int]:
        work = self._works[index]
        name = self._names[self._ends[work - 1] if work else 0 : self._ends[work]].decode("utf-8")
        return name, self._numbers[index]
