import codecs

import pytest

from moxu.corpus.crawl import pages
from moxu.corpus.crawl.pages import Page, read_page, tree_of
from moxu.errors import TextError
from novel_pages import story, table_chapter

SIMPLIFIED = "雾从江上起来，他还在等船。“过河么？”没有人回答，只听见水声。"
TRADITIONAL = "霧從江上起來，他還在等船。「過河麼？」沒有人回答，只聽見水聲。"
URL = "http://a.example/1.html"


def page_of(text: str, declared: str) -> str:
    return f'<html><head><meta charset="{declared}"><title>x</title></head><body>{text * 9}</body></html>'


@pytest.mark.parametrize(
    ("encoding", "declared", "read_as"),
    [
        ("gbk", "gb2312", "gb18030"),
        ("gb18030", "GBK", "gb18030"),
        ("utf-8", "utf-8", "utf-8"),
        ("utf-8", "gbk", "utf-8"),  # a lie
        ("gbk", "utf-8", "gb18030"),  # a lie
        ("gbk", "iso-8859-1", "gb18030"),
        ("gbk", "big5", "gb18030"),  # a lie that Big5 can read without any damage in places
        ("gbk", "no-such-thing", "gb18030"),
        ("gbk", "hex", "gb18030"),  # a codec of Python's that encodes no text
        ("utf-16-le", "utf-16", "utf-16-le"),
    ],
)
def test_simplified_pages_are_read_in_the_encoding_that_fits(encoding: str, declared: str, read_as: str) -> None:
    html = page_of(SIMPLIFIED, declared)
    assert read_page(URL, html.encode(encoding)) == Page(URL, html, read_as)


@pytest.mark.parametrize("declared", ["big5", "utf-8", "gbk", "none"])
def test_traditional_pages_are_read_as_big5_whatever_they_declare(declared: str) -> None:
    html = page_of(TRADITIONAL, declared)
    assert read_page(URL, html.encode("big5hkscs")) == Page(URL, html, "big5hkscs")


def test_the_header_counts_where_the_page_declares_nothing() -> None:
    body = f"<p>{SIMPLIFIED}</p>".encode("gbk")
    assert read_page(URL, body, "text/html; charset=GB2312").encoding == "gb18030"
    assert read_page(URL, b"<p>ok</p>", "text/html").html == "<p>ok</p>"


@pytest.mark.parametrize(("declared", "header"), [("euc-jp", ""), ("none", "text/html; charset=EUC-JP")])
def test_what_is_declared_is_believed_where_it_makes_sense_though_nobody_would_guess_it(
    declared: str, header: str
) -> None:
    html = page_of("大人一日中水上来、小船下、子天地山人中。", declared)
    page = read_page(URL, html.encode("euc-jp"), header)
    assert (page.html, page.encoding) == (html, "euc_jp")


def test_a_byte_order_mark_counts_before_all_else() -> None:
    page = read_page(URL, codecs.BOM_UTF8 + page_of(SIMPLIFIED, "gbk").encode(), "text/html; charset=gbk")
    assert page.html == page_of(SIMPLIFIED, "gbk")


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_stray_bytes_become_replacement_characters_and_nothing_else_is_lost(encoding: str) -> None:
    html = page_of(SIMPLIFIED, encoding)
    body = html.encode(encoding).replace(b"</title>", b"\xff</title>") + b"\xff"
    assert read_page(URL, body).html == html.replace("</title>", "\ufffd</title>") + "\ufffd"


def test_a_foreign_advert_does_not_change_the_encoding_of_a_page() -> None:
    html = page_of(SIMPLIFIED * 4, "utf-8")
    page = read_page(URL, html.encode() + "本站永久域名请收藏".encode("gbk") * 3)
    assert page.encoding == "utf-8"
    assert page.html.startswith(html)


def test_a_few_nuls_are_dirt() -> None:
    page = read_page(URL, page_of(SIMPLIFIED, "utf-8").replace("船。", "船\0。", 3).encode())
    root, _ = tree_of(page)
    assert root is not None
    assert "".join(root.find("body").itertext()) == SIMPLIFIED * 9


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, ""), (b"ok", "image/png"), (b"{}", "application/json")],
)
def test_what_is_no_page_is_a_text_error_that_names_it(body: bytes, kind: str) -> None:
    with pytest.raises(TextError, match=r"^http://a\.example/1\.html: "):
        read_page(URL, body, kind)


@pytest.mark.parametrize("html", ["<div>" * 100_000 + "雾", "<table>" * 50_000, "<b>" * 100_000])
def test_a_page_too_deep_to_read_is_a_text_error(html: str) -> None:
    with pytest.raises(TextError, match="too deep"):
        tree_of(Page(URL, html))


def test_a_heap_of_tags_is_refused_before_it_is_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_TAGS", 10)
    with pytest.raises(TextError, match=r"has 11 tags; expected a page with 10 at most"):
        tree_of(Page(URL, "<a>" * 11))


def test_links_begin_at_the_base_that_a_page_names() -> None:
    assert tree_of(Page(URL, "<base href=/book/><p>x"))[1] == "http://a.example/book/"
    assert tree_of(Page(URL, "<base href='http://[::1'><p>x"))[1] == URL
    assert tree_of(Page(URL, " ")) == (None, URL)


def test_a_chapter_in_gbk_comes_back_as_it_was_written() -> None:
    html = table_chapter("第一章 雾", story(1))
    assert read_page(URL, html.encode("gbk"), "text/html").html == html
