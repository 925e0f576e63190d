from typing import Any

import pytest

from moxu.decode.options import SamplingOptions
from moxu.errors import SettingsError
from moxu.writers.base import Event, Finish, Piece, Request, Started, collect

GREEDY = SamplingOptions(greedy=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": 0}, "count is 0; expected between 1 and 1024"),
        ({"max_chars": 0}, "max_chars is 0; expected at least 1"),
        ({"seed": -1}, "seed is -1; expected between 0"),
        ({"top_logprobs": 500}, "top_logprobs is 500; expected between 0 and 100"),
        ({"stop": ("完", "")}, "a stop string is empty"),
        ({"window": "reed"}, "unknown window policy 'reed'; did you mean 'reread'"),
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt_ids": ()}, "the prompt is empty"),
        ({"context": 1}, "context is 1; expected at least 2"),
        ({"max_tokens": -1}, "max_tokens is -1; expected at least 0"),
        ({"prompt_logprobs": True}, "prompt_logprobs needs top_logprobs"),
        ({"passages": 0}, "passages is 0; expected at least 1"),
        ({"beams": 0}, "beams is 0; expected between 1 and 256"),
        ({"beams": 3}, "beams is 3, but temperature is 0.9: a search draws nothing; use greedy"),
        ({"beams": 3, "options": SamplingOptions(top_k=4)}, "beams is 3, but top_k is 4"),
        ({"beams": 2, "count": 3, "options": GREEDY}, "count is 3, but beams only 2"),
        ({"beams": 2, "top_logprobs": 1, "options": GREEDY}, "top_logprobs is 1; a search with beams"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Request(**({"prompt": "这"} | values))


def test_collect_puts_interleaved_rows_together() -> None:
    events: list[Event] = [
        Started(1, 1, (5, 6)),
        Piece(1, "b"),
        Piece(0, "a"),
        Piece(1, "c"),
        Finish(1, "end", 2, 3, 0.5),
        Finish(0, "length", 1, 1, 0.0),
    ]
    first, second = collect(iter(events))
    assert (first.text, first.seed, first.finish_reason) == ("a", 5, "length")
    assert (second.text, second.seed, second.characters_per_second) == ("bc", 6, 4.0)


def test_a_row_without_a_single_piece_is_an_empty_text() -> None:
    (only,) = collect(iter([Started(1, 1, (5,)), Finish(0, "stop", 0, 1, 0.1)]))
    assert only.text == ""
