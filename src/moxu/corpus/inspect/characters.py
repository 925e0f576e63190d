"""Characters counted by numpy, a few hundred thousand at a time: how often each one stands there, of which kinds they
are, work by work, and how long the sentences are."""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from moxu.corpus.inspect.kinds import CODES, TITLES, Kind, kind_table
from moxu.corpus.inspect.lengths import Lengths
from moxu.corpus.inspect.top import Top
from moxu.text.code_points import code_points

AT_ONCE = 1 << 18  # characters
AROUND = 8  # characters shown on either side of an odd one
EXAMPLES = 20_000  # different characters of which an example is kept
FEWEST_TELLING = 50  # characters of one script only, from which on a work's script is told
MIXED = 0.02  # the part of these that is in the other script, from which on a work is mixed
SHOWN = 20  # works

Codes = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]

_NO_BREAK, _END, _CLOSING, _LINE_END = range(4)
_BREAKS = np.zeros(CODES, np.uint8)
for _characters, _break in (("。！？!?", _END), ("”’」』）)", _CLOSING), ("\n", _LINE_END)):
    _BREAKS[list(map(ord, _characters))] = _break


@dataclass(frozen=True, slots=True)
class Example:
    """Where a character stood first: some characters around it, and the work."""

    before: str
    after: str
    work: str


@dataclass(frozen=True, slots=True)
class ScriptOfWork:
    """How many characters of a work are simplified only and traditional only."""

    work: str
    simplified: int
    traditional: int


@dataclass(frozen=True, slots=True)
class LostInWork:
    """How many characters of a work are lost, of how many."""

    work: str
    lost: int
    characters: int


class Characters:
    """Counts the characters of works, one after the other."""

    def __init__(self) -> None:
        self.counts: Counts = np.zeros(CODES, np.int64)
        self.kinds: Counts = np.zeros(len(Kind), np.int64)
        self.sentences = Lengths()
        self.examples: dict[int, Example] = {}
        self.scripts = dict.fromkeys(("simplified", "traditional", "mixed", "untold"), 0)
        self.mixed: Top[ScriptOfWork] = Top(SHOWN)
        self.lost: Top[LostInWork] = Top(SHOWN)
        self._texts: list[str] = []
        self._owners: list[int] = []  # the number of the work of each text
        self._waiting = 0
        self._names: dict[int, str] = {}  # of the works that are not finished
        self._of_work: dict[int, Counts] = {}
        self._work = -1

    def begin_work(self, name: str) -> None:
        """Say that the texts that follow are of this work."""
        self._work += 1
        self._names[self._work] = name
        self._of_work[self._work] = np.zeros(len(Kind), np.int64)

    def add(self, text: str) -> None:
        """Count a text, lines without an end after the last one."""
        self._texts.append(text + "\n")
        self._owners.append(self._work)
        self._waiting += len(text) + 1
        if self._waiting >= AT_ONCE:
            self._count(self._work)

    def finish(self) -> None:
        """Count what is still waiting."""
        self._count(self._work + 1)

    def _count(self, finished: int) -> None:
        """Count the texts that wait; works with numbers below ``finished`` have no more of them."""
        if self._texts:
            text, lengths = "".join(self._texts), list(map(len, self._texts))
            codes = code_points(text)
            kinds = kind_table()[codes]
            counts = np.bincount(codes)
            self.counts[: len(counts)] += counts
            self._count_kinds(kinds, lengths)
            self.sentences.add(sentence_lengths(codes).tolist())
            self._find_examples(text, codes, kinds, list(accumulate(lengths)))
            self._texts, self._owners, self._waiting = [], [], 0
        for work in [work for work in self._of_work if work < finished]:
            self._finish_work(self._names.pop(work), self._of_work.pop(work))

    def _count_kinds(self, kinds: npt.NDArray[np.uint8], lengths: list[int]) -> None:
        first = self._owners[0]
        rows = np.repeat((np.array(self._owners) - first) * len(Kind), lengths)
        size = (self._owners[-1] - first + 1) * len(Kind)
        table = np.bincount(rows + kinds, minlength=size).reshape(-1, len(Kind))  # (works, kinds)
        for row, counts in enumerate(table):
            self._of_work[first + row] += counts
        self.kinds += table.sum(axis=0)

    def _find_examples(self, text: str, codes: Codes, kinds: npt.NDArray[np.uint8], ends: list[int]) -> None:
        odd = np.flatnonzero((kinds == Kind.ODD) | (kinds == Kind.RARE) | (kinds == Kind.LOST))
        found, first = np.unique(codes[odd], return_index=True)
        for code, place in zip(found.tolist(), odd[first].tolist(), strict=True):
            if code not in self.examples and len(self.examples) < EXAMPLES:
                before = text[max(0, place - AROUND) : place].rpartition("\n")[2]
                after = text[place + 1 : place + 1 + AROUND].partition("\n")[0]
                self.examples[code] = Example(before, after, self._names[self._owners[bisect_right(ends, place)]])

    def _finish_work(self, name: str, counts: Counts) -> None:
        simplified, traditional = int(counts[Kind.SIMPLIFIED]), int(counts[Kind.TRADITIONAL])
        script = script_of(simplified, traditional)
        self.scripts[script] += 1
        if script == "mixed":
            fewer, more = sorted((simplified, traditional))
            self.mixed.offer(fewer / more, ScriptOfWork(name, simplified, traditional))
        if lost := int(counts[Kind.LOST]):
            self.lost.offer(lost, LostInWork(name, lost, int(counts.sum() - counts[Kind.LINE_END])))


def script_of(simplified: int, traditional: int) -> str:
    """Say in which script a text is that has so many characters of one only."""
    fewer, telling = min(simplified, traditional), simplified + traditional
    if telling < FEWEST_TELLING:
        return "untold"
    if fewer >= MIXED * telling:
        return "mixed"
    return "simplified" if simplified > traditional else "traditional"


def sentence_lengths(codes: Codes) -> Counts:
    """Return the lengths of the sentences of some lines; quotes that close behind 。！？ belong to the sentence."""
    breaks = _BREAKS[codes]
    before, after = np.roll(breaks, 1), np.roll(breaks, -1)
    goes_on = (after == _END) | (after == _CLOSING)
    ends = (breaks == _LINE_END) | (
        ((breaks == _END) | ((breaks == _CLOSING) & ((before == _END) | (before == _CLOSING)))) & ~goes_on
    )
    places = np.flatnonzero(ends)
    lengths: Counts = np.diff(places, prepend=-1) - (breaks[places] == _LINE_END)
    return lengths[lengths > 0]


def name_of(code: int) -> str:
    """Return the name of a code point in Unicode, or what it is for where it has none."""
    return unicodedata.name(chr(code), "") or {"Co": "private use", "Cc": "control"}.get(
        unicodedata.category(chr(code)), "unassigned"
    )


def kinds_by_title(counts: Counts) -> dict[str, int]:
    """Return the counts of the kinds, those of the line ends aside, by what people call them."""
    return {title: int(counts[kind]) for kind, title in TITLES.items()}
