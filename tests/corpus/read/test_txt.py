import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.read.txt import read_txt

TEXT = (
    "《长夜行》\n作者：某人\n\n第一章 渡口\n\n　　雾从江上起来的时候，他还在等船。\n　　“过河么？”\n\n"
    "第二章 灯\n　　天黑了。\n"
)
CHAPTERS = (
    Chapter("第一章 渡口", ("雾从江上起来的时候，他还在等船。", "“过河么？”")),
    Chapter("第二章 灯", ("天黑了。",)),
)
TRADITIONAL = (
    "第一章 渡口\r\n\r\n　　霧從江上起來的時候，他還在等船，說了一句話。\r\n第二章 燈\r\n　　天黑了，沒有人來。\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_is_read_in_any_encoding(encoding: str) -> None:
    book = read_txt(TEXT.encode(encoding), "x.txt")
    assert book == Book("长夜行", "某人", CHAPTERS, "txt", book.encoding)
    assert (book.encoding or "").startswith(encoding[:5])


def test_a_traditional_text_is_read_in_big5() -> None:
    book = read_txt(TRADITIONAL.encode("big5"), "x.txt")
    assert book.encoding == "big5hkscs"
    assert [chapter.title for chapter in book.chapters] == ["第一章 渡口", "第二章 燈"]


def test_stray_bytes_are_counted_and_nothing_around_them_is_lost() -> None:
    more = "　　他走了很久，没有回头。\n".encode("gb18030") * 100
    book = read_txt(TEXT.encode("gb18030") + more + "　　".encode("gb18030") + b"\xff\n" + more + b"\xff\n", "x.txt")
    assert book.encoding == "gb18030"
    assert book.chapters[1].paragraphs.count("他走了很久，没有回头。") == 200
    assert book.warnings == ("2 places were damaged, or are in another encoding; each is now \ufffd",)


@pytest.mark.parametrize(
    ("head", "title", "author"),
    [
        ("《长夜行》作者：某人\n", "长夜行", "某人"),
        ("\n《长夜行》\n\n作者: 某人\n", "长夜行", "某人"),
        ("《长夜行》\n", "长夜行", ""),
        ("《《长夜行》补》\n", "《长夜行》补", ""),
        ("《长夜行》和《旧书》\n", "", ""),
        ("长夜行\n", "长夜行", ""),
        ("x\n作者：清。某人 着\n", "x", "某人"),
        ("长夜行，\n", "", ""),
        ("《长夜行》是一部旧书。\n", "", ""),
    ],
)
def test_title_and_author_are_read_at_the_head_and_nowhere_else(head: str, title: str, author: str) -> None:
    book = read_txt(f"{head}第一章\n　　《旧书》\n　　作者：古人\n第二章\n　　完\n".encode(), "x.txt")
    assert (book.title, book.author) == (title, author)
    assert book.chapters[-2].paragraphs == ("《旧书》", "作者：古人")
    assert ("".join(book.chapters[0].lines) == head.strip()) == (not title)


def test_a_few_words_before_the_first_title_are_no_chapter_of_their_own() -> None:
    text = "江上某人 灯下\n\n雾月\n第一章\n　　雾起了。\n第二章\n　　完了。\n"
    first, second = read_txt(text.encode(), "x.txt").chapters
    assert first == Chapter("第一章", ("江上某人 灯下", "雾月", "雾起了。"))
    assert second.title == "第二章"
    assert read_txt(text.replace("雾月", "雾起。").encode(), "x.txt").chapters[0].title == ""


def test_a_text_in_the_layout_of_moxu_keeps_its_first_title() -> None:
    text = "长夜行\n\n　　雾。\n\n\n第一章\n\n　　灯。\n"
    assert [chapter.title for chapter in read_txt(text.encode(), "长夜行.txt").chapters] == ["长夜行", "第一章"]


def test_lines_that_were_cut_at_a_width_are_joined_and_titles_are_not() -> None:
    prose = "雾从江上起来的时候他还在渡口等船他等了很久船没有来天却慢慢地黑了下来灯一盏一盏地亮了" * 9
    lines = [prose[start : start + 30] for start in range(0, len(prose), 30)]
    text = "\n".join(["第一章", "", *lines, "", *lines, "第二章", *lines])
    assert read_txt(text.encode(), "x.txt").chapters == (Chapter("第一章", (prose, prose)), Chapter("第二章", (prose,)))
