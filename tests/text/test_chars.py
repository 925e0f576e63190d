"""The vocabulary of characters: nothing is unknown to it."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.errors import TextError
from moxu.text.chars import END_ID, FIRST_CHARACTER_ID, CharTokenizer

TEXT = "\n这是一颗星。他说：“去！”"


@pytest.fixture
def tokenizer() -> CharTokenizer:
    return CharTokenizer.of_counts(Counter(TEXT), FIRST_CHARACTER_ID + 12)


@given(text=st.text())
def test_every_unicode_text_round_trips(text: str) -> None:
    tokenizer = CharTokenizer("\n这是一颗")
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_known_characters_take_one_id_and_others_their_bytes() -> None:
    tokenizer = CharTokenizer("\n星")
    assert tokenizer.encode("星") == [FIRST_CHARACTER_ID + 1]
    assert [tokenizer.token_bytes(i) for i in tokenizer.encode("墨")] == [b"\xe5", b"\xa2", b"\xa8"]


def test_of_counts_keeps_the_most_frequent_and_always_the_newline(tokenizer: CharTokenizer) -> None:
    assert tokenizer.vocab_size == FIRST_CHARACTER_ID + 12
    small = CharTokenizer.of_counts(Counter("甲甲甲乙乙丙"), FIRST_CHARACTER_ID + 3)
    assert small.characters == "\n甲乙"
    assert small.decode([small.newline_id or 0]) == "\n"


def test_order_of_equally_frequent_characters_does_not_depend_on_the_text() -> None:
    sizes = FIRST_CHARACTER_ID + 9
    assert (
        CharTokenizer.of_counts(Counter("丙乙甲"), sizes).characters
        == CharTokenizer.of_counts(Counter("甲丙乙"), sizes).characters
    )


def test_end_of_a_document_adds_no_text(tokenizer: CharTokenizer) -> None:
    assert tokenizer.token_bytes(END_ID) == b""
    assert tokenizer.decode([END_ID, *tokenizer.encode("一颗"), END_ID]) == "一颗"


def test_nothing_is_forbidden(tokenizer: CharTokenizer) -> None:
    assert tokenizer.forbidden_ids == ()


def test_saved_vocabulary_loads_as_it_was(tokenizer: CharTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "vocabulary.json")
    loaded = CharTokenizer.load(tmp_path / "vocabulary.json")
    assert loaded.characters == tokenizer.characters


def test_repeated_character_is_named() -> None:
    with pytest.raises(TextError, match="'一' stands in it 2 times"):
        CharTokenizer("一二一")


@pytest.mark.parametrize("content", ["[1, 2]", '{"kind": "chars"}', '{"characters": 3}', "{"])
def test_file_that_is_no_vocabulary_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text(content)
    with pytest.raises(TextError, match=r"vocabulary\.json: not a vocabulary of characters"):
        CharTokenizer.load(path)
