"""Bands: the formulas against a simulation, and the choice against its promise."""

import re

import numpy as np
import pytest

from moxu.corpus.dedup.bands import SURE, candidate_probability, choose_bands, found_probability, needed
from tests_paths import REPOSITORY

THRESHOLDS = [0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 1.0]


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("bins", [8, 64, 80, 128])
def test_bands_fit_and_find_what_is_as_similar_as_the_threshold(threshold: float, bins: int) -> None:
    bands, rows = choose_bands(threshold, bins)
    assert bands * rows <= bins
    assert candidate_probability(threshold, bands, rows) >= SURE or rows == 1


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_one_row_more_would_find_too_few(threshold: float) -> None:
    _, rows = choose_bands(threshold, 80)
    assert rows == 80 or candidate_probability(threshold, 80 // (rows + 1), rows + 1) < SURE


@pytest.mark.parametrize("similarity", [0.6, 0.7, 0.75, 0.8, 0.9])
def test_found_probability_is_that_of_a_simulation(similarity: float) -> None:
    bands, rows = choose_bands(0.7, 80)
    equal = np.random.default_rng(1).random((20_000, 80)) < similarity
    whole_bands = equal[:, : bands * rows].reshape(-1, bands, rows).all(axis=2)  # (trials, bands)
    in_a_band = whole_bands.sum(axis=1) > 0
    found = (in_a_band & (equal.sum(axis=1) >= needed(0.7, 80))).mean()
    assert found_probability(similarity, 0.7, 80) == pytest.approx(found, abs=0.015)


def test_equal_signatures_are_always_found_and_unlike_ones_never() -> None:
    assert found_probability(1.0, 0.7, 80) == 1
    assert found_probability(0.2, 0.7, 80) < 1e-12


def test_as_many_bins_have_to_agree_as_the_threshold_says() -> None:
    assert [needed(threshold, 80) for threshold in (0.7, 0.701, 0.8, 1.0)] == [56, 57, 64, 80]
    assert needed(0.55, 100) == 55  # 0.55 * 100 is a little more than 55


def test_the_table_in_the_documents_is_that_of_the_formulas() -> None:
    text = (REPOSITORY / "docs" / "deduplication.md").read_text("utf-8")
    head, *rows = re.findall(r"^\| (threshold|0\.\d) \| (.+) \|$", text, re.MULTILINE)
    similarities = [float(cell) for cell in head[1].split(" | ")[1:]]
    assert len(rows) == 5
    for threshold, cells in rows:
        told, *parts = cells.split(" | ")
        bands, rows_of_band = choose_bands(float(threshold), 80)
        assert told == f"{bands} × {rows_of_band}"
        found = [found_probability(similarity, float(threshold), 80) for similarity in similarities]
        assert [f"{part:.2f}" for part in found] == parts
