from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mocks import ByteTokenizer, NgramModel, WordTokenizer
from moxu.decode.options import PRESETS, SamplingOptions
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.kobold.requests import USUAL_LENGTH, context_of, request_of
from moxu.serve.kobold.schema import GenerateWishes
from moxu.serve.limits import Limits
from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Request
from moxu.writers.manners import AS_TYPED

NEUTRAL: dict[str, Any] = {
    **{"temperature": 1, "top_p": 1, "top_k": 0, "min_p": 0, "rep_pen": 1, "presence_penalty": 0},
    **{"frequency_penalty": 0, "logit_bias": {}, "banned_tokens": [], "sampler_order": []},
}


@pytest.fixture
def model() -> Iterator[ServedModel]:
    manner = replace(AS_TYPED, preset="misaka")  # a preset with samplers that Kobold's clients do not know
    scheduler = Scheduler(NgramModel(), ByteTokenizer(), "mock")
    yield ServedModel("mock", scheduler, ByteTokenizer(), manner)
    scheduler.close()


def asked(model: ServedModel, **given: Any) -> Request:
    return request_of(GenerateWishes.model_validate({"prompt": "abc"} | given), model, Limits())


def options(model: ServedModel, **given: Any) -> SamplingOptions:
    return asked(model, **given).options


def with_preset(model: ServedModel, preset: str) -> ServedModel:
    return replace(model, manner=replace(model.manner, preset=preset))


def with_tokenizer(model: ServedModel, tokenizer: Tokenizer) -> ServedModel:
    return replace(model, tokenizer=tokenizer)


@pytest.mark.parametrize("preset", PRESETS)
def test_without_samplers_the_preset_of_the_model_holds(model: ServedModel, preset: str) -> None:
    assert options(with_preset(model, preset)) == PRESETS[preset]


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"cpm-novel", "cpm-lyric", "aiwriter1", "aiwriter2"}))
def test_samplers_at_their_neutral_values_leave_the_models_own_distribution(model: ServedModel, preset: str) -> None:
    assert options(with_preset(model, preset), **NEUTRAL) == SamplingOptions()


def test_samplers_go_by_moxus_names(model: ServedModel) -> None:
    given = {"temperature": 0.7, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "rep_pen": 1.2, "rep_pen_range": 64}
    assert options(model, **given, presence_penalty=0.5, frequency_penalty=-0.5) == SamplingOptions(
        temperature=0.7,
        top_p=0.9,
        top_k=40,
        min_p=0.1,
        repetition_penalty=1.2,
        penalty_window=64,
        presence_penalty=0.5,
        frequency_penalty=-0.5,
    )


def test_a_sampler_replaces_only_what_does_its_work(model: ServedModel) -> None:
    assert options(with_preset(model, "aiwriter2"), top_p=0.5) == SamplingOptions(temperature_when="after", top_p=0.5)
    assert options(model, temperature=0.5) == replace(PRESETS["misaka"], temperature=0.5)


@pytest.mark.parametrize("temperature", [0, 1e-9, 0.009])
def test_a_tiny_temperature_takes_the_likeliest(model: ServedModel, temperature: float) -> None:
    assert options(model, temperature=temperature).is_greedy


def test_a_range_of_none_is_the_whole_text(model: ServedModel) -> None:
    assert options(model, rep_pen_range=0).penalty_window == 65_536
    assert options(model, rep_pen_range=10**6).penalty_window == 65_536


@pytest.mark.parametrize(
    ("order", "when"), [([6, 0, 1, 3, 4, 2, 5], "after"), ([0, 1, 5, 2, 3, 4, 6], "before"), ([6, 0], "before")]
)
def test_the_order_of_samplers_says_when_the_temperature_acts(model: ServedModel, order: list[int], when: str) -> None:
    assert options(with_preset(model, "gpt2"), sampler_order=order).temperature_when == when


def test_whole_numbers_may_be_written_as_javascript_or_python_does(model: ServedModel) -> None:
    assert asked(model, max_length=20.0, top_k=5.0).max_tokens == 20


@pytest.mark.parametrize(("given", "seed"), [(None, None), (-1, None), (0, 0), (7, 7), (2**64 - 1, 2**63 - 1)])
def test_seeds_are_those_of_kobold(model: ServedModel, given: int | None, seed: int | None) -> None:
    assert asked(model, sampler_seed=given).seed == seed


def test_the_end_can_be_forbidden_or_passed(model: ServedModel) -> None:
    assert options(model, use_default_badwordsids=True).logit_bias == ((256, -100.0),)
    assert asked(model, bypass_eos=True).past_end
    assert not asked(model, bypass_eos=False).past_end
    cpm = replace(model, manner=replace(model.manner, past_end=True))
    assert asked(cpm).past_end
    without_end = with_tokenizer(model, WordTokenizer(*"abc"))
    assert options(without_end, use_default_badwordsids=True).logit_bias is None


def test_banned_texts_are_never_written_where_they_are_single_tokens(model: ServedModel) -> None:
    assert options(model, banned_tokens=["a", ""], logit_bias={"98": 2}).logit_bias == ((98, 2.0), (97, -100.0))
    with pytest.raises(Problem, match="banned_tokens has '门', which is 3 tokens"):
        asked(model, banned_tokens=["门"])


def test_stops_are_told_once_and_never_empty(model: ServedModel) -> None:
    assert asked(model, stop_sequence=["\n", "", "You:", "\n"], singleline=True).stop == ("\n", "You:")
    assert asked(model, stop_sequence="You:").stop == ("You:",)
    assert asked(model, singleline=True).stop == ("\n",)
    assert asked(model, stop_sequence=None).stop == ()


def test_a_length_is_given_where_the_client_gives_none(model: ServedModel) -> None:
    assert asked(model).max_tokens == asked(model, max_length=None).max_tokens == USUAL_LENGTH


@pytest.mark.parametrize(
    ("context", "length", "memory", "read"),
    [
        (100, 50, "", b"0123456789" * 4),  # it fits
        (100, 50, "mem", b"mem" + b"0123456789" * 4),
        (30, 10, "", b"01234567890123456789"),
        (30, 10, "mem", b"mem" + b"34567890123456789"),
        (30, 29, "", b"567890123456789"),  # half of the context is the prompt's, however long the text
        (6, 4, "memory", b"me9"),  # the prompt keeps one token, however long the memory
    ],
)
def test_a_long_prompt_loses_its_beginning_but_not_its_memory(
    model: ServedModel, context: int, length: int, memory: str, read: bytes
) -> None:
    request = asked(model, prompt="0123456789" * 4, memory=memory, max_context_length=context, max_length=length)
    assert request.prompt_ids == tuple(read)
    assert request.context == context


def test_the_context_is_no_larger_than_what_the_model_holds(model: ServedModel) -> None:
    windowed = replace(model, max_context=24)
    assert asked(windowed, max_context_length=8192, max_length=4, prompt="a" * 99).context == 24
    assert len(asked(windowed, max_length=4, prompt="a" * 99).prompt_ids or ()) == 20
    assert (context_of(windowed), context_of(model)) == (24, 16_384)
    assert asked(model, prompt="a" * 99).context is None
    assert asked(replace(windowed, reads_source=True), max_context_length=8192).context is None


def test_what_is_passed_over_is_named_unless_it_asks_for_nothing() -> None:
    def ignored(**given: Any) -> list[str]:
        return GenerateWishes.model_validate({"prompt": "a"} | given).ignored

    assert ignored(tfs=1.0, typical=1, top_a=0.0, mirostat=0, rep_pen_slope=1, trim_stop=True, quiet=True) == []
    assert ignored(tfs=0.9, mirostat=2, mirostat_tau=5, trim_stop=False, anything="at all") == [
        "tfs",
        "mirostat",
        "trim_stop",
    ]
    assert ignored(tfs=[], dry_multiplier={"a": []}) == ["tfs", "dry_multiplier"]


def test_what_a_text_would_have_to_obey_is_refused_unless_it_asks_for_nothing(model: ServedModel) -> None:
    nothing: dict[str, Any] = {"grammar": "", "images": [], "soft_prompt": " ", "use_story": False, "use_memory": None}
    assert asked(model, **nothing).prompt == "abc"
    for name, value in {"grammar": "root", "images": ["a"], "soft_prompt": "a", "use_world_info": True}.items():
        with pytest.raises(ValueError, match=f"{name} is not supported here"):
            asked(model, **{name: value})
