from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from moxu.store.records import Note, NoteContent
from moxu.writers.scene_lore import DEPTH, aliases_of, fired, keys_of

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def card(name: str, *aliases: str, number: int = 1, **content: Any) -> Note:
    written = NoteContent(name=name, aliases=aliases, text="文", **content)
    return Note(number, 1, "lore", written, 1, MOMENT, MOMENT, None)


def keys(text: str, *cards: Note) -> list[tuple[str | None, int | None]]:
    return [(one.key, one.back) for one in fired(cards, text)]


@pytest.mark.parametrize("separator", ["，", "、", ",", ";", "；", "､", "\n", " ， "])
def test_aliases_are_separated_by_commas_and_semicolons_of_any_width(separator: str) -> None:
    assert aliases_of(separator.join(["阿砚", "沈 大夫", "Yan"])) == ("阿砚", "沈 大夫", "Yan")


def test_an_empty_alias_is_none_and_one_that_is_given_twice_is_one() -> None:
    assert aliases_of("，阿砚,, 阿砚；　") == ("阿砚",)
    assert aliases_of(" ") == ()


def test_an_alias_that_was_kept_with_its_separators_is_several() -> None:
    assert keys_of(card(" 沈砚 ", "阿砚、沈大夫", "沈砚", "")) == ("沈砚", "阿砚", "沈大夫")


def test_a_card_fires_by_the_key_that_was_named_last() -> None:
    one = card("沈砚", "阿砚")
    assert keys("沈砚来了。阿砚走了。", one) == [("阿砚", 5)]
    assert keys("阿砚来了。沈砚走了。", one) == [("沈砚", 5)]


def test_a_card_that_is_not_named_does_not_fire() -> None:
    assert keys("沈先生砚台", card("沈砚", "阿砚")) == []


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("ＡＩ", "那个ai说"),
        ("ai", "那个ＡＩ说"),
        ("Straße", "在STRASSE上"),
        ("ガイド", "那个ｶﾞｲﾄﾞ说"),
        ("ｶﾞｲﾄﾞ", "那个ガイド说"),
        ("７号", "住在7号。"),
    ],
)
def test_width_and_case_make_no_difference(key: str, text: str) -> None:
    assert keys(text, card(key))[0][0] == key


def test_the_place_is_counted_in_the_text_as_it_was_given() -> None:
    assert keys("㍿ＡＢ㍿㍿", card("ab")) == [("ab", 4)]


def test_latin_letters_do_not_fire_within_a_longer_word() -> None:
    ann = card("Ann")
    assert keys("Anna", ann) == keys("annAnn", ann) == keys("Ann1", ann) == []
    assert keys("叫Ann的", ann) == [("Ann", 4)]
    assert keys("Ann和Anna", ann) == [("Ann", 8)]  # the last place where it stands alone


def test_a_key_is_looked_for_as_far_back_as_its_card_says() -> None:
    assert keys("沈砚" + "。" * 5, card("沈砚", depth=7)) == [("沈砚", 7)]
    assert keys("沈砚" + "。" * 5, card("沈砚", depth=6)) == []
    assert keys("沈砚", card("沈砚", depth=0)) == []
    assert keys("沈砚" + "。" * (DEPTH - 2), card("沈砚")) == [("沈砚", DEPTH)]
    assert keys("沈砚" + "。" * (DEPTH - 1), card("沈砚")) == []


def test_a_card_that_is_always_shown_says_by_what_it_is_named_if_it_is() -> None:
    always = card("沈砚", always=True)
    assert keys("空山", always) == [(None, None)]
    assert keys("沈砚", always) == [("沈砚", 2)]


def test_the_order_of_the_cards_is_kept_wherever_they_are_named() -> None:
    cards = [card("甲", number=1), card("乙", number=2, always=True), card("丙", number=3), card("丁", number=4)]
    assert [one.card.id for one in fired(cards, "丁丙甲")] == [1, 2, 3, 4]


def test_a_card_without_any_key_fires_only_always() -> None:
    assert keys("甲", card(" ", "，")) == []
    nameless = card("")
    assert keys("甲", replace(nameless, content=replace(nameless.content, always=True))) == [(None, None)]
