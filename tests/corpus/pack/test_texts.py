"""A text is read when its turn has come: plain ones as they are, books as their lines."""

from pathlib import Path

import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.pack.texts import Text
from moxu.corpus.publish.books import publish
from moxu.errors import TextError

BOOK = Book("江上", "", (Chapter("第一章", ("雾从江上起来。", "他还没有睡。")),))


def test_plain_texts_are_read_in_their_encoding_and_as_they_are(tmp_path: Path) -> None:
    text = "第一回\r\n　　雾从江上起来，他还没有睡。\n\n"
    (tmp_path / "甲.txt").write_bytes(text.encode("gb18030"))
    assert Text("甲", tmp_path / "甲.txt").read() == text
    assert Text("甲", text.encode("gb18030"), file="甲.txt").read() == text
    assert Text("甲", text).read() == text


@pytest.mark.parametrize("kind", ["epub", "docx", "html", "md"])
def test_books_are_read_as_lines(kind: str, tmp_path: Path) -> None:
    if kind == "html":
        data = "<!doctype html><title>江上</title><h1>第一章</h1><p>雾从江上起来。</p><p>他还没有睡。</p>".encode()
    else:
        data = publish(BOOK, "markdown" if kind == "md" else kind)
    (tmp_path / f"book.{kind}").write_bytes(data)
    for text in (Text("江上", tmp_path / f"book.{kind}"), Text("江上", data, file=f"book.{kind}")):
        assert text.read().split("\n")[-3:] == ["第一章", "雾从江上起来。", "他还没有睡。"]


@pytest.mark.parametrize("name", ["坏.txt", "坏.epub", "坏.docx"])
def test_damaged_files_are_named(name: str) -> None:
    with pytest.raises(TextError, match=r"坏\."):
        Text("坏", b"PK\x03\x04" + b"\x00\x01\x02" * 99, file=name).read()


def test_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no such file"):
        Text("无", tmp_path / "无.txt").read()


def test_sizes_are_those_in_bytes(tmp_path: Path) -> None:
    (tmp_path / "甲.txt").write_text("雾江", "utf-8")
    assert Text("甲", tmp_path / "甲.txt").size == Text("甲", "雾江").size == Text("甲", "雾江".encode()).size == 6
