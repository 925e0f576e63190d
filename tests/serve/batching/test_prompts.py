import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from mocks import ByteTokenizer, NgramModel, WindowedModel
from moxu.errors import MoxuError
from moxu.writers.base import Event, Finish, PromptPiece
from moxu.writers.local import LocalWriter
from turns import REQUEST, Desk, endless, text_of, written


def test_a_prompt_whose_logprobs_are_told_stalls_nobody_and_is_read_once() -> None:
    model = endless()
    desk = Desk(model)
    writing, _ = desk.admit(prompt="ab", max_chars=1000)
    desk.turn()
    model.tokens_read = 0
    job, told = desk.admit(prompt="x" * 50, count=2, top_logprobs=1, prompt_logprobs=True)
    for turn in range(1, 8):
        desk.turn()
        assert written(writing) == [turn + 1]
        assert written(job) == []
    desk.turn()
    assert written(job) == [1, 1]
    assert model.tokens_read - 8 == 50 + 2  # the 8 of the other, and what both rows have written
    assert sum(len(event.tokens) for event in told if isinstance(event, PromptPiece)) == 50


@pytest.mark.parametrize("model", [endless(), WindowedModel(8), WindowedModel(400)])
@pytest.mark.parametrize("max_tokens", [0, 1, 9])
def test_a_prompt_is_foreseen_under_load_as_alone(model: NgramModel, max_tokens: int) -> None:
    request = dataclasses.replace(REQUEST, top_logprobs=2, prompt_logprobs=True, max_tokens=max_tokens, count=2)
    expected = list(LocalWriter(model, ByteTokenizer(), "m").write(request))
    for chunk in (1, 5, 100):
        desk = Desk(model, chunk=chunk)
        for _ in range(2):  # what the first left in the cache changes nothing
            _, told = desk.admit(request)
            desk.finish()
            assert foreseen(told) == foreseen(expected)
            assert [text_of(told, row) for row in (0, 1)] == [text_of(expected, row) for row in (0, 1)]


def foreseen(told: Sequence[Event | MoxuError]) -> list[Any]:
    tokens = [token for event in told if isinstance(event, PromptPiece) for token in event.tokens]
    return [(token.text, token.alternatives, pytest.approx(token.logprob, abs=1e-5)) for token in tokens]


def test_a_request_that_writes_nothing_gives_its_slots_back_at_once() -> None:
    model = endless()
    desk = Desk(model)
    _, told = desk.admit(max_tokens=0, count=3)
    desk.turn()
    assert [event.reason for event in told if isinstance(event, Finish)] == ["length"] * 3
    assert (desk.slots.used, model.tokens_read, desk.slots.counts.finished) == (0, 0, 1)
