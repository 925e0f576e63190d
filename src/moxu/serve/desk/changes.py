"""How two texts differ, for showing them side by side: the lines that changed, and in them the characters.

What stands once in either text, lines or characters, is an anchor; the longest run of anchors in the same order is the
same text, and so is whatever continues it on either side; between two anchors the same is done again, a few times.
(Bram Cohen's patience diff.) It takes about as long as sorting the texts would, whatever they are.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from moxu.serve.desk.edits import utf16_length

_DEPTH = 8  # how often what lies between anchors is searched for anchors
_CRUMB = 2  # fewer characters that stayed between two changes are shown as changed
_LONG = 20_000  # characters; where so many changed, nobody wants to know which


class Piece(BaseModel):
    """A part of both texts, or of the one before, or of the one after."""

    kind: Literal["same", "removed", "inserted"]
    text: str


class Hunk(BaseModel):
    """Lines that differ: where they begin in either text, in UTF-16 code units, and what changed in them.

    What is the same or removed makes the lines before, what is the same or inserted those after.
    """

    before_at: int
    after_at: int
    pieces: list[Piece]


class _Block(NamedTuple):
    """``length`` elements that are the same, from ``old`` on in one text and from ``new`` on in the other."""

    old: int
    new: int
    length: int


def changes(before: str, after: str) -> list[Hunk]:
    """Return what differs, in order; nothing for equal texts."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    hunks: list[Hunk] = []
    before_at = after_at = 0
    for removed, inserted, same in _walk(old, new, _blocks(old, new, _DEPTH)):
        gone, come, stayed = "".join(removed), "".join(inserted), utf16_length("".join(same))
        if gone or come:
            hunks.append(Hunk(before_at=before_at, after_at=after_at, pieces=_pieces(gone, come)))
        before_at += utf16_length(gone) + stayed
        after_at += utf16_length(come) + stayed
    return hunks


def _pieces(gone: str, come: str) -> list[Piece]:
    blocks = _blocks(gone, come, _DEPTH if max(len(gone), len(come)) <= _LONG else 0)
    inner = [block for block in blocks[1:-1] if block.length >= _CRUMB]
    pieces: list[Piece] = []
    for removed, inserted, same in _walk(gone, come, [*blocks[:1], *inner, *blocks[1:][-1:]]):
        parts = (("removed", removed), ("inserted", inserted), ("same", same))
        pieces += [Piece.model_validate({"kind": kind, "text": text}) for kind, text in parts if text]
    return pieces


def _walk(
    old: Sequence[str], new: Sequence[str], blocks: Sequence[_Block]
) -> Iterator[tuple[Sequence[str], Sequence[str], Sequence[str]]]:
    """Yield what was removed and inserted before each block, and the block; at last, after it."""
    i = j = 0
    for block in [*blocks, _Block(len(old), len(new), 0)]:
        yield old[i : block.old], new[j : block.new], old[block.old : block.old + block.length]
        i, j = block.old + block.length, block.new + block.length


def _blocks(old: Sequence[str], new: Sequence[str], depth: int) -> list[_Block]:
    """Return the blocks that are the same, in order; between any two of them something differs."""
    joined: list[_Block] = []
    for block in _search(old, new, range(len(old)), range(len(new)), depth):
        last = joined[-1] if joined else _Block(0, 0, 0)
        if joined and (last.old + last.length, last.new + last.length) == (block.old, block.new):
            joined[-1] = last._replace(length=last.length + block.length)
        else:
            joined.append(block)
    return joined


def _search(old: Sequence[str], new: Sequence[str], left: range, right: range, depth: int) -> Iterator[_Block]:
    """Yield the blocks of a stretch of both texts: its beginning, what anchors find, its end."""
    shortest = min(len(left), len(right))
    start = next((n for n in range(shortest) if old[left[n]] != new[right[n]]), shortest)
    rest = shortest - start
    end = next((n for n in range(rest) if old[left[-1 - n]] != new[right[-1 - n]]), rest)
    if start:
        yield _Block(left.start, right.start, start)
    left, right = left[start : len(left) - end], right[start : len(right) - end]
    anchors = _anchors(old, new, left, right) if depth and left and right else []
    for i, j in anchors:
        yield from _search(old, new, range(left.start, i), range(right.start, j), depth - 1)
        yield _Block(i, j, 1)
        left, right = range(i + 1, left.stop), range(j + 1, right.stop)
    if anchors:
        yield from _search(old, new, left, right, depth - 1)
    if end:
        yield _Block(left.stop, right.stop, end)


def _anchors(old: Sequence[str], new: Sequence[str], left: range, right: range) -> list[tuple[int, int]]:
    """Return the longest run, in the order of both, of what stands once in either stretch."""
    once_left, once_right = _once(old, left), _once(new, right)
    pairs = [(i, once_right[element]) for element, i in once_left.items() if element in once_right]
    tails: list[int] = []  # of the run of each length, the smallest place in the new text that one can end with
    ends: list[int] = []  # and which pair that is
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(tails, j)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1], ends[length : length + 1] = [j], [number]
    run: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]


def _once(text: Sequence[str], stretch: range) -> dict[str, int]:
    """Return what stands once in a stretch, in order, and where."""
    counts = Counter(text[place] for place in stretch)
    return {text[place]: place for place in stretch if counts[text[place]] == 1}
