from typing import get_args

from moxu.serve.openai.answers import LEAST_LOGPROB, REASONS, CompletionForm, Text
from moxu.writers.base import FinishReason, Token


def test_every_reason_for_which_a_text_ends_has_a_word() -> None:
    assert set(REASONS) == set(get_args(FinishReason))
    assert set(REASONS.values()) == {"stop", "length"}


def test_a_token_that_cannot_be_has_a_number_that_json_knows() -> None:
    tokens = [Token("a", None), Token("b", -float("inf"), (("c", -0.5),))]
    told = CompletionForm().piece(Text(0), "ab", tokens)["logprobs"]
    assert told == {
        "tokens": ["a", "b"],
        "token_logprobs": [None, LEAST_LOGPROB],
        "top_logprobs": [None, {"b": LEAST_LOGPROB, "c": -0.5}],
        "text_offset": [0, 1],
    }
