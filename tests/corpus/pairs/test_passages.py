from collections import Counter

import pytest

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.passages import ContinueOptions, ExpandOptions, continue_pairs, expand_pairs

PARAGRAPHS = tuple(
    f"那年第{number}天，他又走到河边。水还是那样流着，没有人说话。他想起了第{number}封信，信里什么也没有写。"
    for number in range(60)
)
CHAPTER = Chapter("第一章", PARAGRAPHS)
TEXT = "\n".join(PARAGRAPHS)


def test_targets_follow_one_another_and_sources_end_where_they_begin() -> None:
    pairs = list(continue_pairs(CHAPTER, ContinueOptions(), Counter()))
    assert len(pairs) > 4
    joined = "".join(pair.target for pair in pairs)
    assert joined in TEXT
    assert all(pair.source + pair.target in TEXT for pair in pairs)
    assert all(len(pair.source) <= 128 and 128 <= len(pair.target) <= 500 for pair in pairs)


def test_the_end_of_a_long_sentence_is_a_source() -> None:
    chapter = Chapter("", ("雨" * 300 + "。", *PARAGRAPHS))
    first = next(continue_pairs(chapter, ContinueOptions(), Counter()))
    assert first.source == "雨" * 126 + "。\n"


def test_an_opening_is_expanded_from_an_outline_of_its_own_sentences() -> None:
    (pair,) = expand_pairs(CHAPTER, ExpandOptions(), Counter())
    assert TEXT.startswith(pair.target)
    assert 20 <= len(pair.source) <= 128
    assert all(part in TEXT for part in pair.source.split("。"))


def test_every_passage_can_have_an_outline() -> None:
    pairs = list(expand_pairs(CHAPTER, ExpandOptions(every=True), Counter()))
    assert "\n".join(pair.target for pair in pairs).replace("\n", "") in TEXT.replace("\n", "")
    assert len(pairs) > 4


@pytest.mark.parametrize(
    ("chapter", "reason"),
    [
        (Chapter("", ("雨停了。他推开门。",)), "the passage is too short"),
        (Chapter("", ("雨" * 600,)), "a sentence is longer than a passage"),
        (Chapter("", ("雨" * 200 + "。",)), "no outline"),
    ],
)
def test_what_makes_no_pair_is_counted(chapter: Chapter, reason: str) -> None:
    skipped = Counter[str]()
    assert list(expand_pairs(chapter, ExpandOptions(), skipped)) == []
    assert skipped == {reason: 1}


def test_a_chapter_without_paragraphs_has_nothing() -> None:
    volume = Chapter("第一卷")
    assert list(expand_pairs(volume, ExpandOptions(), Counter())) == []
    assert list(continue_pairs(volume, ContinueOptions(), Counter())) == []


def test_a_source_has_a_part_of_a_long_sentence_before_a_short_one() -> None:
    chapter = Chapter("", ("雨" * 300 + "。走吧。", *PARAGRAPHS))
    first = next(continue_pairs(chapter, ContinueOptions(), Counter()))
    assert first.source.endswith("雨。")
    assert len(first.source) == 128
