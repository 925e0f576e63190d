"""Adverts as sites of all kinds put them in texts, and stories that use the same words; all of them invented."""

from pathlib import Path

import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.clean.cleaner import Cleaner, clean_book

HERE = Path(__file__).parent
ADVERTS = HERE.joinpath("adverts.txt").read_text("utf-8").splitlines()
STORIES = HERE.joinpath("prose.txt").read_text("utf-8").splitlines()
FIRST, SECOND = "雾从江上起来，船还没有到。", "他看了看手机，又放下了。"
BRACKETED = [one for one in ADVERTS if one[0] in "（(【[［" and one[-1] in "）)】]］"]


def cleaned(*paragraphs: str, title: str = "长夜行", cleaner: Cleaner | None = None) -> tuple[str, ...]:
    book = Book(title, chapters=(Chapter("第一章 渡口", paragraphs),))
    return clean_book(book, cleaner or Cleaner())[0].chapters[0].paragraphs


@pytest.mark.parametrize("advert", ADVERTS)
def test_advert_vanishes_from_a_line_of_its_own_and_from_around_sentences(advert: str) -> None:
    assert cleaned(FIRST, advert, SECOND) == (FIRST, SECOND)
    assert cleaned(f"{advert} {FIRST}") == (FIRST,)
    assert cleaned(f"{FIRST}{advert} {SECOND}") == (FIRST + SECOND,)
    assert cleaned(FIRST + advert) == (FIRST,)


@pytest.mark.parametrize("advert", BRACKETED)
def test_advert_in_brackets_vanishes_from_within_a_sentence(advert: str) -> None:
    assert cleaned(f"雾从江上{advert}起来，“船{advert}还没有到。”") == ("雾从江上起来，“船还没有到。”",)


@pytest.mark.parametrize("story", STORIES)
def test_story_that_uses_the_words_of_adverts_stays_as_it_is(story: str) -> None:
    assert cleaned(story) == (story,)
    assert cleaned(FIRST + story + SECOND) == (FIRST + story + SECOND,)


def test_title_of_the_book_is_a_word_of_its_adverts() -> None:
    line = "www.wugang.com。长夜免费阅读！"
    assert cleaned(line, title="长夜") == ()
    assert cleaned(line, title="雾港") == ("长夜免费阅读！",)


@pytest.mark.parametrize("name", ["adverts", "sites"])
def test_each_rule_alone_takes_the_fragments_beside_what_it_finds(name: str) -> None:
    line = "请收藏本站：www.wugang.com。手机版：m.wugang.com"
    assert cleaned(FIRST + line, cleaner=Cleaner((name,))) == (FIRST,)


@pytest.mark.parametrize("story", STORIES)
def test_story_beside_an_advert_stays_as_it_is(story: str) -> None:
    advert = "【请收藏：www.wugang.com】"
    assert cleaned(story + advert, FIRST, advert + story) == (story, FIRST, story)
