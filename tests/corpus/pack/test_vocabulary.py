"""Vocabularies from texts: as many characters as were asked for, or as cover so much."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.pack import vocabulary
from moxu.corpus.pack.texts import Text
from moxu.corpus.pack.vocabulary import build_vocabulary, count_texts
from moxu.errors import TextError
from moxu.text.chars import FIRST_CHARACTER_ID


def test_vocabulary_is_chosen_without_the_validation_texts(texts: list[Text]) -> None:
    assert set(build_vocabulary(texts, 1000).characters) == set(str(texts[0].content))


@pytest.mark.parametrize("workers", [1, 2])
def test_counts_are_those_of_what_is_packed(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "BATCH", 10)
    texts = [Text("甲", "  雾从江上起来\n雾"), Text("乙", "江𠀀\n"), Text("丙", "江", split="test"), Text("空", " ")]
    expected = Counter("\n雾从江上起来\n雾\n江𠀀")
    counts = count_texts(texts, workers)
    assert counts.by_frequency == expected
    assert counts.total == expected.total()


def test_more_frequent_characters_come_first_and_equals_by_their_code() -> None:
    assert list(count_texts([Text("甲", "乙甲甲丙丁丁丁")]).by_frequency) == list("丁甲\n丙乙")  # by code: \n < 丙 < 乙


@given(text=st.text(alphabet="甲乙丙丁戊\n", min_size=1), coverage=st.floats(0.01, 1))
def test_coverage_takes_the_fewest_characters_that_cover_so_much(text: str, coverage: float) -> None:
    counts = count_texts([Text("书", f"始{text}终")])
    size = counts.size_for(coverage)
    made = counts.vocabulary(size)
    assert made.vocab_size == size
    assert counts.coverage_of(made).share >= coverage - 1e-9
    if size > FIRST_CHARACTER_ID + 1:
        assert counts.coverage_of(counts.vocabulary(size - 1)).share < coverage + 1e-9


def test_coverage_tells_what_is_spelled_and_what_is_rarest() -> None:
    counts = count_texts([Text("书", "甲甲甲甲乙乙丙丁")])  # and a newline
    covered = counts.coverage_of(counts.vocabulary(counts.size_for(0.75)))
    assert (covered.characters, covered.spelled, covered.distinct) == (9, 2, 5)
    assert covered.rarest == ("\n", 1)
    assert counts.size_for(1.0) == FIRST_CHARACTER_ID + 5


def test_halves_of_pairs_are_no_characters() -> None:
    assert "\ud800" not in count_texts([Text("书", "甲\ud800乙")]).by_frequency


def test_texts_that_are_all_held_out_make_no_vocabulary() -> None:
    with pytest.raises(TextError, match="no text for training here"):
        count_texts([Text("书", "雾", split="validation")])


def test_progress_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "BATCH", 1)
    calls: list[tuple[float, int, int]] = []
    texts = [Text("甲", "雾", part=0.5), Text("乙", "江上", part=1.0)]
    count_texts(texts, progress=lambda *call: calls.append(call))
    assert calls == [(0.5, 1, 2), (1.0, 1, 3)]
