"""Rows as books: a work each, or chapters of one; what is damaged is told with its number, and never fatal."""

import json
from typing import Any

import pytest

from moxu.corpus.book import Chapter
from moxu.corpus.sources.pieces import Fault, Piece
from moxu.corpus.sources.rows import Raw, read_rows


def lines(*rows: Any) -> Piece:
    written = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    return Piece("lines", "t.jsonl", b"\n".join(written))


def read(piece: Piece, text_column: str | None = None) -> tuple[list[Raw], list[Fault]]:
    found = list(read_rows(piece, text_column))
    raws = [each for each in found if isinstance(each, Raw)]
    return raws, [each for each in found if isinstance(each, Fault)]


def test_row_is_a_work_with_its_chapters_found() -> None:
    text = "第一章 雨\n　　夜里下了雨。\n第二章 风\n\n风停了。"
    raws, faults = read(lines({"text": text, "title": "雨与风", "author": "某人", "license": "CC0", "extra": [1]}))
    (raw,) = raws
    assert faults == []
    assert (raw.book.title, raw.book.author, raw.licence, raw.key) == ("雨与风", "某人", "CC0", "")
    assert raw.book.chapters == (Chapter("第一章 雨", ("夜里下了雨。",)), Chapter("第二章 风", ("风停了。",)))
    assert raw.characters == len(text)
    assert raw.source == "t.jsonl, line 1"


def test_row_without_a_title_is_named_after_its_line() -> None:
    raws, _ = read(lines({"content": "夜里下了雨。"}, b"", {"content": "风停了。"}))
    assert [raw.book.title for raw in raws] == ["t.jsonl, line 1", "t.jsonl, line 3"]


def test_rows_with_a_chapter_are_parts_of_the_work_of_that_title() -> None:
    rows = [
        {"title": "江上", "chapter": f"第{number}回", "text": "第一章的雨。", "number": number} for number in (3, 4)
    ]
    raws, _ = read(lines(*rows))
    assert [(raw.key, raw.numbers, raw.source) for raw in raws] == [
        ("江上", (3,), "t.jsonl"),
        ("江上", (4,), "t.jsonl"),
    ]
    assert raws[0].book.chapters == (Chapter("第3回", ("第一章的雨。",)),)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "is no JSON: "),
        (b"[1]", "is no JSON object"),
        (b'{"title": "x"}', "no column text or content"),
        (b'{"text": 3}', "text is int; expected a text"),
        (b'{"text": null}', "text is NoneType; expected a text"),
        (b'{"text": "\xff"}', "is no JSON: invalid start byte"),
        (b"[" * 100_000, "is no JSON"),
    ],
    ids=range(7),
)
def test_damaged_line_is_told_with_its_number_and_the_others_are_read(line: bytes, reason: str) -> None:
    raws, faults = read(lines({"text": "夜里下了雨。"}, line, {"text": "风停了。"}))
    assert len(raws) == 2
    assert [fault.source for fault in faults] == ["t.jsonl, line 2"]
    assert faults[0].reason.startswith(reason)


def test_text_with_half_pairs_controls_and_marks_is_read() -> None:
    raws, faults = read(lines(b'\xef\xbb\xbf{"text": "\\ud83d\xe9\x9b\xa8\\u0000", "title": "a\\nb\\ud800"}'))
    assert faults == []
    assert raws[0].book.chapters == (Chapter("", ("雨",)),)
    assert raws[0].book.title == "a b"


def test_empty_text_is_a_work_without_chapters_and_no_fault() -> None:
    raws, faults = read(lines({"text": " \n "}))
    assert faults == []
    assert [raw.book.chapters for raw in raws] == [()]


def test_text_column_may_be_named() -> None:
    raws, faults = read(lines({"body": "夜里下了雨。", "text": "no"}, {"text": "no"}), "body")
    assert [raw.characters for raw in raws] == [6]
    assert "no column body" in faults[0].reason
