"""What is refused before a database sees it."""

from typing import Any

import pytest

from moxu.errors import StoreError
from moxu.store.storable import LARGEST_ID, storable_json, storable_number, storable_text


@pytest.mark.parametrize("text", ["", "雾从江上起来。\n\r\t", "😀\ufffe\U0010ffff"])
def test_texts_are_stored_as_they_are(text: str) -> None:
    assert storable_text(text, "the text") is text


@pytest.mark.parametrize(("text", "place", "code"), [("雾\0", 2, "U\\+0000"), ("\ud83d江", 1, "U\\+D83D")])
def test_a_character_that_cannot_be_stored_is_named_with_its_place(text: str, place: int, code: str) -> None:
    with pytest.raises(StoreError, match=f"the text: character {place} is {code}"):
        storable_text(text, "the text")


def test_json_is_returned_as_it_will_come_back() -> None:
    assert storable_json({"spans": ((0, 2, "人"),)}, "the spans") == {"spans": [[0, 2, "人"]]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"", {"a": object()}, ["\udc00"]])
def test_what_is_not_json_is_refused(value: Any) -> None:
    with pytest.raises(StoreError, match="the spans: "):
        storable_json(value, "the spans")


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(StoreError, match="not JSON"):
        storable_json(endless, "the spans")


@pytest.mark.parametrize("value", [-1, LARGEST_ID + 1, 10**30])
def test_a_number_that_no_column_holds_is_refused(value: int) -> None:
    with pytest.raises(StoreError, match=f"depth is {value}; expected a number from 0 to {LARGEST_ID}"):
        storable_number(value, "depth")
