from collections.abc import Callable
from typing import Any

import pytest

from moxu.corpus.read import markup
from moxu.corpus.read.markup import Block, blocks, parse_html, parse_xhtml, parse_xml
from moxu.errors import TextError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_entities_are_refused_in_any_encoding(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "雾雾雾雾">]><x>&a;</x>'
    for parse in (parse_xml, parse_xhtml):
        with pytest.raises(TextError, match="defines XML entities"):
            parse(text.encode(encoding), "x")


def test_named_characters_are_known_and_unknown_ones_stay() -> None:
    root = parse_xml(b"<x>&nbsp;&hellip;&lt;&amp;nbsp;&what;</x>", "x")
    assert root.text == "\xa0…<&nbsp;&what;"


@pytest.mark.parametrize("text", ["<x>" * 5000, "<x", "", "<x></y>", "雾"])
def test_what_is_no_xml_is_a_text_error_of_one_line(text: str) -> None:
    with pytest.raises(TextError, match=r"^x: no well-formed XML") as raised:
        parse_xml(text.encode(), "x")
    assert "\n" not in str(raised.value)


def test_more_tags_than_a_book_has_are_refused_before_they_are_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "MOST_TAGS", 9)
    for parse in (parse_xml, parse_xhtml):
        with pytest.raises(TextError, match="x: has 10 tags; expected a book, with 9 at most"):
            parse(b"<p/>" * 10, "x")


def test_of_a_page_that_is_very_deep_or_broken_nothing_is_lost_silently() -> None:
    assert list(blocks(parse_html("<div>" * 1000 + "雾"))) == [Block("雾")]
    with pytest.raises(TextError, match="x: its elements lie too deep"):
        parse_html("</b>" * 10_000 + "<div>" * 20_000 + "雾", "x")


@pytest.mark.parametrize("parse", [parse_xhtml, lambda data, _: parse_html(data.decode())])
def test_a_paragraph_may_be_longer_than_the_parser_likes(parse: Callable[[bytes, str], Any]) -> None:
    (block,) = blocks(parse(f"<p>{'雾' * 4_000_000}</p>".encode(), "x"))
    assert len(block.text) == 4_000_000


def test_every_text_of_a_page_is_in_its_blocks() -> None:
    root = parse_html(
        "<div>甲<p id=a>乙<i> 丙 </i> 丁<h2 id=b></h2><ul><li>戊<ul><li>己</ul></ul>"
        "<ruby>字<rt>zì</rt></ruby><pre>a\n  b"
    )
    assert list(blocks(root)) == [
        Block("甲"),
        Block("乙 丙 丁", 0, ("a",)),
        Block("", 2, ("b",)),
        *(Block("戊"), Block("己"), Block("字zì"), Block("a"), Block("b")),
    ]
