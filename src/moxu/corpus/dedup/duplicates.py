"""Texts that repeat others: of equal and of similar texts the first is kept, and each other is said to repeat it.

Equal texts are found by sorting their digests; similar ones by sorting the bands of their signatures (``dedup.bands``,
``dedup.buckets``) and comparing whole signatures where a band agrees. Each text is compared with kept ones only: if A
is like B and B like C, but A is not like C, then B goes, and A and C stay.

Memory, for N texts, k bins and b bands: 4 N k bytes of signatures, which may lie in a mapped file, 4 N b of buckets and
about 150 N of all else. For 1.5 million texts, 80 bins and 20 bands these are 0.48, 0.12 and 0.22 GB.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.dedup.bands import choose_bands, needed
from moxu.corpus.dedup.buckets import Buckets
from moxu.errors import SettingsError

KEPT = -1
LOWEST_THRESHOLD = 0.3  # below it nearly every pair of texts would have to be compared


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What became of N texts.

    ``repeats`` (N,) is the place of the kept text that a text repeats, or KEPT; ``similarity`` (N,) is the estimated
    one to it, 1.0 for equal texts and 0.0 for kept ones; ``exact`` (N,) says which texts are equal to the kept one.
    """

    repeats: NDArray[np.int64]
    similarity: NDArray[np.float32]
    exact: NDArray[np.bool_]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which texts are kept (N,)."""
        return np.equal(self.repeats, KEPT)


def find_duplicates(
    exact: NDArray[np.uint8],
    signatures: NDArray[np.uint32],
    has_signature: NDArray[np.bool_],
    *,
    threshold: float = 0.7,
    lengths: NDArray[np.int64] | None = None,
    priority: NDArray[np.float64] | None = None,
) -> Duplicates:
    """Find texts that are equal, or whose estimated similarity is at least the threshold, and keep the first of them.

    Digests ``exact`` (N, 16) and ``signatures`` (N, bins) are those of a ``Fingerprinter``; rows of texts without a
    signature are not read. First is who comes first, or has the higher ``priority`` (N,). With ``lengths`` (N,), in
    letters, texts that are too unlike in length to be so similar are not compared. SettingsError for a threshold
    outside of 0.3 to 1.
    """
    check_threshold(threshold)
    count = len(exact)
    assert exact.shape == (count, 16), "digests have 16 bytes"
    assert signatures.shape[:1] == has_signature.shape == (count,), "a signature, or an unread row, for each text"
    rank = np.arange(count)
    if priority is not None:
        rank[np.argsort(-priority, kind="stable")] = np.arange(count)
    first = _first_equal(exact, rank)
    compared = np.flatnonzero((first == np.arange(count)) & has_signature)
    repeats, similarity = _find_similar(np.asarray(signatures), compared, rank, threshold, lengths)
    return _with_equal(first, repeats, similarity)


def check_threshold(threshold: float) -> None:
    """Raise SettingsError for a threshold that cannot be used."""
    if not LOWEST_THRESHOLD <= threshold <= 1:
        raise SettingsError(f"threshold is {threshold}; expected {LOWEST_THRESHOLD} to 1")


def _first_equal(exact: NDArray[np.uint8], rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each text the first one with the same digest, which may be itself."""
    digests = np.ascontiguousarray(exact).view(np.uint64)  # (N, 16) bytes -> (N, 2)
    order = np.lexsort((rank, digests[:, 0], digests[:, 1]))
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (digests[order[1:]] != digests[order[:-1]]).any(axis=1)
    first = np.empty(len(order), np.int64)
    first[order] = order[begins][np.cumsum(begins) - 1]
    return first


def _find_similar(
    signatures: NDArray[np.uint32],
    compared: NDArray[np.int64],
    rank: NDArray[np.int64],
    threshold: float,
    lengths: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Go through the ``compared`` texts by rank; return for each text the kept one that it is like, and how much."""
    repeats, similarity = np.full(len(rank), KEPT, np.int64), np.zeros(len(rank), np.float32)
    bins = signatures.shape[1]
    buckets = Buckets(signatures, compared, *choose_bands(threshold, bins))
    shared = buckets.shared
    for place in shared[np.argsort(rank[compared[shared]])].tolist():
        text, lies_in = int(compared[place]), buckets.of(place)
        candidates = np.array(sorted(buckets.kept(lies_in)), np.int64)
        equal = np.count_nonzero(signatures[candidates] == signatures[text], axis=1)
        if lengths is not None:
            equal[_too_unlike(lengths[candidates], lengths[text], threshold)] = 0
        best = int(equal.argmax()) if len(candidates) else 0
        if len(candidates) and equal[best] >= needed(threshold, bins):
            repeats[text], similarity[text] = candidates[best], equal[best] / bins
        else:
            buckets.keep(text, lies_in)
    return repeats, similarity


def _too_unlike(lengths: NDArray[np.int64], length: np.int64, threshold: float) -> NDArray[np.bool_]:
    """Say which lengths are too unlike another one: |A ∩ B| / |A ∪ B| is at most the smaller set by the larger."""
    return np.less(np.minimum(lengths, length), threshold * np.maximum(lengths, length))


def _with_equal(first: NDArray[np.int64], repeats: NDArray[np.int64], similarity: NDArray[np.float32]) -> Duplicates:
    """Let equal texts share the fate of the first of them: its signature is theirs, too."""
    exact = (first != np.arange(len(first))) & (repeats[first] == KEPT)
    repeats, similarity = repeats[first], similarity[first]
    repeats[exact], similarity[exact] = first[exact], 1.0
    return Duplicates(repeats, similarity, exact)
