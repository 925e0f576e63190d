import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from moxu.decode.chain import apply, penalty_chain, sampler_chain
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.decode.penalties import NoRepeatNgram, OccurrencePenalty
from moxu.decode.samplers import TopK, TopP, softmax

Rows = Callable[[str], dict[str, Any]]
MISAKA_START, MISAKA_UNKNOWN = 13, 12
MISAKA_DRAWN = (20, 21, 20, MISAKA_UNKNOWN, 1, 20)


def names(options: SamplingOptions) -> list[str]:
    return [type(sampler).__name__ for sampler in sampler_chain(options, newline_id=10)]


def test_the_order_is_penalties_temperature_cuts() -> None:
    every = SamplingOptions(
        temperature=0.9,
        top_k=5,
        top_p=0.5,
        min_p=0.1,
        repetition_penalty=1.1,
        frequency_penalty=0.1,
        occurrence_penalty=0.9,
        no_repeat_ngram=3,
    )
    penalties = ["NoRepeatNgram", "RepetitionPenalty", "CountPenalty"]
    assert names(every) == [*penalties, "Temperature", "OccurrencePenalty", "TopK", "TopP", "MinP"]
    assert [type(one).__name__ for one in penalty_chain(every)] == [*penalties, "OccurrencePenalty"]


def test_a_temperature_after_the_cut_comes_last() -> None:
    assert names(SamplingOptions(temperature=0.9, temperature_when="after", top_p=0.5)) == ["TopP", "Temperature"]


def test_what_does_nothing_is_left_out() -> None:
    assert names(SamplingOptions()) == []
    assert names(SamplingOptions(top_p=1.0, allow_p=0.5)) == []


def test_greedy_needs_no_cuts_but_keeps_its_penalties() -> None:
    assert names(SamplingOptions(temperature=0.0, top_p=0.5, repetition_penalty=1.2)) == ["RepetitionPenalty", "Greedy"]
    assert names(SamplingOptions(greedy=True, occurrence_penalty=0.9)) == ["OccurrencePenalty", "Greedy"]


def test_top_p_one_with_a_lower_value_after_newlines_cuts_only_there() -> None:
    chain = sampler_chain(SamplingOptions(top_p=1.0, top_p_newline=0.1), newline_id=10)
    logits = apply(chain, np.asarray([[2.0, 1.0], [2.0, 1.0]], np.float32), [[5], [10]])
    assert np.isfinite(logits).tolist() == [[True, True], [True, False]]


def test_aiwriter2_is_made_with_its_own_numbers() -> None:
    assert sampler_chain(sampling_options("aiwriter2"), newline_id=2) == (
        TopP(mass=0.7, mass_newline=0.9, newline_id=2, allow=0.01),
    )


def test_misaka_is_made_with_its_own_numbers() -> None:
    top_p = TopP(mass=0.8, mass_newline=0.8, newline_id=1, reach=True, as_given=True)
    assert sampler_chain(sampling_options("misaka"), newline_id=1) == (OccurrencePenalty(factor=0.99), top_p)


def test_a_nucleus_may_end_where_its_mass_is_reached() -> None:
    logits = np.log(np.asarray([[0.5, 0.25, 0.125, 0.125]], np.float32))
    for rule, expected in (("exceed", [0, 1]), ("reach", [0])):
        options = SamplingOptions(top_p=0.5, top_p_rule=rule)  # type: ignore[arg-type]
        for array in (logits, torch.from_numpy(logits)):
            found = np.asarray(apply(sampler_chain(options), array, [[0]]))
            assert np.flatnonzero(np.isfinite(found)).tolist() == expected


def test_only_a_penalty_by_occurrence_counts_in_the_passage_alone() -> None:
    logits = np.zeros((1, 4), np.float32)
    history, passage = [[2, 3, 1, 2]], [[1, 2]]
    by_occurrence = apply([OccurrencePenalty(factor=0.5)], logits, history, passage)
    np.testing.assert_allclose(np.exp(by_occurrence), [[0.25, 0.125, 0.125, 0.25]], rtol=1e-6)
    forbidden = apply([NoRepeatNgram(size=2)], logits, history, passage)
    np.testing.assert_array_equal(np.isneginf(forbidden), [[False, False, False, True]])


def assert_same_choice(logits: Any, options: SamplingOptions, expected: Any, key: str) -> None:
    """Compare with a sampler that, of tokens as likely as the last of its nucleus, keeps only some."""
    chosen = softmax(apply(sampler_chain(options), logits[None], [[0]]))[0]
    inside = expected > 0
    further = (chosen > 0) & ~inside
    assert np.all(logits[further] == logits[inside].min()), key
    np.testing.assert_allclose(chosen[inside] / chosen[inside].sum(), expected[inside], atol=1e-6, err_msg=key)


@pytest.mark.parametrize("preset", ["cpm-novel", "cpm-lyric"])
def test_cpm_presets_cut_the_untempered_logits_as_the_original(sampling_rows: Rows, preset: str) -> None:
    rows, compared = sampling_rows("cpm1"), 0
    for key, expected in rows.items():
        found = re.fullmatch(r"(vec\d+)_k(\d+)_p(.+)_t(.+)", key)
        if found is None:
            continue
        cuts = {"top_k": int(found[2]) or None, "top_p": float(found[3]) or 1.0}  # 0 turns them off there
        options = sampling_options(preset, {**cuts, "temperature": float(found[4])})
        assert_same_choice(rows[found[1]], options, expected, key)
        compared += 1
    assert compared == 432


def test_gpt2_preset_warps_as_transformers(sampling_rows: Rows) -> None:
    rows, compared = sampling_rows("gpt2"), 0
    for key, expected in rows.items():
        found = re.fullmatch(r"(vec\d+)_t(.+)_k(\d+)_p(.+)", key)
        if found is None:
            continue
        cuts = {"top_k": int(found[3]) or None, "top_p": float(found[4])}
        options = sampling_options("gpt2", {**cuts, "temperature": float(found[2])})
        assert_same_choice(rows[found[1]], options, expected, key)
        compared += 1
    assert compared == 192


@pytest.mark.parametrize("edition", ["cache", "nocache"])
def test_misaka_presets_punish_and_cut_as_the_original(sampling_rows: Rows, edition: str) -> None:
    assert compare_misaka(sampling_rows("misaka"), edition) == 54


@pytest.mark.parametrize("edition", ["cache", "nocache"])
def test_misaka_presets_agree_on_all_rows(reference: Path, edition: str) -> None:
    with np.load(reference / "misaka_v3" / "public" / "sampling.npz") as file:
        assert compare_misaka(dict(file), edition) == 3 * 54


def compare_misaka(rows: dict[str, Any], edition: str) -> int:
    """Compare what one of the two generators gave to its draw; return the number of draws."""
    spared = (0, MISAKA_UNKNOWN) if edition == "cache" else (0,)
    compared = 0
    for key, ids in rows.items():
        found = re.fullmatch(rf"{edition}_rows(\d)_k(.+)_rp(.+)_step(\d)_ids", key)
        if found is None or found[1] == "3":  # these rows are all ties, which the original sorts at random
            continue
        rule = "reach" if edition == "cache" else "exceed"
        mass = float(found[2])
        cut = {"top_p": mass, "occurrence_penalty": float(found[3]), "top_p_rule": rule}
        history = [i for i in (MISAKA_START, *MISAKA_DRAWN[: int(found[4])]) if i not in spared]
        logits = np.log(rows[f"rows{found[1]}"][int(found[4])])[None]
        chosen = softmax(apply(sampler_chain(sampling_options("misaka", cut)), logits, [history]))[0]
        if mass == 1.0 and edition == "nocache":  # the original never chooses the least likely
            chosen[chosen.argmin()] = 0.0
            chosen /= chosen.sum()
        expected = np.zeros_like(chosen)
        expected[ids] = rows[key.replace("_ids", "_p")]
        np.testing.assert_allclose(chosen, expected, atol=1e-6, err_msg=key)
        if mass < 1.0:  # at 1 the original cuts where rounding carries the sum there
            assert set(np.flatnonzero(chosen)) == set(ids), key
        compared += 1
    return compared


def test_top_k_is_that_of_misaka(sampling_rows: Rows) -> None:
    rows = sampling_rows("misaka")
    for count in (1, 5, 10):
        for row, probabilities in enumerate(rows["rows1"]):
            chosen = softmax(TopK(count=count)(np.log(probabilities)[None], [[0]]))[0]
            ids, expected = rows[f"topk{count}_row{row}_ids"], rows[f"topk{count}_row{row}_p"]
            assert set(np.flatnonzero(chosen)) == set(ids)
            np.testing.assert_allclose(chosen[ids], expected, atol=1e-6)


def test_a_bias_acts_before_all_else() -> None:
    assert names(SamplingOptions(logit_bias=((1, 2.0),), no_repeat_ngram=2, greedy=True)) == [
        "LogitBias",
        "NoRepeatNgram",
        "Greedy",
    ]
