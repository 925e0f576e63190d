"""Differences between texts, and what they cost."""

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.store.difference import Difference, compress, difference, expand

TEXTS = st.text(st.sampled_from("雾江ab\n😀"), max_size=60)
MILLION = "".join(random.Random(0).choices([chr(0x4E00 + i) for i in range(3000)], k=1_000_000))


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_difference_applied_to_the_snapshot_gives_the_text(begin: str, old: str, new: str, end: str) -> None:
    snapshot, text = begin + old + end, begin + new + end
    found = difference(snapshot, text)
    assert found is None or found.apply(snapshot) == text


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert difference(text, text) == Difference(len(text), len(text), "")


@pytest.mark.parametrize("place", [0, 1, 499_999, 999_999, 1_000_000])
def test_an_edit_of_one_character_in_a_million_is_kept_as_one_character(place: int) -> None:
    found = difference(MILLION, MILLION[:place] + "〇" + MILLION[place:])
    assert found == Difference(place, place, "〇")


def test_a_difference_of_more_than_an_eighth_is_no_saving() -> None:
    assert difference("雾" * 70, "雾" * 70 + "江" * 10) == Difference(70, 70, "江" * 10)
    assert difference("雾" * 69, "雾" * 69 + "江" * 10) is None


@given(st.text())
def test_what_is_compressed_comes_back(text: str) -> None:
    assert expand(compress(text)) == text


def test_a_damaged_text_is_noticed() -> None:
    content = bytearray(compress(MILLION[:1000]))
    content[-3] ^= 1
    with pytest.raises(zlib.error):
        expand(bytes(content))
