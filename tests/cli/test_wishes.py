from typing import Any

import pytest

from mocks import NgramModel, WindowedModel
from moxu.cli.wishes import Wishes
from moxu.decode.options import sampling_options
from moxu.errors import SettingsError

GIVEN: dict[str, Any] = {
    **{"chars": 9, "count": 2, "seed": None, "stop": ("完\\n",), "window": "lines", "beams": 1, "context": None},
    **{"past_end": None, "preset": None, "top_k": None, "top_p": 0.5},
}


def test_options_become_the_fields_of_a_request() -> None:
    request, preset = Wishes.of(GIVEN).request_for("wild", past_end=True)
    assert (request.max_chars, request.count, request.seed, request.stop) == (9, 2, None, ("完\n",))
    assert (request.window, request.past_end, preset) == ("lines", True, "wild")
    assert request.options == sampling_options("wild", {"top_p": 0.5})


def test_what_was_wished_goes_before_what_suits_the_model() -> None:
    request, preset = Wishes.of(GIVEN | {"preset": "steady", "past_end": False}).request_for("wild", past_end=True)
    assert (request.past_end, preset) == (False, "steady")


def test_a_search_is_greedy_unless_told_otherwise() -> None:
    assert Wishes.of(GIVEN | {"beams": 4, "top_p": None}).request_for("wild", past_end=False)[1] == "greedy"
    with pytest.raises(SettingsError, match="a search draws nothing"):
        Wishes.of(GIVEN | {"beams": 4, "preset": "wild"})


def test_a_search_refuses_an_option_that_shapes_a_draw() -> None:
    with pytest.raises(SettingsError, match=r"top_p is 0\.5: a search draws nothing"):
        Wishes.of(GIVEN | {"beams": 4})
    assert Wishes.of(GIVEN | {"beams": 4, "top_p": None, "no_repeat_ngram": 3}).request.options.no_repeat_ngram == 3


def test_options_that_a_command_has_not_are_left_alone() -> None:
    few = {name: GIVEN[name] for name in ("chars", "beams", "preset")}
    assert Wishes.of(few).request.count == 1


@pytest.mark.parametrize(
    ("change", "said"), [({"chars": 0}, "max_chars"), ({"preset": "wilde"}, "'wild'"), ({"context": 1}, "context is 1")]
)
def test_a_wrong_wish_is_told_before_a_model_is_known(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Wishes.of(GIVEN | change)


def test_the_window_is_the_smaller_of_the_models_and_the_wished() -> None:
    assert Wishes.of(GIVEN).window_of(NgramModel()) is None
    assert Wishes.of(GIVEN).window_of(WindowedModel(12)) == 12
    assert Wishes.of(GIVEN | {"context": 8}).window_of(WindowedModel(12)) == 8
