import math
from typing import Any

import pytest

from moxu.decode.options import PRESET_TITLES, PRESETS, SamplingOptions, sampling_options
from moxu.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("top_p", 1.7, "top_p is 1.7; expected between 0 and 1"),
        ("top_p_newline", -0.1, "top_p_newline is -0.1; expected between 0 and 1"),
        ("top_p", math.nan, "top_p is nan; expected between 0 and 1"),
        ("top_k", 0, "top_k is 0; expected at least 1"),
        ("temperature", -1.0, "temperature is -1.0; expected between 0 and 10"),
        ("temperature", 0.001, "temperature is 0.001; expected 0 (greedy) or between 0.01 and 10"),
        ("allow_p", 2.0, "allow_p is 2.0; expected between 0 and 1"),
        ("repetition_penalty", 0.0, "repetition_penalty is 0.0; expected between 0.1 and 10"),
        ("penalty_window", 0, "penalty_window is 0; expected between 1 and 65536"),
        ("occurrence_penalty", 1.2, "occurrence_penalty is 1.2; expected between 0.01 and 1"),
        ("no_repeat_ngram", 0, "no_repeat_ngram is 0; expected between 1 and 65536"),
        ("top_p_rule", "touch", "top_p_rule is 'touch'; expected exceed or reach"),
        ("temperature_when", "during", "temperature_when is 'during'; expected before or after"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_range(name: str, value: Any, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        SamplingOptions(**{name: value})
    assert str(caught.value) == expected


def test_temperature_zero_means_greedy() -> None:
    assert SamplingOptions(temperature=0.0).is_greedy
    assert SamplingOptions(greedy=True).is_greedy
    assert not SamplingOptions().is_greedy


def test_what_shapes_a_draw_is_named_and_penalties_are_not() -> None:
    assert SamplingOptions(top_p=0.5, top_k=3).first_of_chance == "top_k"
    assert SamplingOptions(repetition_penalty=1.2, no_repeat_ngram=2).first_of_chance is None
    assert SamplingOptions(greedy=True, top_p=0.5).first_of_chance is None
    assert sampling_options("gpt2").first_of_chance is None


def test_overrides_replace_values_of_a_preset() -> None:
    options = sampling_options("aiwriter1", {"top_p": 0.5, "top_k": 40, "temperature": 1})
    assert (options.top_p, options.top_p_newline, options.top_k) == (0.5, 0.9, 40)
    assert options.temperature_when == "after"


def test_a_chinese_title_names_the_same_preset() -> None:
    for name, title in PRESET_TITLES.items():
        assert sampling_options(title) == PRESETS[name]


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"unknown preset 'aiwriter'; did you mean 'aiwriter[12]'\?"):
        sampling_options("aiwriter")


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"unknown key 'topp'; did you mean 'top_p'\?"):
        sampling_options("normal", {"topp": 0.5})


def test_an_override_out_of_range_is_refused() -> None:
    with pytest.raises(SettingsError, match="min_p is 3"):
        sampling_options("normal", {"min_p": 3})
