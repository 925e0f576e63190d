"""MinHash signatures: a few numbers for a text, of which two texts share about as many as they share n-grams.

For sets A and B of n-grams, the similarity is that of Jaccard, J(A, B) = |A ∩ B| / |A ∪ B|. Under a random order of
all n-grams the first of A is the first of B with probability J (Broder 1997, On the resemblance and containment of
documents). Of k such trials a part of J comes out, with a standard deviation of sqrt(J (1 - J) / k).

One hash of each n-gram makes all k trials (Li, Owen and Zhang 2012, One permutation hashing): its range is cut into k
bins, and the smallest hash in each is kept. A bin that is empty borrows from another (Shrivastava and Li 2014,
Densifying one permutation hashing; Shrivastava 2017, Optimal densification): each bin has an order, the same for all
texts, in which it asks the others. Then P(equal in a bin) = J for texts of any length.
"""

import functools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.dedup.ngrams import mixed

EMPTY = 0xFFFFFFFF


def minhash(hashes: Iterable[NDArray[np.uint64]], bins: int) -> NDArray[np.uint32]:
    """Return the signature (bins,) of a set given as hashes of its members, in blocks; there must be at least one.

    A value holds the number of its bin: bin = floor(value bins / 2^32). So values from different bins never agree.
    """
    smallest = np.full(bins, EMPTY, np.uint32)
    for block in hashes:
        values = block >> np.uint64(32)
        places = (values * np.uint64(bins)) >> np.uint64(32)
        np.minimum.at(smallest, places.astype(np.intp), values.astype(np.uint32))
    return _densified(smallest)


def similarities(signature: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Return the estimated similarity of a signature (bins,) to each of others (N, bins)."""
    equal: NDArray[np.float64] = np.count_nonzero(others == signature, axis=1) / len(signature)
    return equal


def _densified(smallest: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Fill each empty bin from the first bin in its order that is not."""
    filled = smallest != EMPTY
    empty = np.flatnonzero(~filled)
    if not len(empty) or not filled.any():  # nothing to fill; or the only member has the hash that marks empty bins
        return smallest
    orders = _orders(len(smallest))[empty]  # (empty bins, bins)
    sources = orders[np.arange(len(empty)), filled[orders].argmax(axis=1)]
    smallest[empty] = smallest[sources]
    return smallest


@functools.cache
def _orders(bins: int) -> NDArray[np.intp]:
    """Return (bins, bins): for each bin the order in which it asks all bins."""
    numbers = np.arange(bins * bins, dtype=np.uint64).reshape(bins, bins)
    return mixed(numbers + np.uint64(1)).argsort(axis=1)
