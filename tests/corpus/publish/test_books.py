import re
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pypandoc
import pytest
from hypothesis import example, given, settings

from books import books, titled
from moxu.corpus.book import Book, Chapter
from moxu.corpus.publish.books import FORMATS, publish
from moxu.corpus.read.books import read_book
from moxu.errors import SettingsError

ODD = Book(
    "长夜 & <行>",
    "某\"人'",
    (
        Chapter("第一卷　江上"),
        Chapter("第一章  渡口 #", ("雾从江上起来，…", "“过河么？” a  b\tc &amp; <b>x</b> *e* _x_ [a](b) ~~x~~ 😀𠮷")),
        Chapter(
            "第二章", ("1. 他说", "- 不", "# 井", "```", "> 引", "---", "+ 加", "=", "2) 二", "\\", "| a |", "&nbsp;")
        ),
        Chapter("", ("第九章里没有题目",)),
        Chapter("尾声", ("完]]>",)),
    ),
)


@pytest.mark.parametrize("format", ["markdown", "epub", "docx"])
@given(book=books())
@example(book=ODD)
@settings(deadline=None)
def test_a_book_comes_back_as_it_was(format: str, book: Book) -> None:
    again = read_book(publish(book, format), "其他" + FORMATS[format].suffix)
    assert again == Book(book.title, book.author, book.chapters, format, again.encoding)


@given(book=books(titled))
@settings(deadline=None)
def test_a_text_comes_back_as_it_was_where_all_chapters_have_titles(book: Book) -> None:
    again = read_book(publish(book, "txt"), "其他.txt")
    if any(chapter.paragraphs for chapter in book.chapters):
        assert again == Book(book.title, book.author, book.chapters, "txt", "utf-8")


@given(book=books())
@settings(deadline=None)
def test_a_text_has_every_line_in_its_order(book: Book) -> None:
    again = read_book(publish(book, "txt"), "其他.txt")
    assert [line for chapter in again.chapters for line in chapter.lines] == [
        line for chapter in book.chapters for line in chapter.lines
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_equal_books_are_equal_bytes(format: str) -> None:
    moment = datetime(2024, 5, 6, tzinfo=UTC)
    assert publish(ODD, format, moment) == publish(ODD, format, moment)


@pytest.mark.parametrize(
    ("format", "reader"), [("epub", "epub"), ("docx", "docx"), ("markdown", "commonmark+yaml_metadata_block")]
)
def test_pandoc_reads_every_character(format: str, reader: str, tmp_path: Path) -> None:
    path = tmp_path / "book"
    path.write_bytes(publish(ODD, format))
    text = pypandoc.convert_file(str(path), "plain", format=reader, extra_args=["--wrap=none"])
    expected = "".join(line for chapter in ODD.chapters for line in chapter.lines)
    assert re.sub(r"\s", "", text).replace("\xa0", "") == re.sub(r"\s", "", expected)


@pytest.mark.parametrize("format", ["epub", "docx"])
def test_pandoc_finds_title_author_and_chapters(format: str, tmp_path: Path) -> None:
    path = tmp_path / "book"
    path.write_bytes(publish(ODD, format))
    text = pypandoc.convert_file(str(path), "markdown", format=format, extra_args=["--wrap=none", "--standalone"])
    assert "长夜" in text.split("---")[1]
    assert "某" in text.split("---")[1]
    assert len(re.findall(r"^# \S", text, re.MULTILINE)) == 4


def test_an_epub_begins_with_its_type_which_is_not_compressed() -> None:
    data = publish(ODD, "epub")
    with zipfile.ZipFile(BytesIO(data)) as opened:
        first = opened.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert opened.read("mimetype") == b"application/epub+zip"
        assert len([name for name in opened.namelist() if "chapter-" in name]) == len(ODD.chapters)
    assert data[30:58] == b"mimetypeapplication/epub+zip"


@pytest.mark.parametrize("format", FORMATS)
def test_control_characters_and_ends_of_lines_go_and_indents_are_not_doubled(format: str) -> None:
    book = Book("题\x00目", "", (Chapter("一\x01\n二", ("　　甲\x0b乙\ufffe", "\t丙\r\n丁")), Chapter("三", ("戊",))))
    again = read_book(publish(book, format), "x" + FORMATS[format].suffix)
    assert again.title == "题目"
    assert again.chapters == (Chapter("一 二", ("甲", "乙", "丙", "丁")), Chapter("三", ("戊",)))
    assert again.warnings == ()


@pytest.mark.parametrize(("format", "mark"), [("txt", "甲\n\n　　乙"), ("markdown", "甲\n\n&nbsp;\n\n乙")])
def test_an_empty_line_between_scenes_is_kept(format: str, mark: str) -> None:
    assert mark in publish(Book("题", "", (Chapter("一", ("甲", "", "乙")),)), format).decode()


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(SettingsError, match=r"'epud' is unknown.*epub"):
        publish(ODD, "epud")
