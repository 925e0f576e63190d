"""Texts as arrays of code points, and tables that are looked up for all characters of a text at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[Any]

_FIRST_WITH = (0x80, 0x800, 0x10000)  # code points from which UTF-8 takes 2, 3 and 4 bytes


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code point of each character, of lone surrogates as well."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def count_characters(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the code points that stand in a text, in their order, and how often each does."""
    counts = np.bincount(code_points(text))
    found = np.flatnonzero(counts)
    return found, counts[found]


class CharacterTable:
    """The ids of characters by code point, as small as they allow; ``other`` is the id of all that have none."""

    def __init__(self, ids: Mapping[str, int], other: int) -> None:
        codes = np.fromiter((ord(character) for character in ids), dtype=np.int64, count=len(ids))
        values = np.fromiter(ids.values(), dtype=np.int64, count=len(ids))
        largest = int(max(values.max(initial=0), other))
        self._table = np.full(int(codes.max(initial=0)) + 2, other, dtype=np.uint16 if largest < 1 << 16 else np.uint32)
        self._table[codes] = values

    def look_up(self, codes: NDArray[np.uint32]) -> Ids:
        """Return an id for each code point; those past the table find its last place, which is ``other``."""
        return self._table.take(codes, mode="clip")


def spelled_out(codes: NDArray[np.uint32], ids: Ids, unknown_id: int, first_byte_id: int) -> Ids:
    """Return ``ids`` with the UTF-8 bytes of their characters, from ``first_byte_id`` on, for each ``unknown_id``.

    A lone surrogate, which is no text, is spelled as a question mark.
    """
    places = np.flatnonzero(ids == unknown_id)
    if not len(places):
        return ids
    text = codes[places].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    spelling = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    lengths = _utf8_lengths(codes[places])
    ends = np.cumsum(lengths)
    # the k-th of them begins where it stood, and as much later as those before it have grown
    starts = places + ends - lengths - np.arange(len(places))
    slots = np.repeat(starts - (ends - lengths), lengths) + np.arange(len(spelling))
    is_known = np.ones(len(ids) + len(spelling) - len(places), dtype=np.bool_)
    is_known[slots] = False
    out = np.empty(len(is_known), dtype=ids.dtype)
    out[is_known] = np.delete(ids, places)
    out[slots] = spelling.astype(ids.dtype) + first_byte_id
    return out


def _utf8_lengths(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    lengths = 1 + np.searchsorted(_FIRST_WITH, codes, side="right")
    lengths[(codes >= 0xD800) & (codes <= 0xDFFF)] = 1  # a question mark
    return lengths
