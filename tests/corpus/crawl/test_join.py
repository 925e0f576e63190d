import pytest

from moxu.corpus.crawl.chapter_page import ChapterPage
from moxu.corpus.crawl.join import join_parts

MARK = "（本章未完，请点击下一页继续阅读）"


def part(*lines: str, title: str = "第三章 雾", runs_on: bool = False) -> ChapterPage:
    return ChapterPage(title, lines, runs_on=runs_on)


@pytest.mark.parametrize(
    ("titles", "title"),
    [
        (["第三章 雾（1/3）", "第三章 雾（2/3）"], "第三章 雾"),
        (["第三章 雾", "第三章 雾 第2页"], "第三章 雾"),
        (["第三章 雾（1）", "第三章 雾（2）"], "第三章 雾"),
        (["第三章 雾（2）"], "第三章 雾（2）"),  # the author's own
        (["第三章 雾（2）", "第三章 雾（2）（2/2）"], "第三章 雾（2）"),
        (["第三章 雾（1/1）"], "第三章 雾"),
        ([], ""),
    ],
)
def test_the_title_loses_what_counts_the_parts(titles: list[str], title: str) -> None:
    assert join_parts([part(title=one) for one in titles])[0] == title


def test_parts_stand_one_after_the_other_without_the_marks_between() -> None:
    joined = join_parts([part("甲。", MARK), part("乙。", "本章未完，请点击下一页继续阅读"), part("丙。")])
    assert joined == ("第三章 雾", ("甲。", "乙。", "丙。"))


def test_a_sentence_that_was_cut_is_whole_again() -> None:
    assert join_parts([part("他还在", MARK), part("等船。", "乙。")])[1] == ("他还在等船。", "乙。")
    assert join_parts([part("他还在"), part("等船。", "乙。", runs_on=True)])[1] == ("他还在等船。", "乙。")
    assert join_parts([part("他还在等船"), part("，等了一夜。")])[1] == ("他还在等船，等了一夜。",)


def test_a_sentence_without_an_end_stays_where_nothing_says_that_it_goes_on() -> None:
    assert join_parts([part("他还在"), part("等船。")])[1] == ("他还在", "等船。")
    assert join_parts([part("他还在等船。", MARK), part("乙。", runs_on=True)])[1] == ("他还在等船。", "乙。")


def test_what_a_page_repeats_of_the_one_before_is_there_once() -> None:
    long = ["雾从江上起来，他还在等船。", "“过河么？”船家问道。"]
    assert join_parts([part("甲。", *long), part(*long, "乙。")])[1] == ("甲。", *long, "乙。")
    assert join_parts([part("甲。", "嗯。"), part("嗯。", "乙。")])[1] == ("甲。", "嗯。", "嗯。", "乙。")


def test_parts_without_text_leave_no_trace() -> None:
    assert join_parts([part("甲。"), part(), part(MARK), part("乙。")])[1] == ("甲。", "乙。")
