import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from moxu.decode.samplers import Greedy, MinP, Sampler, Temperature, TopK, TopP, nucleus_cutoffs, softmax

NEWLINE, OTHER = 2, 5
AIWRITER2_UNKNOWN = 295
FLOAT = st.floats(-12, 12, width=32)


def kept(logits: Any) -> list[list[int]]:
    return [np.flatnonzero(np.isfinite(row)).tolist() for row in np.asarray(logits)]


def logits_of(*probabilities: float) -> Any:
    return np.log(np.asarray([probabilities], np.float32))


def test_greedy_leaves_the_first_of_the_likeliest() -> None:
    assert kept(Greedy()(np.asarray([[1, 3, 3, 0]], np.float32), [[0]])) == [[1]]


def test_temperature_raises_probabilities_to_a_power() -> None:
    logits = logits_of(0.5, 0.3, 0.2)
    power = np.asarray([0.5, 0.3, 0.2]) ** (1 / 0.7)
    np.testing.assert_allclose(softmax(Temperature(temperature=0.7)(logits, [[0]]))[0], power / power.sum(), rtol=1e-5)


def test_top_k_keeps_the_k_likeliest_and_their_equals() -> None:
    logits = logits_of(0.4, 0.2, 0.1, 0.2, 0.1)
    assert kept(TopK(count=1)(logits, [[0]])) == [[0]]
    assert kept(TopK(count=2)(logits, [[0]])) == [[0, 1, 3]]
    assert kept(TopK(count=99)(logits, [[0]])) == [[0, 1, 2, 3, 4]]


def test_min_p_keeps_what_is_a_fraction_as_likely_as_the_likeliest() -> None:
    assert kept(MinP(fraction=0.3)(logits_of(0.5, 0.2, 0.17, 0.1, 0.03), [[0]])) == [[0, 1, 2]]


def test_top_p_ends_strictly_above_its_mass() -> None:
    logits = logits_of(0.5, 0.25, 0.125, 0.125)
    assert kept(TopP(mass=0.5)(logits, [[0]])) == [[0, 1]]  # 0.5 is not more than 0.5
    assert kept(TopP(mass=0.49)(logits, [[0]])) == [[0]]
    assert kept(TopP(mass=0.8)(logits, [[0]])) == [[0, 1, 2, 3]]  # the equal of the last stays


def test_top_p_zero_keeps_the_likeliest_and_one_keeps_all() -> None:
    logits = np.random.default_rng(1).normal(size=(3, 500)).astype(np.float32) * 5
    assert [len(row) for row in kept(TopP(mass=0.0)(logits, [[0]] * 3))] == [1, 1, 1]
    assert [len(row) for row in kept(TopP(mass=1.0)(logits, [[0]] * 3))] == [500, 500, 500]


def test_top_p_after_a_newline_has_its_own_mass() -> None:
    logits = np.repeat(logits_of(0.4, 0.3, 0.2, 0.1), 2, axis=0)
    top_p = TopP(mass=0.3, mass_newline=0.8, newline_id=NEWLINE)
    assert kept(top_p(logits, [[NEWLINE, OTHER], [OTHER, NEWLINE]])) == [[0], [0, 1, 2]]


def test_allow_saves_tokens_from_top_p() -> None:
    logits = logits_of(0.4, 0.3, 0.2, 0.1)
    assert kept(TopP(mass=0.1, allow=0.15)(logits, [[0]])) == [[0, 1, 2]]
    assert kept(TopP(mass=0.5, allow=0.9)(logits, [[0]])) == [[0, 1]]


@pytest.mark.parametrize(
    ("together", "alone"),
    [
        (
            Temperature(temperature=np.asarray([[0.5], [1.5]], np.float32)),
            [Temperature(temperature=t) for t in (0.5, 1.5)],
        ),
        (TopK(count=np.asarray([[3], [7]])), [TopK(count=3), TopK(count=7)]),
        (MinP(fraction=np.asarray([[0.1], [0.4]])), [MinP(fraction=0.1), MinP(fraction=0.4)]),
        (TopP(mass=np.asarray([[0.2], [0.7]])), [TopP(mass=0.2), TopP(mass=0.7)]),
    ],
)
def test_a_column_of_numbers_gives_each_row_its_own(together: Sampler, alone: list[Sampler]) -> None:
    logits = np.random.default_rng(2).normal(size=(2, 40)).astype(np.float32) * 2
    both = together(logits, [[0], [0]])
    for row, sampler in enumerate(alone):
        np.testing.assert_allclose(both[row], sampler(logits[row : row + 1], [[0]])[0], rtol=1e-6)


@given(arrays(np.float32, st.integers(1, 60), elements=FLOAT), st.floats(0, 0.984375, width=32))
def test_the_nucleus_is_the_smallest_prefix_above_the_mass_and_its_ties(logits: Any, mass: float) -> None:
    probabilities = softmax(logits[None])[0]
    inside = np.isfinite(TopP(mass=mass)(logits[None], [[0]])[0])
    last = probabilities[inside].min()
    assert np.all(inside == (probabilities >= last))  # a prefix, ties included
    more_likely = probabilities[probabilities > last].astype(np.float64)
    assert more_likely.sum() <= mass + 1e-6  # without the last, not above the mass
    assert probabilities[inside].astype(np.float64).sum() > mass - 1e-6 or inside.all()


@given(arrays(np.float32, st.tuples(st.just(3), st.integers(1, 60)), elements=FLOAT), st.floats(0, 1, width=32))
def test_sorting_only_candidates_finds_the_cutoff_of_sorting_all(logits: Any, mass: float) -> None:
    probabilities = softmax(logits)
    masses = np.full((3, 1), mass, np.float32)
    whole = nucleus_cutoffs(torch.from_numpy(probabilities), masses).numpy()
    found = nucleus_cutoffs(probabilities, masses)
    differing = whole != found
    if differing.any():  # only where the two libraries round a sum to different sides of the mass
        ordered = -np.sort(-probabilities, axis=-1)
        nearest = np.abs(np.cumsum(ordered.astype(np.float64), axis=-1) - masses).min(axis=-1, keepdims=True)
        assert nearest[differing].max() < 1e-6


def golden_rows(path: Path) -> dict[str, Any]:
    with np.load(path) as file:
        return dict(file)


@pytest.mark.parametrize("edition", ["aiwriter1", "aiwriter1_paddle"])
def test_aiwriter1_nucleus_gives_the_originals_probabilities(golden: Path, edition: str) -> None:
    vectors = golden_rows(golden / "sampling" / "aiwriter1.npz")
    compared = 0
    for key, expected in golden_rows(golden / "sampling" / f"{edition}.npz").items():
        found = re.fullmatch(r"(vec\d+)_topp(.+)_temp(.+)", key)
        if found is None or found[2] == "1.0":  # at top_p 1.0 the originals disagree with themselves
            continue
        logits = vectors[found[1]][None]
        if found[2] != "None":
            logits = TopP(mass=float(found[2]))(logits, [[OTHER]])
        logits = Temperature(temperature=float(found[3]))(logits, [[OTHER]])
        np.testing.assert_allclose(softmax(logits)[0], expected, atol=1e-6, err_msg=key)
        compared += 1
    assert compared == 80


def test_aiwriter2_nucleus_gives_the_originals_probabilities(golden: Path) -> None:
    rows = golden_rows(golden / "sampling" / "aiwriter2.npz")
    compared = 0
    for key, expected in rows.items():
        found = re.fullmatch(r"(vec\d+)_(newline|other)_p(.+)_pn(.+)_a(.+)_t(.+)", key)
        if found is None or "1.0" in (found[3], found[4]):
            continue
        top_p = TopP(mass=float(found[3]), mass_newline=float(found[4]), newline_id=NEWLINE, allow=float(found[5]))
        history = [[NEWLINE if found[2] == "newline" else OTHER]]
        logits = rows[found[1]][None].copy()
        logits[:, AIWRITER2_UNKNOWN] = -np.inf
        logits = Temperature(temperature=float(found[6]))(top_p(logits, history), history)
        np.testing.assert_allclose(softmax(logits)[0], expected, atol=1e-6, err_msg=key)
        compared += 1
    assert compared > 300
