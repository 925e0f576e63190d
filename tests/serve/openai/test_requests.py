"""What a client of OpenAI's interface may ask for."""

from typing import Any

import pytest

from mocks import ByteTokenizer, NgramModel
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.serve.openai.requests import Asked, ask_completion
from moxu.serve.openai.schema import CompletionWishes
from moxu.serve.problems import Problem
from servers import served

LIMITS = Limits(answer_logprobs=2000)


def asked(**wishes: Any) -> Asked:
    scheduler = Scheduler(NgramModel(), ByteTokenizer(), "mock")
    try:
        return ask_completion(CompletionWishes(prompt="abc", **wishes), served(scheduler), LIMITS)
    finally:
        scheduler.close()


@pytest.mark.parametrize("size", [{"max_tokens": 200}, {"max_chars": 200}, {}])
def test_more_logprobs_than_an_answer_may_hold_are_refused(size: dict[str, int]) -> None:
    with pytest.raises(Problem, match="ask for less, or for a stream") as refused:
        asked(n=2, logprobs=5, **size)
    assert refused.value.param == "logprobs"


def test_a_stream_may_tell_any_number_of_logprobs() -> None:
    assert asked(n=2, logprobs=5, max_tokens=200, stream=True).n == 2


def test_as_many_logprobs_as_an_answer_may_hold_are_told() -> None:
    assert asked(n=2, logprobs=4, max_tokens=200).n == 2


def test_any_64_bits_are_a_seed_and_an_empty_string_stops_nothing() -> None:
    (request,) = asked(seed=-1, stop=["", "x"]).requests
    assert (request.seed, request.stop) == (2**63 - 1, ("x",))
