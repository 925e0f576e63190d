"""The lines that are repeated most, found in one pass and bounded memory.

Lines are counted by the method of Misra and Gries (1982): where there are too many different ones, all lose the same,
and those with nothing left are forgotten. A line that is repeated often enough to matter is never forgotten; its count
may be too low, by no more than ``Lines.uncounted``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SHORTEST, LONGEST = 2, 120  # characters of a line that may be an advert


@dataclass(frozen=True, slots=True)
class RepeatedLine:
    """A line, how often it stands in the corpus at least, in how many works at least, and one of them."""

    text: str
    count: int
    works: int
    work: str


class Lines:
    """Counts lines, at most ``most`` different ones at a time."""

    def __init__(self, most: int = 1 << 17) -> None:
        self._most = most
        self._counts: dict[str, int] = {}
        self._works: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self.uncounted = 0

    def add(self, lines: Iterable[str], work: str) -> None:
        """Count the lines of a work."""
        for line, count in Counter(lines).items():
            if SHORTEST <= len(line) <= LONGEST:
                self._counts[line] = self._counts.get(line, 0) + count
                self._works[line] += 1
                self._first.setdefault(line, work)
        if len(self._counts) > self._most:
            self._forget()

    def most_repeated(self, count: int) -> tuple[RepeatedLine, ...]:
        """Return the lines that stand there more than once and most often."""
        repeated = [line for line, times in self._counts.items() if times > 1]
        repeated.sort(key=lambda line: (-self._counts[line], line))
        return tuple(
            RepeatedLine(line, self._counts[line], self._works[line], self._first[line]) for line in repeated[:count]
        )

    def _forget(self) -> None:
        """Take from every line what the middle one has: at least half of the lines have nothing left."""
        counts = np.fromiter(self._counts.values(), np.int64)
        taken = int(np.median(counts))
        self.uncounted += taken
        self._counts = {line: count - taken for line, count in self._counts.items() if count > taken}
        self._works = Counter({line: self._works[line] for line in self._counts})
        self._first = {line: self._first[line] for line in self._counts}
