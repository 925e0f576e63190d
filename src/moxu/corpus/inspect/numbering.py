"""The numbers of the chapters of a work, as their titles or their source say them: which are missing or come twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from moxu.corpus.chapters.headings import candidate
from moxu.corpus.chapters.split import LARGE_UNITS

Fault = Literal["missing", "again", "back"]
LARGE_LEAP = 1000  # a leap that is larger is no gap: 第九章, 第一九九九章


@dataclass(frozen=True, slots=True)
class NumberingFault:
    """Where numbers do not go on by one: after the chapter ``previous`` comes ``number``, in titles of this unit.

    The unit is empty where titles do not tell, but the source.

    ``missing`` numbers lie between the two; ``again`` is the same number; ``back`` a smaller one that does not begin
    the count anew.
    """

    fault: Fault
    unit: str
    previous: int
    number: int
    title: str

    @property
    def missing(self) -> int:
        """How many numbers are missing."""
        return self.number - self.previous - 1 if self.fault == "missing" else 0


def numbering_faults(titles: Iterable[str]) -> list[NumberingFault]:
    """Return where the numbers of titles, in their order, do not go on by one; a count may begin anew at 1."""
    faults: list[NumberingFault] = []
    last: dict[str, int] = {}
    for title in titles:
        says = candidate(title) if title else None
        if says is None or says.sort == "named":
            continue
        previous, last[says.kind] = last.get(says.kind, 0), says.number
        fault = _fault(previous, says.number)
        goes_on = fault == "again" and says.kind in LARGE_UNITS  # 卷一 第一回, 卷一 第二回
        if fault is not None and not goes_on:
            faults.append(NumberingFault(fault, says.kind, previous, says.number, title))
    return faults


def number_gaps(numbers: Sequence[int], titles: Sequence[str]) -> list[NumberingFault]:
    """Return where the numbers that the source gives the chapters, one for each title, leave some out."""
    places = enumerate(pairwise(numbers), start=1)
    return [
        NumberingFault("missing", "", previous, number, titles[place])
        for place, (previous, number) in places
        if _fault(previous, number) == "missing"
    ]


def _fault(previous: int, number: int) -> Fault | None:
    if number == previous + 1 or (number <= 1 and previous != number):
        return None
    if number == previous:
        return "again"
    if number < previous:
        return "back"
    return "missing" if number - previous <= LARGE_LEAP else None
