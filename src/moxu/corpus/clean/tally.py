"""What cleaning did: for each rule how many lines it touched, how many characters, and a few samples.

Tallies of any parts of a corpus add up to the same sum in any order, so the work can be spread over processes. Which
samples are kept is decided by a hash of their text alone.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

SAMPLES = 5  # kept of each rule
WIDTH = 80  # characters of a sample, around what changed
_LEAD = 20  # of them before it


class Sample(NamedTuple):
    """A line before and after a rule, cut around the first difference; ``after`` is empty when the line went."""

    before: str
    after: str


class Emptied(NamedTuple):
    """A chapter that had paragraphs and has none left: the title of its book, its number from 1, its own title."""

    book: str
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class RuleTally:
    """What one rule did: lines touched, characters removed or replaced, samples in the order of their hashes."""

    lines: int = 0
    characters: int = 0
    samples: tuple[Sample, ...] = ()

    def __add__(self, other: "RuleTally") -> "RuleTally":
        samples = _least({*self.samples, *other.samples})
        return RuleTally(self.lines + other.lines, self.characters + other.characters, samples)


@dataclass(frozen=True, slots=True)
class Tally:
    """What all rules did, by their names, and the chapters that they left empty, in order."""

    rules: Mapping[str, RuleTally] = field(default_factory=dict)
    emptied: tuple[Emptied, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        names = sorted(self.rules.keys() | other.rules.keys())
        nothing = RuleTally()
        rules = {name: self.rules.get(name, nothing) + other.rules.get(name, nothing) for name in names}
        return Tally(rules, tuple(sorted(self.emptied + other.emptied)))

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, the same for equal tallies."""
        rules = {
            name: {"lines": rule.lines, "characters": rule.characters, "samples": [list(one) for one in rule.samples]}
            for name, rule in sorted(self.rules.items())
        }
        return {"rules": rules, "emptied": [list(one) for one in self.emptied]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Tally":
        """Return the tally that ``to_json`` wrote."""
        rules = {
            name: RuleTally(rule["lines"], rule["characters"], tuple(Sample(*one) for one in rule["samples"]))
            for name, rule in values["rules"].items()
        }
        return cls(rules, tuple(Emptied(*one) for one in values["emptied"]))


def compare(before: Sequence[str], after: Sequence[str]) -> RuleTally:
    """Return what a rule did to some lines, given as they were and as they are, a line gone being empty."""
    touched = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    had = Counter("".join([old for old, _ in touched]))
    has = Counter("".join([new for _, new in touched]))
    return RuleTally(len(touched), (had - has).total(), _least({_sample(old, new) for old, new in touched}))


def _least(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    return tuple(heapq.nsmallest(SAMPLES, samples, key=_hash))


def _hash(sample: Sample) -> tuple[bytes, Sample]:
    text = "\0".join(sample).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=8).digest(), sample


def _sample(before: str, after: str) -> Sample:
    if len(before) <= WIDTH and len(after) <= WIDTH:
        return Sample(before, after)
    start = max(0, _alike(before, after) - _LEAD)
    return Sample(before[start : start + WIDTH], after[start : start + WIDTH])


def _alike(first: str, second: str) -> int:
    """Return how many characters both begin with, in time that grows with its logarithm, but for the copying."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[low:middle] == second[low:middle] else (low, middle - 1)
    return low
