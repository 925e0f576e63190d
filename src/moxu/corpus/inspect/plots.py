"""The plots of an inspection as data, which ``svg`` draws for the page and ``png`` for a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from moxu.corpus.inspect.facts import Facts, Share
from moxu.corpus.inspect.lengths import LengthFacts


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis measures, whether each step multiplies (``log``) or adds, and whether it measures parts of 1."""

    title: str
    log: bool = False
    of_one: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars from ``low`` to ``high`` on a log axis, as high as their counts, and where the median is."""

    title: str
    x: Axis
    y: Axis
    bars: tuple[tuple[float, float, float], ...]
    median: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points; ``marks`` are names of some of its points."""

    title: str
    x: Axis
    y: Axis
    points: tuple[tuple[float, float], ...]
    marks: tuple[tuple[str, float, float], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each name, as long as its value."""

    title: str
    x: Axis
    values: tuple[tuple[str, float], ...]
    note: str = ""


Plot = Histogram | Curve | Bars

LENGTHS = {
    "works": "Length of works",
    "chapters": "Length of chapters",
    "paragraphs": "Length of paragraphs",
    "sentences": "Length of sentences",
}


def length_plots(facts: Facts) -> tuple[Histogram, ...]:
    """Return the histograms of all lengths that there are."""
    return tuple(_histogram(name, facts.lengths[name]) for name in LENGTHS if facts.lengths[name].count)


def character_plots(facts: Facts) -> tuple[Curve, ...]:
    """Return Zipf's plot and what a vocabulary of the most frequent characters misses."""
    if not facts.text.ranks:
        return ()
    zipf = Curve(
        "Frequency of characters (Zipf)",
        Axis("rank", log=True),
        Axis("times in the text", log=True),
        tuple((float(rank), float(count)) for rank, count in facts.text.ranks),
        note="Natural text falls slowly, then steeply; steps and shelves come from copies or from damage.",
    )
    missed = tuple((float(rank), part) for rank, part in facts.text.missed if part > 0)
    marks = tuple(
        (f"{one.part * 100:g}%: {one.characters:,}", float(one.characters), 1 - one.part)
        for one in facts.text.coverage
        if missed and 1 - one.part > missed[-1][1]
    )
    coverage = Curve(
        "What a vocabulary of characters would miss",
        Axis("characters in the vocabulary", log=True),
        Axis("part of the text outside it", log=True, of_one=True),
        missed,
        marks,
        "Marked: how many characters make up that part of the text.",
    )
    return (zipf, coverage) if len(missed) > 1 else (zipf,)


def share_plot(title: str, shares: Sequence[Share], most: int = 12) -> Bars:
    """Return how many characters each value of a column has."""
    values = tuple((share.name or "(none)", float(share.characters)) for share in shares[:most])
    return Bars(title, Axis("characters"), values)


def all_plots(facts: Facts) -> tuple[Plot, ...]:
    """Return the plots of a picture, in their order."""
    shares = [
        share_plot(f"Characters by {column}", facts.shares[column])
        for column in ("split", "group")
        if len(facts.shares[column]) > 1
    ]
    return (*length_plots(facts), *character_plots(facts), *shares)


def _histogram(name: str, lengths: LengthFacts) -> Histogram:
    bars = tuple((max(bar.low, 0.7), float(bar.high), float(bar.count)) for bar in lengths.bars)
    note = f"Half have {lengths.median:,} characters or fewer, nine in ten {lengths.nine_tenths:,}."
    return Histogram(LENGTHS[name], Axis("characters", log=True), Axis(name), bars, float(lengths.median), note)
