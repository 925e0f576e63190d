import pytest

from moxu.corpus.crawl.prose import is_navigation, is_unfinished_mark, read_prose, without_navigation
from moxu.corpus.read.markup import parse_html


@pytest.mark.parametrize(
    "line",
    [
        "上一章 目录 下一章",
        "← 上一页 | 返回目录 | 下一页 →",
        "加入书签",
        "【上一章】【章节目录】【下一章】",
        "投推荐票 章节报错",
        "下一頁",
        "大 中 小",
    ],
)
def test_lines_of_buttons_are_navigation(line: str) -> None:
    assert is_navigation(line)


@pytest.mark.parametrize(
    "line", ["他翻到目录那一页。", "下一章，他会回来。", "上一回书说到", "大海", "", "|||", "小", "大|||" * 15 + "水"]
)
def test_lines_of_a_story_are_none(line: str) -> None:
    assert is_navigation(line) is (line == "小")


def test_a_single_word_of_navigation_stays_in_the_middle_of_a_story() -> None:
    lines = ["目录", *["甲。"] * 10, "中", *["乙。"] * 10, "下一章"]
    assert without_navigation(lines) == [*["甲。"] * 10, "中", *["乙。"] * 10]


@pytest.mark.parametrize(
    "line",
    [
        "（本章未完，请点击下一页继续阅读）",
        "本章未完，点击下一页继续阅读》》",
        "本章尚未完结,请点击下一页继续阅读---->>>",
    ],
)
def test_lines_that_tell_of_a_next_page_are_known(line: str) -> None:
    assert is_unfinished_mark(line)
    assert not is_unfinished_mark(f"他在信里写道：{line}")


def test_what_is_not_seen_is_not_read_and_the_text_behind_it_is() -> None:
    body = parse_html(
        "<div>甲<script>1</script>乙<span style='DISPLAY : none'>丙</span>丁<p hidden>戊</p>己<button>庚</button>"
        "<ins>辛</ins><!-- 壬 --><br>&nbsp;&nbsp;癸&nbsp;子</div>"
    )
    assert read_prose(body).paragraphs == ("甲乙丁己", "癸\xa0子")


def test_a_block_that_is_taken_out_still_divides_what_stands_around_it() -> None:
    assert read_prose(parse_html("<div>甲<nav>目录</nav>乙<button>x</button>丙</div>")).paragraphs == ("甲", "乙丙")


def test_a_page_whose_first_line_alone_has_no_indent_runs_on() -> None:
    lines = [f"第{n}天，雾还没有散。" for n in range(5)]
    indented = "<br>".join(f"&nbsp;&nbsp;{line}" for line in lines)
    assert read_prose(parse_html(f"<div>还在等船。<br>{indented}</div>")).runs_on
    assert not read_prose(parse_html(f"<div>{indented}</div>")).runs_on
    assert not read_prose(parse_html(f"<div>{'<br>'.join(lines)}</div>")).runs_on
