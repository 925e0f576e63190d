"""Buckets: texts that agree in a band lie together, and only a bounded number of them is compared with."""

import numpy as np

from moxu.corpus.dedup.buckets import ALONE, CROWD, Buckets


def test_texts_that_agree_in_a_band_share_its_bucket_and_no_other() -> None:
    signatures = np.array([[1, 2, 3, 4], [1, 2, 5, 6], [9, 2, 3, 4], [7, 7, 7, 7], [1, 2, 3, 4]], np.uint32)
    numbers = Buckets(signatures, np.arange(5), bands=2, rows=2).numbers
    assert (numbers[0, 0] == numbers[1, 0] == numbers[4, 0]) & (numbers[0, 1] == numbers[2, 1] == numbers[4, 1])
    assert numbers[0, 0] != numbers[0, 1]
    assert [numbers[1, 1], numbers[2, 0], *numbers[3]] == [ALONE] * 4


def test_only_the_texts_that_were_asked_for_are_looked_at() -> None:
    signatures = np.array([[1, 2], [1, 2], [3, 4], [1, 2]], np.uint32)
    buckets = Buckets(signatures, np.array([0, 2, 3]), bands=1, rows=2)
    assert buckets.shared.tolist() == [0, 2]
    assert buckets.of(1) == []


def test_a_bucket_remembers_the_first_of_a_crowd() -> None:
    signatures = np.ones((3 * CROWD, 4), np.uint32)
    buckets = Buckets(signatures, np.arange(3 * CROWD), bands=2, rows=2)
    for text in range(3 * CROWD):
        buckets.keep(text, buckets.of(text))
    assert buckets.kept(buckets.of(0)) == set(range(CROWD))


def test_bands_that_hold_the_same_numbers_in_other_places_do_not_agree() -> None:
    buckets = Buckets(np.array([[1, 2], [2, 1]], np.uint32), np.arange(2), bands=1, rows=2)
    assert buckets.shared.tolist() == []
