import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pypandoc
import pytest

from books import archive
from moxu.corpus.book import Book, Chapter
from moxu.corpus.publish.books import FORMATS, publish
from moxu.corpus.read.books import read_book
from moxu.serve.desk.books import disposition
from moxu.serve.limits import Limits
from moxu.store.store import Store
from servers import running

BOOK = Book(
    "长夜行：一",
    "某人",
    (
        Chapter("第一卷 江上"),
        Chapter("第一章 渡口", ("雾从江上起来，…", "“过河么？” <b>&amp;</b> 😀𠮷 a  b")),
        Chapter("第二章", ("天黑了。", "1. 他说", "——完")),
    ),
)
BINARY = {"content-type": "application/octet-stream"}


def send(desk: httpx.Client, data: bytes, name: str = "长夜行.txt", kind: str = "application/octet-stream") -> Any:
    return desk.post("/desk/import", params={"name": name}, content=data, headers={"content-type": kind})


def export(desk: httpx.Client, story: int, format: str) -> httpx.Response:
    return desk.get(f"/desk/stories/{story}/export", params={"format": format})


@pytest.mark.parametrize("format", FORMATS)
def test_a_book_that_is_imported_and_exported_is_the_same(desk: httpx.Client, format: str) -> None:
    answer = send(desk, publish(BOOK, format), "其他" + FORMATS[format].suffix)
    assert answer.status_code == 201, answer.text
    report = answer.json()
    assert (report["story"]["title"], report["author"], report["format"]) == ("长夜行：一", "某人", format)
    assert report["chapters"] == [{"title": one.title, "characters": one.characters} for one in BOOK.chapters]
    assert report["warnings"] == []
    for other in FORMATS:
        exported = export(desk, report["story"]["id"], other)
        assert exported.status_code == 200
        again = read_book(exported.content, "x" + FORMATS[other].suffix)
        assert (again.title, again.author, again.chapters) == (BOOK.title, BOOK.author, BOOK.chapters)


def test_a_chapter_is_its_title_and_its_paragraphs_without_indents(desk: httpx.Client) -> None:
    story = send(desk, publish(BOOK, "txt")).json()["story"]["id"]
    chapters = desk.get(f"/desk/stories/{story}/chapters").json()
    texts = [desk.get(f"/desk/chapters/{one['id']}").json()["text"] for one in chapters]
    assert [one["title"] for one in chapters] == [chapter.title for chapter in BOOK.chapters]
    assert texts == ["\n".join((chapter.title, *chapter.paragraphs)) for chapter in BOOK.chapters]


def test_the_encoding_is_told_and_so_is_what_was_damaged(desk: httpx.Client) -> None:
    text = "第一章 渡口\n　　雾从江上起来的时候，他还在等船。\n第二章 灯\n" + "　　天黑了，没有人来。\n" * 200
    report = send(desk, text.encode("gb18030") + b"\xff\n").json()
    assert report["encoding"] == "gb18030"
    assert "1 places were damaged" in report["warnings"][0]
    assert report["story"]["title"] == "长夜行"


@pytest.mark.parametrize(("format", "reader"), [("epub", "epub"), ("docx", "docx"), ("markdown", "commonmark_x")])
def test_an_exported_story_is_complete_for_pandoc(desk: httpx.Client, format: str, reader: str, tmp_path: Path) -> None:
    story = send(desk, publish(BOOK, "docx"), "x.docx").json()["story"]["id"]
    path = tmp_path / "book"
    path.write_bytes(export(desk, story, format).content)
    text = pypandoc.convert_file(str(path), "plain", format=f"{reader}-smart" if reader == "commonmark_x" else reader)
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", "".join(line for one in BOOK.chapters for line in one.lines))


def test_a_file_is_named_by_the_title_of_the_story(desk: httpx.Client) -> None:
    story = send(desk, publish(BOOK, "txt")).json()["story"]["id"]
    header = export(desk, story, "epub").headers["content-disposition"]
    assert header.isascii()
    assert header.startswith(f"attachment; filename=\"story-{story}.epub\"; filename*=UTF-8''")
    assert unquote(header.partition("UTF-8''")[2]) == "长夜行：一.epub"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("a/b\\c", "a_b_c.txt"),
        ('"\r\n;x', "___;x.txt"),
        ("", "story-1.txt"),
        ("..", "story-1.txt"),
        ("𠮷" * 99, "𠮷" * 80 + ".txt"),
    ],
)
def test_no_title_breaks_out_of_the_name_of_a_file(title: str, name: str) -> None:
    header = disposition(title, ".txt", "story-1")
    assert re.fullmatch(r"attachment; filename=\"story-1\.txt\"; filename\*=UTF-8''[A-Za-z0-9_.~%-]+", header)
    assert unquote(header.partition("UTF-8''")[2]) == name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "has no text"),
        (b"%PDF-1.4", "is a PDF"),
        (bytes(range(256)) * 9, "is not text"),
        (archive({"META-INF/container.xml": bytes(30 << 20)}), "would take 31,457,280 bytes"),
        (archive({"META-INF/container.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "XML entities"),
        (archive({"[Content_Types].xml": "", "word/document.xml": "<w"}), "no well-formed XML"),
    ],
)
def test_what_is_no_book_is_refused_and_nothing_is_kept(desk: httpx.Client, data: bytes, message: str) -> None:
    answer = send(desk, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_book")
    assert message in answer.json()["error"]["message"]
    assert desk.get("/desk/stories").json() == []


@pytest.mark.parametrize(
    "kind", ["text/plain; charset=gbk", "application/epub+zip", "text/markdown", "application/zip"]
)
def test_what_a_body_is_said_to_be_does_not_matter(desk: httpx.Client, kind: str) -> None:
    assert send(desk, publish(BOOK, "epub"), kind=kind).json()["format"] == "epub"


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "image/png"])
def test_a_body_that_can_be_no_book_is_refused_unread(desk: httpx.Client, kind: str) -> None:
    assert send(desk, b"x", kind=kind).status_code == 415


def test_other_paths_take_nothing_but_json(desk: httpx.Client) -> None:
    assert desk.post("/desk/stories", content=b"x", headers=BINARY).status_code == 415


def test_a_page_of_another_origin_cannot_import(desk: httpx.Client) -> None:
    foreign = {"origin": "http://evil.example", "content-type": "text/plain"}
    answer = desk.post("/desk/import?name=x.txt", content="第一章".encode(), headers=foreign)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "param"),
    [("/desk/import", "name"), ("/desk/import?name=", "name"), (f"/desk/import?name={'x' * 300}", "name")],
)
def test_a_file_has_a_name(desk: httpx.Client, path: str, param: str) -> None:
    answer = desk.post(path, content=b"x", headers=BINARY)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_a_story_or_a_format_that_there_is_not_is_named(desk: httpx.Client, story: int) -> None:
    assert export(desk, story + 1, "txt").status_code == 404
    answer = export(desk, story, "pdf")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "format")


def test_an_empty_story_can_be_exported(desk: httpx.Client, story: int) -> None:
    for format in FORMATS:
        assert export(desk, story, format).status_code == 200


@pytest.fixture
def small(tmp_path: Path) -> Iterator[httpx.Client]:
    limits = Limits(book_bytes=20_000, chapter_characters=1000, book_chapters=8, books=0)
    yield from _client(tmp_path, limits)


@pytest.fixture
def bounded(tmp_path: Path) -> Iterator[httpx.Client]:
    yield from _client(tmp_path, Limits(book_bytes=20_000, chapter_characters=1000, book_chapters=8))


def _client(tmp_path: Path, limits: Limits) -> Iterator[httpx.Client]:
    with running(store=Store.open(tmp_path / "s.db"), limits=limits) as server, server.client() as client:
        yield client


def test_a_book_is_bounded_in_bytes_chapters_and_paragraphs(bounded: httpx.Client) -> None:
    assert send(bounded, b"x" * 20_001).status_code == 413
    assert send(bounded, b"".join(b"Chapter %d\nx\n" % number for number in range(9))).status_code == 413
    answer = send(bounded, ("雾" * 1000).encode())
    assert answer.status_code == 413
    assert "a paragraph has 1,000 characters" in answer.json()["error"]["message"]
    assert bounded.get("/desk/stories").json() == []


def test_a_chapter_that_is_too_long_is_cut_between_its_paragraphs(bounded: httpx.Client) -> None:
    paragraphs = [f"{number}雾" * 100 for number in "一二三四五六七八"]
    report = send(bounded, "\n".join(["第一章", *paragraphs]).encode()).json()
    assert [chapter["title"] for chapter in report["chapters"]] == ["第一章", ""]
    assert report["warnings"] == ["chapters were too long and are cut in 1 places"]
    story = report["story"]["id"]
    texts = [
        bounded.get(f"/desk/chapters/{one['id']}").json()["text"]
        for one in bounded.get(f"/desk/stories/{story}/chapters").json()
    ]
    assert max(map(len, texts)) <= 1000
    assert "".join(texts).replace("\n", "") == "第一章" + "".join(paragraphs)


def test_while_too_many_books_are_in_memory_the_next_is_told_to_come_again(small: httpx.Client) -> None:
    for answer in (send(small, "第一章".encode()), export(small, 1, "txt")):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
    assert small.get("/desk/stories").status_code == 200


def test_a_server_without_a_store_has_no_books() -> None:
    with running() as server, server.client() as client:
        assert send(client, b"x").status_code == 404


def test_a_million_characters_go_in_and_come_out(desk: httpx.Client) -> None:
    chapters = tuple(Chapter(f"第{number}章", ("雾从江上起来，他还在等船。" * 20,) * 10) for number in range(1, 401))
    book = Book("长", "", chapters)
    assert sum(chapter.characters for chapter in chapters) > 1_000_000
    story = send(desk, publish(book, "epub")).json()["story"]["id"]
    for format in FORMATS:
        assert read_book(export(desk, story, format).content, "x" + FORMATS[format].suffix).chapters == chapters
