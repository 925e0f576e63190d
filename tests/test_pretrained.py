"""The model in the package: it writes at once, repeats itself by seed, and says where it comes from."""

import unicodedata
from pathlib import Path

import pytest

import moxu
from moxu.checkpoints.folder import load_model
from moxu.decode.options import sampling_options
from moxu.decode.score import score_text
from moxu.text.prepare import opening
from moxu.writers.base import Request, write_texts
from moxu.writers.local import LocalWriter

FOLDER = Path(moxu.__file__).parent / "pretrained" / "default"
LARGEST = 30_000_000  # bytes


@pytest.fixture(scope="module")
def writer() -> LocalWriter:
    loaded = load_model(FOLDER)
    assert loaded.tokenizer is not None
    return LocalWriter(loaded.model, loaded.tokenizer, "default")


def request(seed: int = 42, count: int = 1) -> Request:
    options = sampling_options("normal")
    return Request(prompt=opening("这是一颗"), options=options, max_chars=200, seed=seed, count=count)


def test_it_is_small_enough_for_a_package() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= LARGEST


def test_it_continues_an_opening_in_chinese(writer: LocalWriter) -> None:
    (text,) = write_texts(writer, request())
    assert len(text) == 200
    chinese = sum("CJK" in unicodedata.name(character, "") for character in text)
    assert chinese > 140
    assert any(mark in text for mark in "，。")


def test_same_seed_gives_the_same_text_alone_and_as_row_five_of_eight(writer: LocalWriter) -> None:
    together = write_texts(writer, request(count=8))
    assert len(set(together)) == 8
    assert write_texts(writer, request(seed=46)) == [together[4]]


def test_its_card_tells_what_it_has_read_and_how_well_it_reads() -> None:
    card = load_model(FOLDER).card
    assert card["licence"] == "Apache-2.0"
    assert card["ids_read"] > 1_000_000
    assert 3 < card["validation"]["bits_per_character"] < 7


def test_it_foresees_prose_better_than_shuffled_prose(writer: LocalWriter) -> None:
    prose = "夜里下了一场大雨，第二天早上他推开门，看见院子里的花都落了，心里很是难过。"
    in_order = score_text(writer.model, writer.tokenizer, prose).bits_per_character
    backwards = score_text(writer.model, writer.tokenizer, prose[::-1]).bits_per_character
    assert in_order < backwards - 1
    assert in_order < 7.5
