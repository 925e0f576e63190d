"""A survey names what repeats what, and its rows are all that repeats nothing."""

import numpy as np
import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.dedup.survey import ChapterName, Findings, Survey, kept_rows
from moxu.corpus.work import Work
from moxu.errors import TextError

LETTERS = np.array([chr(code) for code in range(0x4E00, 0x4E00 + 2000)])


def chapter(seed: int, title: str, length: int = 4000) -> Chapter:
    letters = np.random.default_rng(seed).choice(LETTERS, length).tolist()
    return Chapter(title, ("".join(letters[: length // 2]), "".join(letters[length // 2 :])))


def work(title: str, *chapters: Chapter, author: str = "") -> Work:
    book = Book(title, author, chapters)
    return Work(f"{title}.txt", book, f"{title}.txt")


WORKS = [
    work("甲", Chapter("上卷"), chapter(1, "第一章"), chapter(2, "第二章"), author="某人"),
    work("乙", Chapter("上卷"), chapter(3, "第一章"), chapter(2, "第二章（重）")),
    work("丙", chapter(1, "旧第一章"), chapter(4, "第二章")),
]


def surveyed(works: list[Work]) -> Findings:
    survey = Survey()
    for each in works:
        survey.add(each)
    return survey.findings(0.7)


def test_chapters_that_repeat_are_named_with_what_they_repeat() -> None:
    findings = surveyed(WORKS)
    names = [(findings.chapters[each.chapter], findings.chapters[each.of]) for each in findings.repetitions]
    assert names == [
        (ChapterName(1, 3, "第二章（重）"), ChapterName(0, 3, "第二章")),
        (ChapterName(2, 1, "旧第一章"), ChapterName(0, 2, "第一章")),
    ]
    assert all(each.exact for each in findings.repetitions)
    assert (findings.works, findings.characters) == (["甲", "乙", "丙"], 24_000)


def test_works_that_share_a_chapter_of_two_are_related() -> None:
    told = surveyed(WORKS).as_object()["related"]
    assert [each["works"] for each in told] == [["甲", "乙"], ["甲", "丙"]]
    assert [each["shared"] for each in told] == pytest.approx([0.5, 0.5], abs=0.25)


def test_rows_are_the_chapters_that_repeat_nothing() -> None:
    rows = list(kept_rows(WORKS, surveyed(WORKS)))
    assert [(row["title"], row["number"], row["heading"]) for row in rows] == [
        ("甲", 1, "上卷"),
        ("甲", 2, "第一章"),
        ("甲", 3, "第二章"),
        ("乙", 1, "上卷"),
        ("乙", 2, "第一章"),
        ("丙", 2, "第二章"),
    ]
    assert rows[1]["text"] == "\n".join(WORKS[0].book.chapters[1].paragraphs)
    assert rows[1]["author"] == "某人"
    assert "author" not in rows[3]


@pytest.mark.parametrize("now", [WORKS[:2], [*WORKS, WORKS[0]], [WORKS[1], WORKS[0], WORKS[2]]])
def test_sources_that_have_changed_are_refused(now: list[Work]) -> None:
    with pytest.raises(TextError, match="run the command again"):
        list(kept_rows(now, surveyed(WORKS)))
