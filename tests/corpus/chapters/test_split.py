import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moxu.corpus.book import Chapter
from moxu.corpus.chapters.split import split_chapters
from moxu.text.prepare import BLANK, NEWLINE
from tests_paths import REPOSITORY

FILLER = "他沿着江走了很久，雾里只听得见水声，什么也看不见。" * 20
TITLES = [
    "第一章 渡口",
    "第2章",
    "第三章他写道",
    "楔子",
    "一、雾",
    "（二）",
    "3.",
    "Chapter 4",
    "卷之五 江",
    "目录",
    FILLER,
    "“第六章",
]
texts = st.lists(st.sampled_from(TITLES) | st.text(max_size=20), max_size=30).flatmap(
    lambda lines: st.lists(st.sampled_from(["\n", "\n\n\n", "\r\n　　", "\u2028"]), min_size=len(lines)).map(
        lambda ends: "".join(line + end for line, end in zip(lines, ends, strict=False))
    )
)


def titles(text: str) -> list[str]:
    return [chapter.title for chapter in split_chapters(text)]


def book(*names: str) -> str:
    return "".join(f"{name}\n　　{FILLER}\n" for name in names)


@given(text=texts)
@settings(deadline=None)
def test_every_line_that_is_not_blank_comes_back_in_its_order(text: str) -> None:
    kept = [line for chapter in split_chapters(text) for line in chapter.lines]
    assert kept == [line.strip(BLANK) for line in NEWLINE.split(text) if line.strip(BLANK)]


@pytest.mark.parametrize(
    "names",
    [
        ["第一章", "第二章", "第三章"],
        ["第一章 渡口", "第二章：过江", "第三章、灯"],
        ["第一回甄士隐梦幻识通灵 贾雨村风尘怀闺秀", "第二回贾夫人仙逝扬州城", "第三回托内兄如海荐西宾"],
        ["第 1 章 雾", "第 2 章 灯", "第10章 我是谁？"],
        ["第001节", "第002节", "第一百零八节"],
        ["楔子", "第一卷 江上", "第一章 雾", "第二章 灯", "番外一 旧事", "后记"],
        ["序章 雾", "第一话 「再见」", "第二话 重逢", "尾声"],
        ["第一卷 江上 第一章 雾", "第一卷 江上 第二章 灯", "第二卷 海上 第三章 船"],
        ["【第一章 雾】", "【第二章 灯】"],
        ["正文 第一章 雾", "正文 第二章 灯"],
        ["卷一 雾", "卷之二 灯", "卷 三 船"],
        ["Chapter 1", "CHAPTER II: The Ferry", "Chapter Three"],
        ["第一笑 痴愚女", "第二笑 昧心友", "第三笑 忧愁婿"],
        ["一、雾", "二、灯", "三、船"],
        ["（一）", "（二）", "（三）"],
        ["1. 雾", "2. 灯", "3. 船"],
        ["一", "二", "三"],
        ["第一集", "第二集", "第五集"],
        ["卷之一上 雾", "卷之一下 灯", "卷之二上 船"],
        ["第廿回 雾", "第廿一回 灯"],
        ["序一", "跋二", "叙", "凡例", "弁言", "第一回 雾"],
        ["望江楼 第一回 雾", "望江楼 第二回 灯", "第三回 船", "听雨楼 第一回 风", "看雪楼第一回", "看雪楼 第二回雪夜"],
        ["《长夜行》第一章 雾", "《长夜行》第二章 灯", "《长夜行》第三章"],
    ],
)
def test_titles_of_every_kind_are_found(names: list[str]) -> None:
    assert titles(book(*names)) == names


@pytest.mark.parametrize(
    "line",
    [
        "第三章里他写道，江上没有桥。",
        "第三章的结尾是后来加的",
        "第三章，他又读了一遍",
        "第二章云：",
        "第二章说道：“江上有雾”",
        "这是第二回 他想",
        "“第三章 渡口”是他最喜欢的一章。",
        "他翻到第三章 渡口",
        "第一节课上他睡着了",
        "第二部队已经过江",
        "第一回合他就输了",
        "前言不搭后语",
        "一、买米",
        "1986. 那一年",
        "序幕拉开的时候他还在路上",
    ],
)
def test_a_sentence_is_no_title(line: str) -> None:
    text = f"第一章\n{FILLER}\n{line}\n{FILLER}\n第二章\n{FILLER}\n"
    assert titles(text) == ["第一章", "第二章"]
    assert titles(f"{FILLER}\n{line}\n{FILLER}\n") == [""]


def test_a_table_of_contents_is_no_row_of_chapters() -> None:
    names = ["第一章 雾", "第二章 灯", "第三章 船", "后记"]
    text = "长夜行\n目录\n" + "\n".join(names) + "\n\n" + book(*names)
    found = split_chapters(text)
    assert [chapter.title for chapter in found if chapter.paragraphs] == ["", *names]
    assert found[0].paragraphs[:3] == ("长夜行", "目录", "第一章 雾")


def test_a_title_that_is_quoted_again_does_not_begin_the_chapter_anew() -> None:
    text = f"第一章 雾\n{FILLER}\n第二章他还没有写\n第二章 灯\n{FILLER}\n第三章 船\n{FILLER}"
    assert titles(text) == ["第一章 雾", "第二章 灯", "第三章 船"]


def test_a_list_in_a_letter_is_no_row_of_chapters() -> None:
    text = f"{FILLER}\n一、买米\n二、买盐\n三、回家\n{FILLER}"
    assert titles(text) == [""]


def test_a_contents_of_prefaces_is_no_row_of_chapters() -> None:
    text = f"序一\n序二\n跋\n序一\n{FILLER}\n序二\n{FILLER}\n" + book("第一回 雾", "第二回 灯")
    assert titles(text) == ["", "序一", "序二", "第一回 雾", "第二回 灯"]


def test_a_few_words_before_a_number_are_no_title_where_other_titles_have_none() -> None:
    names = ["第一回 雾", "第二回 灯", "第三回 船", "第四回 风"]
    assert titles(book(*names[:2], "江上 第三回", *names[2:])) == names


def test_titles_that_share_lines_are_cut_out_beside_prefaces() -> None:
    text = "序\n" + FILLER + "".join(f"第{number}回雾起灯灭话说{FILLER}\n{FILLER * 2}" for number in "一二三四五")
    assert titles(text) == ["序", *(f"第{number}回雾起灯灭" for number in "一二三四五")]


def test_a_text_without_titles_is_one_chapter() -> None:
    assert split_chapters("　　甲\n\n\t乙\r\n") == (Chapter("", ("甲", "乙")),)
    assert split_chapters("\n　　\n") == ()


def test_numbers_may_begin_again_in_each_volume() -> None:
    names = ["第一卷", "第一章雾起", "第二章灯灭", "第三章船行", "第二卷", "第一章海上", "第二章风来"]
    assert titles(book(*names)) == names


def test_titles_of_any_kind_are_known_by_the_layout_that_moxu_writes() -> None:
    text = "渡口\n\n　　雾。\n\n　　第一章\n\n\n灯。\n\n　　夜。\n"
    assert split_chapters(text) == (Chapter("渡口", ("雾。", "第一章")), Chapter("灯。", ("夜。",)))
    assert titles(text + "没有缩进") == ["", "第一章"]


@pytest.mark.parametrize(
    ("work", "count"),
    [
        *(("红楼梦", 120), ("水浒全传", 121), ("三国演义", 120), ("十二笑", 6), ("初刻拍案惊奇", 39)),
        *(("痴人说梦记", 30), ("西湖二集", 36), ("台湾外纪", 30), ("八洞天", 8), ("十二楼", 39)),
        *(("清平山堂话本", 25), ("鲁迅·呐喊", 15)),
    ],
)
def test_the_chapters_of_old_novels_are_found(work: str, count: int, novels: dict[str, str]) -> None:
    found = [chapter for chapter in split_chapters(novels[work]) if chapter.title]
    assert len(found) == count
    assert all(chapter.paragraphs for chapter in found if not chapter.title.startswith(("胡少保", "刘伯温")))


@pytest.fixture(scope="module")
def novels() -> dict[str, str]:
    """Some works of the corpus beside the repository; the test is skipped where it is not."""
    path = REPOSITORY.parent / "shared" / "corpus" / "fiction.tar.xz"
    if not path.is_file():
        pytest.skip("the corpus is not beside the repository")
    wanted = (
        *("红楼梦", "水浒全传", "三国演义", "十二笑", "初刻拍案惊奇", "痴人说梦记"),
        *("西湖二集", "台湾外纪", "八洞天", "十二楼", "清平山堂话本", "鲁迅·呐喊"),
    )
    with tarfile.open(path) as archive:
        files = {Path(one.name).stem: archive.extractfile(one) for one in archive if Path(one.name).stem in wanted}
        return {name: file.read().decode() for name, file in files.items() if file is not None}
