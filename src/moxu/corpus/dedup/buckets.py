"""Buckets: texts whose signatures agree in a whole band, found by sorting, and the kept texts among them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.dedup.ngrams import mixed

ALONE = -1
CROWD = 32  # kept texts of a bucket that others are compared with; where there are more, all share some phrase
ROWS_AT_ONCE = 1 << 16


class Buckets:
    """The buckets of N texts in b bands, and those that were kept of each bucket so far.

    ``numbers`` (N, b) are the buckets that a text lies in, ALONE where no other text agrees with it in the band. The
    kept texts are lists in one array: that of bucket i begins at ``_starts[i]``, has ``_filled[i]`` texts, and room up
    to ``_starts[i + 1]``.
    """

    def __init__(self, signatures: NDArray[np.uint32], texts: NDArray[np.int64], bands: int, rows: int) -> None:
        """Put the ``texts``, given as rows of ``signatures``, into their buckets, one band after the other."""
        self.numbers = np.full((len(texts), bands), ALONE, np.int32)
        sizes: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        count = 0
        for band in range(bands):
            keys = _band_keys(signatures, texts, slice(band * rows, (band + 1) * rows))
            self.numbers[:, band], lengths = _numbered(keys, count)
            sizes.append(lengths)
            count += len(lengths)
        room = np.minimum(np.concatenate(sizes) - 1, CROWD)  # the last of a bucket is compared, and needs no place
        self._starts = np.concatenate(([0], np.cumsum(room))).data
        self._filled = np.zeros(len(room), np.uint8).data
        self._kept = np.zeros(room.sum(), np.int32).data

    @property
    def shared(self) -> NDArray[np.int64]:
        """The places of the texts that are not alone in every band."""
        return np.flatnonzero((self.numbers != ALONE).any(axis=1))

    def of(self, place: int) -> list[int]:
        """Return the buckets in which the text is not alone."""
        row = self.numbers[place]
        buckets: list[int] = row[row != ALONE].tolist()
        return buckets

    def kept(self, buckets: Iterable[int]) -> set[int]:
        """Return the kept texts of these buckets."""
        found = set[int]()
        for bucket in buckets:
            start = self._starts[bucket]
            found.update(self._kept[start : start + self._filled[bucket]])
        return found

    def keep(self, text: int, buckets: Iterable[int]) -> None:
        """Note that a text of these buckets is kept."""
        for bucket in buckets:
            place = self._starts[bucket] + self._filled[bucket]
            if place < self._starts[bucket + 1]:
                self._kept[place] = text
                self._filled[bucket] += 1


def _band_keys(signatures: NDArray[np.uint32], texts: NDArray[np.int64], columns: slice) -> NDArray[np.uint64]:
    """Return a hash of these columns of each text's signature."""
    keys = np.zeros(len(texts), np.uint64)
    for start in range(0, len(texts), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        for column in signatures[texts[part], columns].T:
            keys[part] = mixed(keys[part] ^ column)
    return keys


def _numbered(keys: NDArray[np.uint64], first: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the keys that several texts have, from ``first`` on; return that of each text, and how many have it."""
    if not len(keys):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    lengths = np.diff(starts, append=len(keys))
    shared = lengths > 1
    numbers = np.empty(len(keys), np.int64)
    numbers[order] = np.repeat(np.where(shared, np.cumsum(shared) - 1 + first, ALONE), lengths)
    return numbers, lengths[shared]
