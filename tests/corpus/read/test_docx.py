from pathlib import Path

import pypandoc
import pytest

from books import archive
from moxu.corpus.book import Book, Chapter
from moxu.corpus.read.docx import read_docx
from moxu.errors import TextError

MAIN = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = f"""<w:styles {MAIN}>
<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="a5"><w:name w:val="我的题目"/><w:basedOn w:val="1"/></w:style>
<w:style w:type="paragraph" w:styleId="b"><w:name w:val="Loop"/><w:basedOn w:val="b"/></w:style>
<w:style w:type="paragraph" w:styleId="t"><w:name w:val="Title"/></w:style></w:styles>"""


def docx(body: str, **parts: str) -> bytes:
    """Return a document with this body."""
    document = f'<w:document {MAIN} xmlns:mc="mc"><w:body>{body}</w:body></w:document>'
    named = {f"word/{name}.xml": content for name, content in parts.items()}
    return archive(
        {"[Content_Types].xml": "<Types/>", "word/document.xml": document, "word/styles.xml": STYLES, **named}
    )


def paragraph(text: str, style: str = "", inner: str = "") -> str:
    run = f"<w:r><w:t>{text}</w:t></w:r>" if text else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{inner}</w:pPr>{run}</w:p>'


def cell(inner: str) -> str:
    return f"<w:tbl><w:tr><w:tc>{inner}</w:tc></w:tr></w:tbl>"


def lines(body: str, **parts: str) -> tuple[str, ...]:
    return tuple(line for chapter in read_docx(docx(body, **parts), "x").chapters for line in chapter.lines)


def test_headings_are_known_by_name_base_and_outline() -> None:
    body = (
        paragraph("长夜行", "t") + paragraph("一", "1") + paragraph("甲", "b") + paragraph("二", "a5") + paragraph("乙")
    )
    body += paragraph("三", "b", '<w:outlineLvl w:val="0"/>') + paragraph("丙", "a5", '<w:outlineLvl w:val="9"/>')
    assert read_docx(docx(body), "x") == Book(
        "长夜行", "", (Chapter("一", ("甲",)), Chapter("二", ("乙",)), Chapter("三", ("丙",))), "docx"
    )


def test_text_is_read_wherever_it_lies() -> None:
    table = cell(paragraph("甲") + cell(paragraph("乙")))
    control = f"<w:sdt><w:sdtContent>{paragraph('丙')}</w:sdtContent></w:sdt>"
    tracked = "<w:p><w:ins><w:r><w:t>丁</w:t></w:r></w:ins><w:del><w:r><w:delText>旧</w:delText></w:r></w:del></w:p>"
    box = f"<w:txbxContent>{paragraph('戊')}</w:txbxContent>"
    choice = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    boxes = f"<w:p><w:r>{choice}<w:t>己</w:t></w:r></w:p>"
    link = "<w:p><w:hyperlink><w:r><w:t>庚</w:t><w:tab/><w:t>辛</w:t><w:br/><w:t>壬</w:t></w:r></w:hyperlink></w:p>"
    assert lines(table + control + tracked + boxes + link) == ("甲", "乙", "丙", "丁", "戊", "己", "庚\t辛", "壬")


def test_notes_stand_after_their_paragraphs_and_are_told() -> None:
    separator = f'<w:footnote w:type="separator" w:id="0">{paragraph("线")}</w:footnote>'
    note = f'<w:footnote w:id="2">{paragraph("注")}</w:footnote>'
    notes = f"<w:footnotes {MAIN}>{separator}{note}</w:footnotes>"
    body = '<w:p><w:r><w:t>甲</w:t><w:footnoteReference w:id="2"/><w:t>乙</w:t></w:r></w:p>' + paragraph("丙")
    book = read_docx(docx(body, footnotes=notes), "x")
    assert book.chapters == (Chapter("", ("甲乙", "注", "丙")),)
    assert book.warnings == ("1 notes stand after the paragraphs they belong to",)


def test_numbers_that_are_not_in_the_text_are_told() -> None:
    body = paragraph("渡口", "1", '<w:numPr><w:numId w:val="3"/></w:numPr>') + paragraph("甲")
    assert "1 paragraphs are numbered" in read_docx(docx(body), "x").warnings[0]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "has no text in it"),
        ({"word/document.xml": "<w:document"}, "no well-formed XML"),
        ({"word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "XML entities"),
        ({"_rels/.rels": '<r><x Type="y/officeDocument" Target="../../etc/passwd"/></r>'}, "has no '../../etc/passwd'"),
    ],
)
def test_what_is_damaged_or_hostile_is_a_text_error(entries: dict[str, str], message: str) -> None:
    with pytest.raises(TextError, match=message):
        read_docx(archive({"[Content_Types].xml": "<Types/>", **entries}), "x.docx")


def test_what_pandoc_writes_is_read(tmp_path: Path) -> None:
    source = "---\ntitle: 长夜行\nauthor: 某人\n---\n\n# 渡口\n\n雾[^1]起。\n\n[^1]: 江上的雾。\n\n"
    source += "# 灯\n\n|甲|乙|\n|-|-|\n|丙|丁|\n"
    path = tmp_path / "book.docx"
    pypandoc.convert_text(source, "docx", format="markdown", outputfile=str(path))
    book = read_docx(path.read_bytes(), "x")
    assert (book.title, book.author) == ("长夜行", "某人")
    assert book.chapters == (Chapter("渡口", ("雾起。", "江上的雾。")), Chapter("灯", ("甲", "乙", "丙", "丁")))
