"""The table of rules: what the document says of them is what they do, one by one and all together."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moxu.corpus.book import Book, Chapter
from moxu.corpus.clean.cleaner import Cleaner, clean_book
from moxu.corpus.clean.rules import RULES

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "cleaning.md"
ROWS = re.findall(
    r"^\| `([\w-]+)` \| (.+) \((.+)\) \| `(.*)` \| `(.*)` \| (on|off) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE
)
CHAPTERS = {"boilerplate": 5}

PIECES = [
    *("雾从江上起来", "他说", "走了", "船", "，", "。", "！", "？", "：", "“", "”", "…", "—", "（", "）", " ", "　"),
    *("\u200b", "\ufeff", "\ufe0f", "é", "e\u0301", "⼀", "⻦", "\uf900", "\ufffd", "\ue5e5", "■", "□", "Ｇ１２", "．"),
    *(
        "G12",
        "3.14",
        ".",
        "..",
        "...",
        "。。。",
        "・・",
        "-",
        "--",
        "———",
        "──",
        "!",
        "!!!!",
        "！！！！！",
        ",",
        ",,",
        ";",
    ),
    *(
        ":",
        "(",
        ")",
        '"',
        "'",
        "「",
        "」",
        "&nbsp;",
        "&amp;",
        "&lt;",
        "br&gt;",
        "<br>",
        "</p>",
        "<b>",
        "&#1",
        "2;",
        "&",
    ),
    *("＊＊＊", "***", "======", "求月票", "求推荐票", "手机用户请浏览", "m.wugang.example", "www.wugang.com", "阅读"),
    *("ｗｗｗ．ｗｕｇａｎｇ．ｃｏｍ", "雾港小说网", "笔趣阁", "笔♂趣♂阁", "【", "】", "本章未完", "点击下一页继续阅读"),
    *("(1/3)", "第2页", "上一章", "下一章", "返回目录", "作者有话说", "PS：", "霧從江上起來", "躱", "一秒记住"),
    *(
        "第三更送到",
        "群：",
        "123456",
        "QQ",
        "感谢雾的打赏",
        "最新章节请访问",
        "未完待续",
        "目录",
        "首发",
        "http://",
        "/",
    ),
    *(
        "手机版：",
        "更新最快",
        "请收藏本站：",
        "网址是",
        "长夜行",
        "☆",
        "~",
        "他打开",
        "小说网",
        "记住",
        "无广告",
        "；",
        "，",
    ),
    *("1", "\U00020000", "\U000e0100", "雾从江上起来的时候他还在渡口等一条船"),
]
LINES = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
CHAPTER = st.builds(Chapter, LINES, st.lists(LINES, max_size=5).map(tuple))


def cleaned(book: Book, *names: str) -> Book:
    return clean_book(book, Cleaner(names or tuple(RULES)))[0]


def test_document_lists_the_rules_in_their_order_with_title_and_default() -> None:
    listed = [(name, title, chinese, default == "on") for name, title, chinese, _, _, default in ROWS]
    assert listed == [(rule.name, rule.title, rule.title_zh, rule.default) for rule in RULES.values()]


@pytest.mark.parametrize(("name", "before", "after"), [(row[0], row[3], row[4]) for row in ROWS])
def test_examples_of_the_document_are_what_the_rules_do(name: str, before: str, after: str) -> None:
    before = before.replace("\\u200b", "\u200b")
    numbers = [str(number) for number in range(CHAPTERS.get(name, 1))]
    chapters = tuple(Chapter("第一章 渡口", tuple(before.replace("N", one).split("⏎"))) for one in numbers)
    result = cleaned(Book(chapters=chapters), name)
    assert [list(chapter.paragraphs) for chapter in result.chapters] == [
        after.replace("N", n).split("⏎") for n in numbers
    ]


@settings(max_examples=150, deadline=None)
@given(chapters=st.lists(CHAPTER, max_size=7).map(tuple))
def test_cleaning_twice_is_cleaning_once_by_all_rules_together(chapters: tuple[Chapter, ...]) -> None:
    once = cleaned(Book(chapters=chapters))
    assert cleaned(once) == once


@settings(max_examples=60, deadline=None)
@given(chapters=st.lists(CHAPTER, max_size=7).map(tuple))
def test_default_rules_settle_too_and_keep_every_chapter(chapters: tuple[Chapter, ...]) -> None:
    once = cleaned(Book(chapters=chapters), *Cleaner().names)
    assert cleaned(once, *Cleaner().names) == once
    assert len(once.chapters) == len(chapters)
    assert all(now.title or not was.title for was, now in zip(chapters, once.chapters, strict=True))


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(list(RULES)), chapter=CHAPTER)
def test_each_rule_alone_settles(name: str, chapter: Chapter) -> None:
    once = cleaned(Book(chapters=(chapter,)), name)
    assert cleaned(once, name) == once


HOSTILE = [
    *("（", "(", "【本章未完", "<", "<br ", "&amp;", "&", "-", "—", "…", ".", "。", " ", "　", "甲 ", " 甲", "*", "* "),
    *(
        "＊",
        "www.",
        "a.",
        "a-",
        "http://",
        "wW w",
        "求月票",
        "求",
        "请访问",
        "手机用户请浏览",
        "雾小说网",
        "小说网",
        "♂甲",
    ),
    *("笔♂", "1/1", "上一章", '"', "'", "！", "，", "《", "QQ群", "本章未完，请", "最新", "第一更", "感谢", "\u0301"),
    *(
        "\ue000",
        "，，。",
        "~www.",
        "书友",
        "请收藏本站，",
        "更新最快！",
        "www.wugang.com ",
        "“www.wugang.com",
        "“”",
        "☆",
    ),
    *("手机版：m.wugang.com，", "手机版", "a ", "a . a ", "【www.wugang.com】", "他www.wugang.com更新", "求月票！ "),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_line_however_long_makes_a_rule_slow(piece: str) -> None:
    text = (piece * 100_000)[:100_000]  # quadratic time would be minutes
    chapter = Chapter("", (f"他{text}甲",))
    assert clean_book(Book(chapters=(chapter,)), Cleaner())[0].chapters
