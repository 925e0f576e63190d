"""What becomes of each chapter: kept, or dropped for a reason that can be told."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.build.gathering import Chapters, Works
from moxu.corpus.build.splits import TRAIN, Assignment
from moxu.corpus.dedup.duplicates import KEPT as REPEATS_NONE
from moxu.corpus.dedup.duplicates import find_duplicates

KEPT, EMPTY, SHORT, EXACT, NEAR, OVERLAP, ALONE = range(7)
REASONS = {
    EMPTY: "empty after cleaning",
    SHORT: "too short",
    EXACT: "exact duplicate",
    NEAR: "near duplicate",
    OVERLAP: "overlaps a work that is held out",
    ALONE: "title of a volume without chapters",
}

OVERLAPPING = 0.2  # part of a chapter's long n-grams that are in works that are held out
FEWEST_SHARED = 3  # hashes, each of which stands for some 256 letters; common phrases have fewer
HASHES_AT_ONCE = 1 << 20


@dataclass
class Verdicts:
    """For each chapter (N,) its fate, the chapter that it repeats or -1, and how alike the two are.

    Where a chapter overlaps a work that is held out, ``repeats`` is the first chapter of that work.
    """

    fates: NDArray[np.int8]
    repeats: NDArray[np.int64]
    similarity: NDArray[np.float32]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which chapters are kept (N,)."""
        kept: NDArray[np.bool_] = self.fates == KEPT
        return kept


def judge(works: Works, chapters: Chapters, assignment: Assignment, near: float | None, min_chars: int) -> Verdicts:
    """Judge all chapters; of chapters that repeat one another that of the work that is held out is kept.

    Works that only followed a related one come after it.
    """
    count = len(chapters.works)
    fates = np.zeros(count, np.int8)
    text = chapters.sizes > 0
    fates[~text & ~chapters.was_empty] = EMPTY
    fates[text & (chapters.sizes < min_chars)] = SHORT
    verdicts = Verdicts(fates, np.full(count, -1, np.int64), np.zeros(count, np.float32))
    sides = assignment.splits[chapters.works]
    priority = sides - assignment.followed[chapters.works] / 2
    _drop_duplicates(verdicts, chapters, text & (fates == KEPT), priority, near)
    if near is not None:
        _drop_overlaps(verdicts, works, chapters, sides)
    _drop_lonely_titles(verdicts, works, chapters)
    return verdicts


def _drop_duplicates(
    verdicts: Verdicts, chapters: Chapters, judged: NDArray[np.bool_], priority: NDArray[np.float64], near: float | None
) -> None:
    others = np.flatnonzero(~judged)
    exact = chapters.exact.copy()
    exact[others] = 0  # what is not judged equals nothing: its digest is its place, which no text has
    exact[others, :8] = others.astype("<u8").view(np.uint8).reshape(-1, 8)
    has_signature = chapters.has_signature & judged & (near is not None)
    found = find_duplicates(exact, chapters.signatures, has_signature, threshold=near or 1.0, priority=priority)
    repeating = found.repeats != REPEATS_NONE
    verdicts.fates[repeating] = np.where(found.exact[repeating], EXACT, NEAR)
    verdicts.repeats[repeating] = found.repeats[repeating]
    verdicts.similarity[repeating] = found.similarity[repeating]


def _drop_overlaps(verdicts: Verdicts, works: Works, chapters: Chapters, sides: NDArray[np.int8]) -> None:
    """Drop chapters for training that share much of their text with works that are held out, however it is cut."""
    held_out, owners = _held_out(chapters, np.flatnonzero(verdicts.kept & (sides != TRAIN)))
    if not len(held_out):
        return
    for chapter in np.flatnonzero(_shared(verdicts, chapters, sides, held_out)):
        begin, end = chapters.sketch_starts[chapter : chapter + 2]
        sketch = np.asarray(chapters.sketches[begin:end])
        shared = np.isin(held_out, sketch)
        owner = int(np.bincount(owners[shared]).argmax())
        verdicts.fates[chapter] = OVERLAP
        verdicts.repeats[chapter] = works.starts[owner]
        verdicts.similarity[chapter] = np.isin(sketch, held_out).mean()


def _held_out(chapters: Chapters, places: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[Any]]:
    """Return the hashes of these chapters, sorted, each once, and the work that each is from."""
    starts = chapters.sketch_starts
    parts = [np.asarray(chapters.sketches[starts[place] : starts[place + 1]]) for place in places]
    hashes = np.concatenate([np.empty(0, np.uint64), *parts])
    owners = np.repeat(chapters.works[places], [len(part) for part in parts])
    unique, first = np.unique(hashes, return_index=True)
    return unique, owners[first]


def _shared(
    verdicts: Verdicts, chapters: Chapters, sides: NDArray[np.int8], held_out: NDArray[np.uint64]
) -> NDArray[np.bool_]:
    """Return which kept chapters for training share too much with what is held out (N,)."""
    hits = np.zeros(len(chapters.works) + 1, np.int64)
    for begin in range(0, len(chapters.sketches), HASHES_AT_ONCE):
        block = np.asarray(chapters.sketches[begin : begin + HASHES_AT_ONCE])
        places = np.minimum(np.searchsorted(held_out, block), len(held_out) - 1)
        found = begin + np.flatnonzero(held_out[places] == block)
        owners = np.searchsorted(chapters.sketch_starts, found, side="right") - 1
        np.add.at(hits, owners, 1)
    shared, sizes = hits[:-1], np.diff(chapters.sketch_starts)
    too_much = (shared >= FEWEST_SHARED) & (shared >= OVERLAPPING * sizes)
    dropped: NDArray[np.bool_] = too_much & verdicts.kept & (sides == TRAIN)
    return dropped


def _drop_lonely_titles(verdicts: Verdicts, works: Works, chapters: Chapters) -> None:
    """Drop what is left of works that have no text any more: the titles of their volumes."""
    with_text = np.zeros(len(works.ids), np.bool_)
    with_text[chapters.works[verdicts.kept & (chapters.sizes > 0)]] = True
    verdicts.fates[verdicts.kept & ~with_text[chapters.works]] = ALONE
