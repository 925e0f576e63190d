"""Splits: by name, by chance, and never through the middle of related works."""

import numpy as np

from moxu.corpus.build.gathering import UNNAMED
from moxu.corpus.build.splits import TEST, TRAIN, VALIDATION, Assignment, assign_splits

IDS = np.random.default_rng(7).integers(0, 1 << 63, 4000).astype(np.uint64)
ALONE = np.arange(len(IDS))
PARTS = (0.8, 0.15, 0.05)


def assign(
    named: dict[int, int] | None = None, groups: np.ndarray = ALONE, parts: tuple[float, ...] = PARTS, seed: int = 1
) -> Assignment:
    said = np.full(len(IDS), UNNAMED, np.int8)
    for work, split in (named or {}).items():
        said[work] = split
    return assign_splits(IDS, said, groups, parts, seed)


def test_parts_are_about_as_large_as_they_should_be() -> None:
    counts = np.bincount(assign().splits) / len(IDS)
    assert np.allclose(counts, PARTS, atol=0.02)
    assert set(assign(parts=(1.0, 0.0, 0.0)).splits) == {TRAIN}
    assert set(assign(parts=(0.0, 0.0, 1.0)).splits) == {TEST}


def test_split_of_a_work_does_not_depend_on_the_others() -> None:
    some = np.arange(0, len(IDS), 3)
    alone = assign_splits(IDS[some], np.full(len(some), UNNAMED, np.int8), np.arange(len(some)), PARTS, 1)
    assert np.array_equal(alone.splits, assign().splits[some])
    assert not np.array_equal(assign(seed=2).splits, assign().splits)


def test_related_works_fall_to_one_side() -> None:
    groups = ALONE // 4 * 4
    splits = assign(groups=groups).splits.reshape(-1, 4)
    assert (splits == splits[:, :1]).all()
    assert set(splits[:, 0]) == {TRAIN, VALIDATION, TEST}


def test_works_related_to_a_named_one_follow_it() -> None:
    assignment = assign({0: VALIDATION, 5: TRAIN, 9: TEST, 10: VALIDATION}, ALONE // 4 * 4)
    assert assignment.splits[:12].tolist() == [1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 1, 2]
    assert np.flatnonzero(assignment.followed).tolist() == [1, 2, 3, 4, 6, 7, 8, 11]


def test_no_works_have_no_splits() -> None:
    empty = np.empty(0, np.int64)
    assert len(assign_splits(empty.astype(np.uint64), empty.astype(np.int8), empty, PARTS, 1).splits) == 0
