"""Texts to arrays of ids: what each tokenizer would say, and how much of it is unknown."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from moxu.corpus.pack.encoding import Encoder, content_of, encoder_of
from moxu.corpus.pack.texts import Text
from moxu.text.chars import CharTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import save_tokenizer
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable

TEXTS = [Text("甲", " 雾从江上起来。\n"), Text("空", "\u3000"), Text("乙", "墨江")]


def test_content_begins_with_a_newline_and_ends_with_its_last_character() -> None:
    assert [content_of(text, "\n") for text in TEXTS] == ["\n雾从江上起来。", "", "\n墨江"]


def test_ids_of_several_texts_follow_one_another() -> None:
    tokenizer = CharTokenizer("\n雾从江上起来。")
    encoded = Encoder(tokenizer)(TEXTS)
    assert encoded.ids.tolist() == [*tokenizer.encode("\n雾从江上起来。"), 0, *tokenizer.encode("\n墨江"), 0]
    assert (encoded.lengths, encoded.characters) == ([9, 0, 6], [8, 0, 3])
    assert encoded.unknown == [0, 0, 1]


@pytest.mark.parametrize(
    "tokenizer", [WordTable([*"\n雾从江上起来。", UNKNOWN]), TurnsTokenizer([*SPECIAL, *"雾从江上起来。"])]
)
def test_ids_for_the_unknown_are_counted(tokenizer: Tokenizer) -> None:
    assert Encoder(tokenizer)(TEXTS).unknown == [0, 0, 1]


def test_newline_and_end_are_left_out_where_there_are_none() -> None:
    turns, words = TurnsTokenizer([*SPECIAL, "墨", "江"]), WordTable(["\n", "墨", "江", UNKNOWN])
    assert Encoder(turns)([TEXTS[2]]).ids.tolist() == [3, 4, turns.end_id]
    assert Encoder(words)([TEXTS[2]]).ids.tolist() == [0, 1, 2]


def test_encoder_is_made_anew_in_any_process(tokenizer: Tokenizer, tmp_path: Path) -> None:
    make = pickle.loads(pickle.dumps(encoder_of(save_tokenizer(tokenizer, tmp_path), tmp_path)))
    here, there = Encoder(tokenizer)(TEXTS), make()(TEXTS)
    assert np.array_equal(here.ids, there.ids)
    assert here.ids.dtype == there.ids.dtype
    assert (here.lengths, here.unknown) == (there.lengths, there.unknown)
