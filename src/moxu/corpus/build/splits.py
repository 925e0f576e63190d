"""Which works are for training, which for validation and test: by name, or by chance; related works together.

Chance is a hash of a work's id and the seed: the same work falls to the same side whatever else is in the corpus,
unless it is related to others, which then share the fate of one of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.build.gathering import UNNAMED
from moxu.corpus.dedup.ngrams import mixed

TRAIN, VALIDATION, TEST = 0, 1, 2  # places in SPLITS


@dataclass(frozen=True, slots=True)
class Assignment:
    """The split of each work (M,), and which works went along with related ones that were named (M,)."""

    splits: NDArray[np.int8]
    followed: NDArray[np.bool_]


def assign_splits(
    ids: NDArray[np.uint64],
    named: NDArray[np.int8],
    groups: NDArray[np.int64],
    parts: tuple[float, ...],
    seed: int,
) -> Assignment:
    """Choose a split for each work: as it is named, as a related one is named, or by chance, one draw for each group.

    ``groups`` (M,) is the place of the first work of each work's group. Where works of one group are named for
    different sides they keep them, and the others of the group are held out.
    """
    lead = np.full(len(ids), UNNAMED, np.int8)
    np.maximum.at(lead, groups, named)  # test before validation before training
    chosen = np.where(named != UNNAMED, named, lead[groups])
    smallest = np.full(len(ids), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, groups, ids)
    draws = mixed(smallest[groups] + mixed(np.full(1, seed, np.uint64))) / 2.0**64
    drawn = np.searchsorted(np.cumsum(parts)[:2], draws, side="right").astype(np.int8)
    splits = np.where(chosen == UNNAMED, drawn, chosen).astype(np.int8)
    return Assignment(splits, (named == UNNAMED) & (chosen != UNNAMED))
