import numpy as np

from moxu.decode.chain import apply, sampler_chain
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.decode.samplers import TopP


def names(options: SamplingOptions) -> list[str]:
    return [type(sampler).__name__ for sampler in sampler_chain(options, newline_id=10)]


def test_the_order_is_penalties_temperature_cuts() -> None:
    every = SamplingOptions(
        temperature=0.9, top_k=5, top_p=0.5, min_p=0.1, repetition_penalty=1.1, frequency_penalty=0.1
    )
    assert names(every) == ["RepetitionPenalty", "CountPenalty", "Temperature", "TopK", "TopP", "MinP"]


def test_a_temperature_after_the_cut_comes_last() -> None:
    assert names(SamplingOptions(temperature=0.9, temperature_when="after", top_p=0.5)) == ["TopP", "Temperature"]


def test_what_does_nothing_is_left_out() -> None:
    assert names(SamplingOptions()) == []
    assert names(SamplingOptions(top_p=1.0, allow_p=0.5)) == []


def test_greedy_needs_no_cuts_but_keeps_its_penalties() -> None:
    assert names(SamplingOptions(temperature=0.0, top_p=0.5, repetition_penalty=1.2)) == ["RepetitionPenalty", "Greedy"]


def test_top_p_one_with_a_lower_value_after_newlines_cuts_only_there() -> None:
    chain = sampler_chain(SamplingOptions(top_p=1.0, top_p_newline=0.1), newline_id=10)
    logits = apply(chain, np.asarray([[2.0, 1.0], [2.0, 1.0]], np.float32), [[5], [10]])
    assert np.isfinite(logits).tolist() == [[True, True], [True, False]]


def test_aiwriter2_is_made_with_its_own_numbers() -> None:
    assert sampler_chain(sampling_options("aiwriter2"), newline_id=2) == (
        TopP(mass=0.7, mass_newline=0.9, newline_id=2, allow=0.01),
    )
