"""Signatures: as much of them is equal as the sets have in common, whatever their sizes."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from moxu.corpus.dedup.minhash import minhash, similarities

BINS = 80
members = st.integers(0, 2**64 - 1)


def signature(values: NDArray[np.uint64], bins: int = BINS) -> NDArray[np.uint32]:
    return minhash([values], bins)


def overlapping(draw: np.random.Generator, each: int, shared: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return two sets of ``each`` members, ``shared`` of them in both."""
    values = draw.integers(0, 2**64, 2 * each - shared, np.uint64)
    return values[:each], values[each - shared :]


@pytest.mark.parametrize(("each", "shared"), [(10, 5), (30, 20), (60, 50), (200, 100), (2000, 1900), (2000, 100)])
def test_estimates_are_close_to_the_similarity(each: int, shared: int) -> None:
    draw = np.random.default_rng(each + shared)
    similarity = shared / (2 * each - shared)
    pairs = [overlapping(draw, each, shared) for _ in range(300)]
    estimates = [similarities(signature(first), signature(second)[np.newaxis])[0] for first, second in pairs]
    trials = min(BINS, 2 * each - shared)  # no more than there are members to draw
    deviation = np.sqrt(similarity * (1 - similarity) / trials)
    assert abs(np.mean(estimates) - similarity) < 4 * deviation / np.sqrt(len(pairs))
    assert np.std(estimates) < 1.25 * deviation


@settings(deadline=None)
@given(st.lists(members, min_size=1, max_size=300), st.randoms(use_true_random=False), st.integers(1, 5))
def test_signature_depends_on_the_set_only(values: list[int], random: object, cuts: int) -> None:
    shuffled = [*values, *values[:10]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    blocks = np.array_split(np.array(shuffled, np.uint64), cuts)
    assert np.array_equal(minhash(blocks, BINS), signature(np.array(values, np.uint64)))


@settings(deadline=None)
@given(st.lists(members, min_size=1, max_size=40), st.lists(members, min_size=1, max_size=40))
def test_similarity_is_symmetric_and_that_of_equal_sets_is_one(first: list[int], second: list[int]) -> None:
    one, other = (signature(np.array(values, np.uint64)) for values in (first, second))
    assert similarities(one, other[np.newaxis])[0] == similarities(other, one[np.newaxis])[0]
    assert similarities(one, one[np.newaxis])[0] == 1


@settings(deadline=None)
@given(st.sets(members, min_size=1, max_size=6), st.integers(8, 200))
@example({2**64 - 1}, 8)  # the hash that marks empty bins
def test_every_bin_of_the_smallest_set_is_filled_from_its_members(values: set[int], bins: int) -> None:
    filled = signature(np.array(sorted(values), np.uint64), bins)
    assert set(filled.tolist()) <= {value >> 32 for value in values}


def test_sets_without_a_common_member_share_next_to_nothing() -> None:
    draw = np.random.default_rng(5)
    signatures = np.array([signature(draw.integers(0, 2**64, size, np.uint64)) for size in range(1, 200)])
    estimates = np.array([similarities(each, signatures) for each in signatures])
    assert estimates[~np.eye(len(signatures), dtype=np.bool_)].max() < 0.05
