"""Lengths of anything, counted in bins that are exact up to 255 and within one in 128 beyond, however large."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_PRECISION = 7  # binary digits that are kept of a length, beside its first
_BINS = (64 - _PRECISION) << _PRECISION
AT_ONCE = 1 << 14
PER_TWOFOLD = 4  # bars of a histogram between a length and twice that length


@dataclass(frozen=True, slots=True)
class Bar:
    """How many lengths are at least ``low`` and less than ``high``."""

    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True)
class LengthFacts:
    """What lengths there are, in characters; all 0 and no bars where there are none."""

    count: int
    mean: float
    shortest: int
    tenth: int  # a tenth is shorter
    median: int
    nine_tenths: int
    longest: int
    bars: tuple[Bar, ...]


class Lengths:
    """Counts lengths that are not negative, without keeping them."""

    def __init__(self) -> None:
        self._waiting: list[int] = []  # a few at a time would cost numpy more than they cost Python
        self._bins = np.zeros(_BINS, np.int64)
        self._total = 0
        self._longest = 0
        self._shortest: int | None = None

    def add(self, lengths: Iterable[int]) -> None:
        """Count some lengths."""
        self._waiting.extend(lengths)
        if len(self._waiting) >= AT_ONCE:
            self._count()

    def _count(self) -> None:
        if not self._waiting:
            return
        values, self._waiting = np.array(self._waiting, np.int64), []
        counts = np.bincount(_bin_of(values))
        self._bins[: len(counts)] += counts
        self._total += int(values.sum())
        self._longest = max(self._longest, int(values.max()))
        shortest = int(values.min())
        self._shortest = shortest if self._shortest is None else min(self._shortest, shortest)

    def facts(self) -> LengthFacts:
        """Return what was counted."""
        self._count()
        count = int(self._bins.sum())
        return LengthFacts(
            count=count,
            mean=self._total / count if count else 0.0,
            shortest=self._shortest or 0,
            tenth=self._quantile(0.1, count),
            median=self._quantile(0.5, count),
            nine_tenths=self._quantile(0.9, count),
            longest=self._longest,
            bars=self._bars(),
        )

    def _quantile(self, part: float, count: int) -> int:
        if not count:
            return 0
        place = int(np.searchsorted(np.cumsum(self._bins), part * count))
        return min(max(_low_of(place), self._shortest or 0), self._longest)

    def _bars(self) -> tuple[Bar, ...]:
        """Return bars whose ends grow by the same factor; those before the first length and after the last are left."""
        edges = sorted({round(2 ** (step / PER_TWOFOLD)) for step in range(62 * PER_TWOFOLD)} | {0})
        lows = np.array([_low_of(place) for place in np.flatnonzero(self._bins).tolist()])
        counts = self._bins[self._bins > 0]
        bar_of = np.searchsorted(edges, lows, side="right") - 1
        bars = np.bincount(bar_of, weights=counts).astype(np.int64) if len(lows) else np.zeros(0, np.int64)
        start = int(bar_of.min()) if len(lows) else 0
        return tuple(Bar(edges[place], edges[place + 1], int(bars[place])) for place in range(start, len(bars)))


def _bin_of(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    shift = np.maximum(np.frexp(values.astype(np.float64))[1].astype(np.int64) - 1 - _PRECISION, 0)
    return (shift << _PRECISION) + (values >> shift)


def _low_of(place: int) -> int:
    """Return the smallest length of a bin."""
    shift = max((place >> _PRECISION) - 1, 0)
    return (place - (shift << _PRECISION)) << shift
