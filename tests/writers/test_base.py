from typing import Any

import pytest

from moxu.errors import SettingsError
from moxu.writers.base import Event, Finish, Piece, Request, Started, collect


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
