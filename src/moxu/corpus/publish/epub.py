"""Books as EPUB 3: a page of XHTML for each chapter, a table of contents, and a style sheet of a few lines."""

import hashlib
import re
from datetime import UTC, datetime
from uuid import UUID
from xml.sax.saxutils import escape

from moxu.corpus.book import Book, Chapter
from moxu.corpus.read.archive import write_archive

MEDIA_TYPE = "application/epub+zip"
COLLAPSES = re.compile("[ \t]{2,}|\t")  # white space that a browser would not show as it is

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
STYLE = """html { line-height: 1.8; }
h1 { font-size: 1.4em; text-align: center; margin: 2em 0; }
p { margin: 0; text-indent: 2em; text-align: justify; }
.spaced { white-space: pre-wrap; }
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="zh" xml:lang="zh">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>{body}</body>
</html>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="zh">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>zh</dc:language>
{creator}<meta property="dcterms:modified">{modified}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="style.css" media-type="text/css"/>
{items}
</manifest>
<spine>
{spine}
</spine>
</package>
"""


def write_epub(book: Book, modified: datetime) -> bytes:
    """Return a book as an EPUB 3; the chapters without titles are not in the table of contents."""
    pages = [(f"chapter-{number:04}", chapter) for number, chapter in enumerate(book.chapters, 1)]
    entries = [
        ("mimetype", MEDIA_TYPE),
        ("META-INF/container.xml", CONTAINER),
        ("book/package.opf", _package(book, [name for name, _ in pages], modified)),
        ("book/nav.xhtml", _navigation(book, pages)),
        ("book/style.css", STYLE),
        *((f"book/{name}.xhtml", _page(chapter, book)) for name, chapter in pages),
    ]
    return write_archive([(name, content.encode()) for name, content in entries], stored=1)


def _package(book: Book, names: list[str], modified: datetime) -> str:
    items = (f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in names)
    return PACKAGE.format(
        identifier=_identifier(book),
        title=escape(_title(book)),
        creator=f"<dc:creator>{escape(book.author)}</dc:creator>\n" if book.author else "",
        modified=modified.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        items="\n".join(items),
        spine="\n".join(f'<itemref idref="{name}"/>' for name in names),
    )


def _identifier(book: Book) -> str:
    """Return a name for this book and no other: equal texts have equal ones."""
    parts = [book.title, book.author, *(line for chapter in book.chapters for line in ("\n", *chapter.lines))]
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return UUID(bytes=digest[:16], version=5).urn


def _title(book: Book) -> str:
    return book.title or "无题"


def _navigation(book: Book, pages: list[tuple[str, Chapter]]) -> str:
    """Return the table of contents; one of a book without any title of a chapter leads to its beginning."""
    links = [(name, chapter.title) for name, chapter in pages if chapter.title]
    links = links or [(name, _title(book)) for name, _ in pages[:1]]
    items = "\n".join(f'<li><a href="{name}.xhtml">{escape(title)}</a></li>' for name, title in links)
    return PAGE.format(
        title=escape(_title(book)), body=f'<nav epub:type="toc"><h1>目录</h1>\n<ol>\n{items}\n</ol></nav>'
    )


def _page(chapter: Chapter, book: Book) -> str:
    lines = [_element("h1", chapter.title)] if chapter.title else []
    lines += [_element("p", paragraph) if paragraph else "<p><br/></p>" for paragraph in chapter.paragraphs]
    body = '<section epub:type="chapter">\n' + "\n".join(lines) + "\n</section>"
    return PAGE.format(title=escape(chapter.title or _title(book)), body=body)


def _element(name: str, text: str) -> str:
    spaced = ' class="spaced" xml:space="preserve"' if COLLAPSES.search(text) else ""
    return f"<{name}{spaced}>{escape(text)}</{name}>"
