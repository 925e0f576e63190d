"""Texts as arrays: what tokenizers look up for a whole text is what they say character by character."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.text.chars import CharTokenizer
from moxu.text.code_points import CharacterTable, code_points, count_characters
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable

ANY = st.text(
    st.one_of(st.characters(), st.characters(categories=["Cs"]), st.sampled_from("\n\t这是一颗星𠀀\U0010ffff"))
)
"""Texts of anything that Python takes for a character, halves of pairs among them."""


@given(text=ANY)
@pytest.mark.parametrize("characters", ["", "\n", "这是一颗", "\n星𠀀", "\ud800这", "\U0010ffff"])
def test_characters_are_encoded_at_once_as_one_by_one(characters: str, text: str) -> None:
    tokenizer = CharTokenizer(characters)
    assert tokenizer.encode_array(text).tolist() == tokenizer.encode(text)


@given(text=ANY)
def test_vocabularies_with_an_unknown_are_looked_up_at_once(text: str) -> None:
    for tokenizer in (WordTable([UNKNOWN, *"\n这是𠀀"]), TurnsTokenizer([*SPECIAL, *"这是𠀀"])):
        assert tokenizer.encode_array(text).tolist() == tokenizer.encode(text)


@given(text=ANY)
def test_characters_are_counted(text: str) -> None:
    codes, counts = count_characters(text)
    found = dict(zip(codes.tolist(), counts.tolist(), strict=True))
    assert found == {ord(character): text.count(character) for character in set(text)}


def test_vocabulary_of_more_than_65536_takes_wider_ids() -> None:
    characters = "".join(chr(code) for code in range(0x20000, 0x20000 + (1 << 16)))
    ids = CharTokenizer(characters).encode_array(characters[-2:] + "a")
    assert ids.dtype == np.uint32
    assert ids.tolist() == [257 + 65534, 257 + 65535, 1 + ord("a")]


def test_what_no_entry_has_is_the_other_id() -> None:
    table = CharacterTable({"b": 7}, other=3)
    assert table.look_up(code_points("abc\U0010ffff")).tolist() == [3, 7, 3, 3]
    assert CharacterTable({}, other=3).look_up(code_points("a")).tolist() == [3]
