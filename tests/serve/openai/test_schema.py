from typing import Any

import pytest
from pydantic import ValidationError

from moxu.decode.options import SamplingOptions
from moxu.serve.openai.schema import ChatWishes, CompletionWishes
from moxu.serve.sampling_schema import SAMPLERS


def test_every_sampling_option_is_a_field() -> None:
    assert {*SAMPLERS, "logit_bias"} == set(SamplingOptions.__dataclass_fields__)
    assert set(SAMPLERS) <= set(CompletionWishes.model_fields)


@pytest.mark.parametrize("prompt", ["a", "", ["a", "b"], [1, 2], [[1], [2, 3]], None])
def test_a_prompt_has_four_forms(prompt: Any) -> None:
    assert CompletionWishes.model_validate({"prompt": prompt}).prompt == prompt


@pytest.mark.parametrize("prompt", [1, [1, "a"], [[]], [["a"]], {"a": 1}, [1.5], [True], ["a", None]])
def test_nothing_else_is_a_prompt(prompt: Any) -> None:
    with pytest.raises(ValidationError):
        CompletionWishes.model_validate({"prompt": prompt})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"temprature": 1}, "unknown field 'temprature'; did you mean 'temperature'"),
        ({"tools": [{"type": "function"}]}, "tools is not supported"),
        ({"suffix": "b"}, "suffix is not supported"),
        ({"best_of": 3}, "best_of is not supported"),
        ({"temperature": "1"}, "expected a number"),
        ({"temperature": True}, "expected a number"),
        ({"temperature": float("nan")}, "finite"),
        ({"n": True}, "integer"),
        ({"n": 1.5}, "integer"),
        ({"logit_bias": {"1": "x"}}, "expected a number"),
        ({"stop": [1]}, "string"),
        ([], "expected an object"),
    ],
)
def test_what_cannot_be_granted_is_named(given: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CompletionWishes.model_validate(given)


def test_fields_that_say_nothing_about_the_text_are_not_looked_at() -> None:
    quiet = {"user": "x", "metadata": {"a": 1}, "store": False, "tools": None, "suffix": None, "best_of": 1}
    plain, read = (CompletionWishes.model_validate(given).model_dump() for given in ({"best_of": 1}, quiet))
    assert read == plain


def test_a_message_may_be_of_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    wishes = ChatWishes.model_validate({"messages": [{"role": "user", "content": parts}]})
    assert wishes.messages[0].text == "ab"


def test_a_message_may_come_back_as_a_client_writes_down_an_answer() -> None:
    empty: dict[str, Any] = {
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
    }
    wishes = ChatWishes.model_validate({"messages": [{"role": "assistant", "content": "a"} | empty]})
    assert wishes.messages[0].text == "a"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"messages": []},
        {"messages": [{"role": "assistant", "content": "a", "tool_calls": [{"id": "x"}]}]},
        {"messages": [{"role": "wizard", "content": "a"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        {"messages": [{"role": "user", "content": "a"}], "top_logprobs": 3},
        {"messages": [{"role": "user", "content": "a"}], "max_tokens": 3, "max_completion_tokens": 4},
    ],
)
def test_what_is_no_chat_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        ChatWishes.model_validate(given)
