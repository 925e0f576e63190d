"""N-grams: which letters of a text are compared, and that each run of n of them has a number of its own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moxu.corpus.dedup.ngrams import BLOCK, letters, ngram_hashes

ODD = "雨夜山水，。！？“”…… \t\n\u3000\u200bＡa１1ⅣßÉ々〇□\ufffd𠮷😀\ud800"
texts = st.text(st.sampled_from(ODD), max_size=60)


def compared(text: str) -> str:
    return letters(text).astype("<u4").tobytes().decode("utf-32-le")


def hashes(text: str, n: int) -> list[int]:
    return [value for block in ngram_hashes(letters(text), n) for value in block.tolist()]


def test_only_letters_are_compared() -> None:
    assert compared("　　“夜里，下了一场雨……”\n她说：□〇々。") == "夜里下了一场雨她说〇々"


def test_letters_are_compared_in_their_usual_form() -> None:
    assert compared("ＡBｃ１２") == "abc12"
    assert compared("\uf900") == "豈"


def test_rare_characters_are_letters_and_half_pairs_are_not() -> None:
    assert compared("𠮷\ud800😀") == "𠮷"


@given(texts)
def test_letters_of_a_text_are_those_of_its_characters(text: str) -> None:
    assert compared(text) == "".join(compared(character) for character in text)


@settings(deadline=None)
@given(texts, st.integers(1, 20))
def test_each_ngram_has_the_hash_it_has_alone(text: str, n: int) -> None:
    kept = compared(text)
    alone = [hashes(kept[start : start + n], n)[0] for start in range(len(kept) - n + 1)]
    assert hashes(text, n) == alone


def test_hashes_of_a_long_text_go_on_across_blocks() -> None:
    draw = np.random.default_rng(1)
    text = "".join(map(chr, draw.integers(0x4E00, 0x9000, 2 * BLOCK + 10)))
    assert hashes(text, 5) == hashes(text[: BLOCK + 4], 5) + hashes(text[BLOCK:], 5)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 12, 13])
def test_different_ngrams_have_different_hashes(n: int) -> None:
    draw = np.random.default_rng(n)
    runs = {"".join(row) for row in draw.choice(list("天地玄黄宇宙洪荒"), (4000, n)).tolist()}
    assert len({hashes(run, n)[0] for run in runs}) == len(runs)


def test_hashes_are_spread_evenly() -> None:
    draw = np.random.default_rng(1)
    text = "".join(draw.choice(list("天地玄黄宇宙洪荒日月盈昃"), 100_000).tolist())
    found = np.unique(np.array(hashes(text, 5), np.uint64))
    counts = np.bincount((found >> np.uint64(60)).astype(np.int64), minlength=16)
    expected = len(found) / 16
    assert ((counts - expected) ** 2 / expected).sum() < 37.7  # chi squared with 15 degrees of freedom, p = 0.001


def test_a_text_shorter_than_the_ngram_has_no_hashes() -> None:
    assert hashes("雨，夜。", 3) == []
