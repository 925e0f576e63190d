"""Books as Word documents: headings that the navigation shows, indents by style, fonts for Chinese."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

from moxu.corpus.book import Book, Chapter
from moxu.corpus.read.archive import write_archive

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PARTS = "application/vnd.openxmlformats-officedocument.wordprocessingml"

TYPES = f"""{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="{PARTS}.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="{PARTS}.styles+xml"/>
<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>
</Types>
"""
RELATIONS = f"""{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
 Target="word/document.xml"/>
<Relationship Id="rId2"
 Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
 Target="docProps/core.xml"/>
</Relationships>
"""
DOCUMENT_RELATIONS = f"""{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
 Target="styles.xml"/>
</Relationships>
"""
CORE = (
    HEAD
    + """<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><dc:language>zh-CN</dc:language>
<dcterms:modified xsi:type="dcterms:W3CDTF">{modified}</dcterms:modified>
</cp:coreProperties>
"""
)
STYLES = f"""{HEAD}<w:styles xmlns:w="{MAIN}">
<w:docDefaults><w:rPrDefault><w:rPr>
<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体" w:cs="Times New Roman"/>
<w:sz w:val="24"/><w:szCs w:val="24"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/>
</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:line="400" w:lineRule="auto"/></w:pPr></w:pPrDefault>
</w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>
<w:style w:type="paragraph" w:styleId="BodyText"><w:name w:val="Body Text"/><w:basedOn w:val="Normal"/><w:qFormat/>
<w:pPr><w:ind w:firstLine="480" w:firstLineChars="200"/><w:jc w:val="both"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>
<w:next w:val="BodyText"/><w:qFormat/><w:pPr><w:keepNext/><w:pageBreakBefore/>
<w:spacing w:before="480" w:after="360"/><w:jc w:val="center"/><w:outlineLvl w:val="0"/></w:pPr>
<w:rPr><w:rFonts w:eastAsia="黑体"/><w:sz w:val="32"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/>
<w:next w:val="Author"/><w:qFormat/><w:pPr><w:spacing w:before="4000" w:after="480"/><w:jc w:val="center"/></w:pPr>
<w:rPr><w:rFonts w:eastAsia="黑体"/><w:sz w:val="48"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Author"><w:name w:val="Author"/><w:basedOn w:val="Normal"/>
<w:next w:val="BodyText"/><w:qFormat/><w:pPr><w:jc w:val="center"/></w:pPr></w:style>
</w:styles>
"""
PAGE = (  # A4, with margins of an inch
    '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" '
    'w:header="720" w:footer="720" w:gutter="0"/></w:sectPr>'
)


def write_docx(book: Book, modified: datetime) -> bytes:
    """Return a book as a Word document: title and author on a page of their own, each chapter on a new one."""
    core = CORE.format(
        title=escape(book.title),
        author=escape(book.author),
        modified=modified.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    entries = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS,
        "docProps/core.xml": core,
        "word/_rels/document.xml.rels": DOCUMENT_RELATIONS,
        "word/styles.xml": STYLES,
        "word/document.xml": _document(book),
    }
    return write_archive([(name, content.encode()) for name, content in entries.items()])


def _document(book: Book) -> str:
    lines = [_paragraph("Title", book.title)] if book.title else []
    lines += [_paragraph("Author", book.author)] if book.title and book.author else []
    lines += [line for chapter in book.chapters for line in _chapter(chapter)]
    return f'{HEAD}<w:document xmlns:w="{MAIN}"><w:body>\n' + "\n".join(lines) + f"\n{PAGE}</w:body></w:document>\n"


def _chapter(chapter: Chapter) -> list[str]:
    return [
        _paragraph("Heading1", chapter.title),
        *(_paragraph("BodyText", paragraph) for paragraph in chapter.paragraphs),
    ]


def _paragraph(style: str, text: str) -> str:
    """Return a paragraph; an untitled chapter has a heading without text, which begins its page."""
    pieces = (f'<w:t xml:space="preserve">{escape(piece)}</w:t>' if piece else "" for piece in text.split("\t"))
    run = f"<w:r>{'<w:tab/>'.join(pieces)}</w:r>" if text else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{run}</w:p>'
