"""What is wrong with a book that was fetched: chapters that failed, are empty, too short, repeated or missing."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from moxu.corpus.crawl.numbering import numbers_in

Kind = Literal["failed", "empty", "short", "repeated", "gap"]

NEIGHBOURS = 5  # chapters on either side that tell how long one should be
FAR_SHORTER = 0.2  # of the usual length of the neighbours
LONG_ENOUGH = 400  # characters that neighbours must have, to say that another is too short
SKETCH = 12  # paragraphs that a chapter is known by
ALIKE = 0.75  # of these, in chapters that are the same but for a line
FEWEST_ALIKE = 4
TELLING = 12  # characters of a paragraph that tells one chapter from another
SMALL_GAP = 3  # numbers that may be left out where nothing confirms the larger number
MOST_NAMED = 10  # missing numbers that are named one by one


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: with the chapter of that number and name; before it, where numbers are missing."""

    kind: Kind
    number: int
    name: str
    detail: str

    def __str__(self) -> str:
        return f"{self.number} {self.name}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is remembered of a chapter to judge it by: not its text, but how long it is, and what it is known by."""

    number: int
    name: str
    characters: int = 0
    digest: bytes = b""
    sketch: tuple[bytes, ...] = ()
    error: str = ""  # why it could not be fetched


def fetched(number: int, name: str, paragraphs: Sequence[str]) -> Fetched:
    """Return what is to be remembered of a chapter with these paragraphs."""
    lines = ["".join(line.split()) for line in paragraphs]
    hashes = sorted({_hash(line) for line in lines if len(line) >= TELLING})
    return Fetched(number, name, sum(map(len, lines)), _hash("\n".join(lines)), tuple(hashes[:SKETCH]))


def judge(chapters: Sequence[Fetched]) -> tuple[Finding, ...]:
    """Return what is wrong with a book, in the order of its chapters."""
    ordered = sorted(chapters, key=lambda one: one.number)
    found = [*_missing_texts(ordered), *_short(ordered), *_repeated(ordered), *_gaps(ordered)]
    return tuple(sorted(found, key=lambda one: one.number))


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _missing_texts(chapters: Sequence[Fetched]) -> Iterator[Finding]:
    for one in chapters:
        if one.error:
            yield Finding("failed", one.number, one.name, one.error)
        elif not one.characters:
            yield Finding("empty", one.number, one.name, "has no text")


def _short(chapters: Sequence[Fetched]) -> Iterator[Finding]:
    there = [one for one in chapters if one.characters]
    for place, one in enumerate(there):
        around = there[max(0, place - NEIGHBOURS) : place] + there[place + 1 : place + 1 + NEIGHBOURS]
        usual = median(other.characters for other in around) if around else 0
        if usual >= LONG_ENOUGH and one.characters < FAR_SHORTER * usual:
            detail = f"has {one.characters:,} characters, and its neighbours some {int(usual):,}"
            yield Finding("short", one.number, one.name, detail)


def _repeated(chapters: Sequence[Fetched]) -> Iterator[Finding]:
    exact: dict[bytes, Fetched] = {}
    homes: dict[bytes, list[int]] = {}
    for place, one in enumerate(chapters):
        if not one.characters:
            continue
        other = exact.setdefault(one.digest, one)
        if other is one:
            like = _most_alike(one, chapters, homes)
            other = chapters[like] if like is not None else one
        if other is not one:
            yield Finding("repeated", one.number, one.name, f"repeats {other.number} {other.name}")
            continue
        for mark in one.sketch:
            homes.setdefault(mark, []).append(place)


def _most_alike(one: Fetched, chapters: Sequence[Fetched], homes: dict[bytes, list[int]]) -> int | None:
    """Return the place of an earlier chapter with nearly the same paragraphs; lines of many chapters say nothing."""
    shared = Counter(place for mark in one.sketch if len(homes.get(mark, ())) < SKETCH for place in homes.get(mark, ()))
    for place, number in shared.most_common(1):
        least = max(FEWEST_ALIKE, ALIKE * min(len(one.sketch), len(chapters[place].sketch)))
        return place if number >= least else None
    return None


def _gaps(chapters: Sequence[Fetched]) -> Iterator[Finding]:
    """Yield where the numbers in the names leave some out that do not stand elsewhere in the same volume."""
    for volume in _volumes(chapters):
        known = {number for _, number in volume}
        if volume[0][1] > 1 and _goes_on(volume, 0):
            yield _gap(volume[0][0], range(1, volume[0][1]))
        for place, ((_, before), (one, number)) in enumerate(pairwise(volume), 1):
            missing = [other for other in range(before + 1, number) if other not in known]
            if (
                missing
                and len(missing) == number - before - 1
                and (len(missing) <= SMALL_GAP or _goes_on(volume, place))
            ):
                yield _gap(one, missing)


def _volumes(chapters: Sequence[Fetched]) -> Iterator[list[tuple[Fetched, int]]]:
    """Yield the numbered chapters of each volume: where numbers begin again at 1, another begins."""
    volume: list[tuple[Fetched, int]] = []
    for one in chapters:
        numbers = numbers_in(one.name)
        if not numbers.sure or numbers.chapter is None:
            continue
        if volume and numbers.chapter == 1 and volume[-1][1] > 1:
            yield volume
            volume = []
        volume.append((one, numbers.chapter))
    if volume:
        yield volume


def _goes_on(volume: Sequence[tuple[Fetched, int]], place: int) -> bool:
    """Say whether the next chapter counts on from this one, which shows that its number is no slip."""
    return place + 1 < len(volume) and 0 <= volume[place + 1][1] - volume[place][1] <= SMALL_GAP


def _gap(one: Fetched, missing: Sequence[int]) -> Finding:
    if len(missing) > MOST_NAMED:
        told = f"{missing[0]} to {missing[-1]} ({len(missing)} chapters)"
    else:
        told = ", ".join(map(str, missing))
    return Finding("gap", one.number, one.name, f"by their numbers, before this chapter there should be {told}")
