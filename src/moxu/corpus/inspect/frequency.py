"""How often characters stand in a text, summed up: coverage, Zipf's law, and which of some kind are most frequent."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from moxu.corpus.inspect.characters import Example, kinds_by_title, name_of
from moxu.corpus.inspect.facts import CharacterCount, CharacterFacts, Coverage
from moxu.corpus.inspect.kinds import Kind, kind_table

PARTS = (0.9, 0.99, 0.999, 0.9999, 1.0)
POINTS = 160  # of a curve
SHOWN = 40

Counts = npt.NDArray[np.int64]


def character_facts(counts: Counts, kinds: Counts, examples: Mapping[int, Example]) -> CharacterFacts:
    """Sum up the counts of all code points (0x110000,)."""
    counts = counts.copy()
    counts[ord("\n")] = 0
    found = np.flatnonzero(counts)
    order = found[np.lexsort((found, -counts[found]))]  # most frequent first, of equal ones by code point
    sorted_counts = counts[order]
    sums = np.cumsum(sorted_counts)
    total = int(sums[-1]) if len(sums) else 0
    kind_of = kind_table()[order]

    def most_frequent(*wanted: Kind, most: int = SHOWN) -> tuple[CharacterCount, ...]:
        chosen = order[np.isin(kind_of, wanted)] if wanted else order
        return tuple(_count_of(int(code), int(counts[code]), examples) for code in chosen[:most])

    ranks = _spread(len(order))
    return CharacterFacts(
        different=len(order),
        kinds=kinds_by_title(kinds),
        coverage=tuple(Coverage(part, _needed(sums, part)) for part in PARTS),
        ranks=tuple((rank, int(sorted_counts[rank - 1])) for rank in ranks),
        missed=tuple((rank, 1 - int(sums[rank - 1]) / total) for rank in ranks),
        frequent=most_frequent(),
        punctuation=most_frequent(Kind.PUNCTUATION, Kind.HALF_WIDTH),
        odd=most_frequent(Kind.ODD),
        rare=most_frequent(Kind.RARE),
        lost=most_frequent(Kind.LOST),
    )


def _needed(sums: Counts, part: float) -> int:
    """Return how many of the most frequent characters make up this part of the text."""
    if not len(sums):
        return 0
    return int(np.searchsorted(sums, part * int(sums[-1]) - 1e-6)) + 1


def _spread(count: int) -> list[int]:
    """Return ranks from 1 to ``count``, each so many times the one before."""
    if not count:
        return []
    return sorted({round(rank) for rank in np.geomspace(1, count, POINTS).tolist()})


def _count_of(code: int, count: int, examples: Mapping[int, Example]) -> CharacterCount:
    example = examples.get(code, Example("", "", ""))
    return CharacterCount(chr(code), f"U+{code:04X}", name_of(code), count, example.before, example.after, example.work)
