import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.read.html import read_html

PAGE = """<!doctype html><html><head><meta charset="{encoding}"><title>长夜行</title><meta name=author content=某人>
<style>p {{}}</style></head><body><script>var a = "<p>no</p>"</script>
<h2>第一章<br>渡口</h2><p>雾从江上
起来，<b>他</b>还在等船。<br/>“过河么？”<div>a &lt;b&gt; &amp;amp; &nbsp;&mdash; c</div>散的<!-- no -->字
<table><tr><td>甲</td><td>乙</td></tr></table><h2>第二章</h2><pre>一  行
二</pre></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "big5hkscs", "utf-16"])
def test_a_page_is_a_book_in_any_encoding(encoding: str) -> None:
    page = (
        PAGE
        if encoding != "big5hkscs"
        else PAGE.replace("长", "長").replace("还", "還").replace("过", "過").replace("乙", "乙")
    )
    book = read_html(page.format(encoding=encoding).encode(encoding, "xmlcharrefreplace"), "x.html")
    assert book.author == "某人"
    assert book.title in ("长夜行", "長夜行")
    assert [chapter.title for chapter in book.chapters] == ["第一章 渡口", "第二章"]
    assert book.chapters[0].paragraphs[0] in (
        "雾从江上起来，他还在等船。",
        "雾從江上起来，他還在等船。",
        "雾从江上起来，他還在等船。",
    )
    assert book.chapters[0].paragraphs[2:4] == ("a <b> &amp; \xa0— c", "散的字")
    assert book.chapters[1].paragraphs == ("一  行", "二")


def test_one_heading_above_the_others_is_the_title_of_the_book() -> None:
    book = read_html("<h1>长夜行</h1><h2>一</h2><p>甲<h2>二</h2><p>乙".encode(), "x.html")
    assert book == Book("长夜行", "", (Chapter("一", ("甲",)), Chapter("二", ("乙",))), "html", "utf-8")


def test_a_page_without_headings_is_split_by_its_lines() -> None:
    page = "<p>第一章 雾<p>甲<p>第二章 灯<p>乙"
    assert read_html(page.encode(), "x").chapters == (Chapter("第一章 雾", ("甲",)), Chapter("第二章 灯", ("乙",)))


def test_an_empty_page_has_no_chapters() -> None:
    assert read_html(b"<html></html>", "x").chapters == ()
    assert read_html(b" ", "x").chapters == ()
