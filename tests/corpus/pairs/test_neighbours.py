from collections import Counter
from itertools import pairwise

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.neighbours import SentenceOptions, join_short, sentence_pairs
from moxu.corpus.pairs.records import Pair

CHAPTER = Chapter("第一章", ("雨停了。他推开门。", "院子里没有人。", "“谁？”他问。没有人回答。"))
SENTENCES = ["雨停了。", "他推开门。\n", "院子里没有人。\n", "“谁？”他问。", "没有人回答。"]


def made(skipped: Counter[str] | None = None, **options: int) -> list[Pair]:
    return list(sentence_pairs(CHAPTER, SentenceOptions(**options), Counter() if skipped is None else skipped))


def test_each_sentence_is_the_target_of_the_one_before_it() -> None:
    assert made() == [Pair(*two) for two in pairwise(SENTENCES)]


def test_source_and_target_are_a_piece_of_the_text() -> None:
    text = "\n".join(CHAPTER.paragraphs)
    assert all(pair.source + pair.target in text for pair in made(before=2, after=2))


def test_sides_have_as_many_sentences_as_asked_for_and_pairs_are_a_stride_apart() -> None:
    assert made(before=2, after=1, stride=2) == [
        Pair(SENTENCES[0] + SENTENCES[1], SENTENCES[2]),
        Pair(SENTENCES[2] + SENTENCES[3], SENTENCES[4]),
    ]


def test_short_sentences_are_joined_first() -> None:
    assert join_short(["一二三。", "四。", "五六七八九。", "十。"], 6) == ["一二三。四。", "五六七八九。", "十。"]
    assert made(join=100) == []  # the chapter is one group
    assert len(made(join=15)) == 2


def test_what_is_too_long_or_too_short_is_counted() -> None:
    skipped = Counter[str]()
    assert len(made(skipped, target=6)) == 4
    assert skipped == {"a side is too long": 1}
    skipped.clear()
    assert len(made(skipped, shortest=5)) == 3
    assert skipped == {"a side is too short": 1}


def test_a_chapter_of_one_sentence_has_no_pair() -> None:
    assert list(sentence_pairs(Chapter("", ("雨停了。",)), SentenceOptions(), Counter())) == []
