"""Folders of crawls as books: numbers and volumes kept, and a crawl that was not complete never taken as one."""

import json
from typing import Any

from moxu.corpus.book import Chapter
from moxu.corpus.sources.crawled import read_crawl
from moxu.corpus.sources.pieces import Fault, Piece
from moxu.corpus.sources.rows import Raw

ABOUT = {"title": "江上", "author": "某人", "url": "http://example.test/1/", "complete": True}


def piece(about: object, *rows: Any) -> Piece:
    data = b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
    return Piece("crawl", "crawls/1", data, about=about if isinstance(about, bytes) else json.dumps(about).encode())


def test_book_has_the_chapters_numbers_and_volumes_of_the_crawl() -> None:
    rows = [
        {"number": 1, "title": "第一章", "volume": "上卷", "text": "雨。\n　　风。"},
        {"number": 2, "title": "第二章", "volume": "上卷", "text": "月。"},
        {"number": 4, "title": "第四章", "volume": "", "text": "云。"},
    ]
    (raw,) = read_crawl(piece(ABOUT, *rows))
    assert isinstance(raw, Raw)
    assert (raw.book.title, raw.book.author, raw.source) == ("江上", "某人", "http://example.test/1/")
    assert raw.numbers == (0, 1, 2, 4)
    assert raw.book.chapters[:2] == (Chapter("上卷"), Chapter("第一章", ("雨。", "风。")))


def test_crawl_that_was_not_complete_is_a_fault_and_its_book_is_there() -> None:
    found = list(read_crawl(piece({**ABOUT, "complete": False}, {"number": 1, "title": "一", "text": "雨。"})))
    assert [type(each) for each in found] == [Fault, Raw]


def test_damaged_lines_are_faults_and_a_damaged_manifest_is_one_for_the_book() -> None:
    found = list(
        read_crawl(piece(ABOUT, b"{", {"number": 2, "title": "二"}, {"number": 3, "title": "三", "text": "云。"}))
    )
    assert [each.source for each in found if isinstance(each, Fault)] == [
        "crawls/1/chapters.jsonl, line 1",
        "crawls/1/chapters.jsonl, line 2",
    ]
    assert [type(each) for each in read_crawl(piece(b"{", {"text": "雨。"}))] == [Fault]
    assert [type(each) for each in read_crawl(piece(b"[1, 2]", {"text": "雨。"}))] == [Fault]
