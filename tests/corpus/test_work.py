"""A work gives its chapters with the numbers that its source gives them."""

from moxu.corpus.book import Book, Chapter
from moxu.corpus.work import Work

CHAPTERS = (Chapter("一"), Chapter("二"))


def test_chapters_have_the_numbers_of_the_source_or_are_counted() -> None:
    told = Work("a", Book(chapters=CHAPTERS), "a.txt", numbers=(2, 5))
    assert list(told.numbered()) == [(2, CHAPTERS[0]), (5, CHAPTERS[1])]
    assert [number for number, _ in Work("a", Book(chapters=CHAPTERS), "a.txt").numbered()] == [1, 2]
