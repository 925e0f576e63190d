"""Books for the tests: odd ones that hypothesis draws, files that others have made, and hostile archives."""

import zipfile
from collections.abc import Callable
from io import BytesIO

from hypothesis import strategies as st

from moxu.corpus.book import UNWANTED, Book, Chapter
from moxu.errors import TextError
from moxu.text.prepare import BLANK, NEWLINE

ODD = "&<>\"'&amp;<b>]]>*_`~#[](){}|\\!+-=.:·1一、第章回 \t\u3000\xa0\u200b\u200d的他“”……——《》😀👩‍👩‍👧𠮷𪚥ａe\u0301"
characters = st.sampled_from(ODD) | st.characters(exclude_categories=["Cs", "Cc"])
lines = (
    st.text(characters, min_size=1, max_size=30)
    .map(lambda text: UNWANTED.sub("", NEWLINE.sub("", text)).strip(BLANK))
    .filter(bool)
)
chapters = st.builds(
    Chapter, st.one_of(st.just(""), lines), st.lists(lines, min_size=1, max_size=4).map(tuple)
) | st.builds(Chapter, lines)
titled = st.builds(Chapter, lines, st.lists(lines, max_size=4).map(tuple))


def books(chapter: st.SearchStrategy[Chapter] = chapters) -> st.SearchStrategy[Book]:
    """Books of two chapters or more, so that the splitting of a text without headings has no part in it."""
    names = lines.map(lambda text: " ".join(text.split()).strip(BLANK)).filter(bool)
    titles = names.filter(lambda name: not {"《", "》"} & set(name))  # half a pair is no title
    return st.builds(Book, titles, st.one_of(st.just(""), names), st.lists(chapter, min_size=2, max_size=5).map(tuple))


def archive(entries: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    return file.getvalue()


def told(read: Callable[[], object]) -> str:
    """Return what a TextError says; empty where there is none."""
    try:
        read()
    except TextError as error:
        return str(error)
    return ""


CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>"""


def epub(pages: dict[str, str], contents: str = "", spine: str = "", **others: str) -> bytes:
    """Return an EPUB 2 with these pages, and an ncx where ``contents`` has its navPoints."""
    types = 'media-type="application/xhtml+xml"'
    items = "".join(f'<item id="i{number}" href="{name}" {types}/>' for number, name in enumerate(pages))
    order = spine or "".join(f'<itemref idref="i{number}"/>' for number in range(len(pages)))
    package = f"""<package xmlns="http://www.idpf.org/2007/opf" version="2.0"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>长夜行</dc:title><dc:creator>某人</dc:creator></metadata>
<manifest>{items}<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
<spine toc="ncx">{order}</spine></package>"""
    files: dict[str, bytes | str] = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    files["OEBPS/content.opf"] = package
    files.update({f"OEBPS/{name}": page for name, page in pages.items()})
    if contents:
        files["OEBPS/toc.ncx"] = f"<ncx><navMap>{contents}</navMap></ncx>"
    files.update(others)
    return archive(files)


def point(title: str, reference: str, *inner: str) -> str:
    """Return an entry of an ncx."""
    label = f'<navLabel><text>{title}</text></navLabel><content src="{reference}"/>'
    return f"<navPoint>{label}{''.join(inner)}</navPoint>"


def page(body: str, head: str = "") -> str:
    """Return a page of XHTML."""
    return f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>{head}</head><body>{body}</body></html>'
