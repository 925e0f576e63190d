from pathlib import Path

import pypandoc
import pytest

from books import epub, page, point
from moxu.corpus.book import Book, Chapter
from moxu.corpus.read.epub import read_epub
from moxu.errors import TextError


def test_chapters_are_named_by_the_contents_and_pages_without_entries_go_on() -> None:
    data = epub(
        {
            "cover.xhtml": page("<img src='a.png'/>"),
            "a 1.xhtml": page("<h2>第一章</h2><h3>渡口</h3><p>甲&nbsp;&mdash;乙</p>"),
            "a2.xhtml": page("<h4>小题</h4><p>丙</p>"),
            "b.xhtml": page("<p>丁</p><div id='x'><h2>第三章 船</h2></div><p>戊</p>"),
        },
        point("第一章 渡口", "a%201.xhtml", point("第二章 灯", "b.xhtml"), point("第三章　船", "b.xhtml#x")),
    )
    assert read_epub(data, "x.epub") == Book(
        "长夜行",
        "某人",
        (
            Chapter("第一章 渡口", ("甲\xa0—乙", "小题", "丙")),
            Chapter("第二章 灯", ("丁",)),
            Chapter("第三章 船", ("戊",)),
        ),
        "epub",
    )


def test_without_contents_headings_or_lines_tell_the_chapters() -> None:
    headings = {"a": page("<h1>一</h1><p>甲</p>"), "b": page("<h1>二</h1><p>乙</p>")}
    lines = {"a": page("<p>第一章</p><p>甲</p>"), "b": page("<p>第二章</p><p>乙</p>")}
    assert read_epub(epub(headings), "x").chapters == (Chapter("一", ("甲",)), Chapter("二", ("乙",)))
    assert read_epub(epub(lines), "x").chapters == (Chapter("第一章", ("甲",)), Chapter("第二章", ("乙",)))


def test_the_spine_gives_the_order_and_a_page_comes_once() -> None:
    pages = {"a": page("<h1>一</h1><p>甲</p>"), "b": page("<h1>二</h1><p>乙</p>")}
    spine = '<itemref idref="i1"/><itemref idref="i0" linear="no"/><itemref idref="i1"/>'
    assert [chapter.title for chapter in read_epub(epub(pages, spine=spine), "x").chapters] == ["二", "一"]


def test_a_missing_page_is_told_and_the_others_are_read() -> None:
    pages = {"a": page("<h1>一</h1><p>甲</p>"), "b": page("<p>乙</p>")}
    data = epub(pages, spine='<itemref idref="i0"/><itemref idref="i7"/><itemref idref="i1"/>')
    book = read_epub(data, "x")
    assert book.chapters == (Chapter("一", ("甲", "乙")),)
    assert book.warnings == ("1 pages are missing in the file",)


def test_a_page_that_is_not_well_formed_is_read_as_browsers_do() -> None:
    broken = "<html><head><title/></head><body><h1>一</h1><p>甲<br>乙 & 丙<p><a id='q'/>丁</body>"
    assert read_epub(epub({"a": broken}), "x").chapters == (Chapter("一", ("甲", "乙 & 丙", "丁")),)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="http://x/aes"/></e>'}, "DRM"),
        ({"OEBPS/content.opf": "<package>"}, "no well-formed XML"),
        ({"OEBPS/content.opf": "<package/>"}, "names no page"),
        ({"META-INF/container.xml": "<container/>"}, "names no package"),
        ({"OEBPS/a": '<!DOCTYPE x [<!ENTITY e "boom">]><html><body>&e;</body></html>'}, "XML entities"),
        ({"OEBPS/content.opf": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><package/>'}, "XML entities"),
    ],
)
def test_what_is_damaged_protected_or_hostile_is_a_text_error_of_one_line(others: dict[str, str], message: str) -> None:
    with pytest.raises(TextError, match=message) as raised:
        read_epub(epub({"a": page("<p>甲</p>")}, **others), "x.epub")
    assert "\n" not in str(raised.value)


def test_a_reference_out_of_the_archive_finds_nothing() -> None:
    data = epub({"a": page("<p>甲</p>"), "../../../../etc/passwd": page("<p>乙</p>")})
    assert "甲" in str(read_epub(data, "x").chapters)


def test_what_pandoc_writes_is_read(tmp_path: Path) -> None:
    source = "---\ntitle: 长夜行\nauthor: 某人\n---\n\n# 渡口\n\n雾[^1]起。\n\n[^1]: 江上的雾。\n\n# 灯\n\n天黑了。\n"
    path = tmp_path / "book.epub"
    pypandoc.convert_text(source, "epub", format="markdown", outputfile=str(path))
    book = read_epub(path.read_bytes(), "x")
    assert (book.title, book.author) == ("长夜行", "某人")
    assert [chapter.title for chapter in book.chapters][-2:] == ["渡口", "灯"]
    text = "".join(line for chapter in book.chapters for line in chapter.lines)
    assert "江上的雾。" in text
    assert "天黑了。" in text
