"""Books as files: txt, Markdown, EPUB and Word documents; equal books are equal bytes, and no character is lost.

What no file can hold is settled here: control characters go, a title is one line, a paragraph has no line ends and no
indent. A paragraph that is empty stays, as an empty line.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from moxu.corpus.book import UNWANTED, Book, Chapter
from moxu.corpus.publish.docx import write_docx
from moxu.corpus.publish.epub import write_epub
from moxu.corpus.publish.markdown import write_markdown
from moxu.corpus.publish.txt import write_txt
from moxu.errors import SettingsError
from moxu.settings import nearest
from moxu.text.prepare import BLANK, NEWLINE

UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
LINE_ENDS = re.compile("[\r\n\v\f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Format:
    """A format of files: how its names end, its media type, and how a book is written in it."""

    suffix: str
    media_type: str
    write: Callable[[Book, datetime], bytes]


FORMATS: dict[str, Format] = {
    "txt": Format(".txt", "text/plain; charset=utf-8", lambda book, _: write_txt(book)),
    "markdown": Format(".md", "text/markdown; charset=utf-8", lambda book, _: write_markdown(book)),
    "epub": Format(".epub", "application/epub+zip", write_epub),
    "docx": Format(".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", write_docx),
}


def publish(book: Book, format: str, modified: datetime = UNDATED) -> bytes:
    """Return a book as a file; ``modified`` is when it was last changed. SettingsError for an unknown format."""
    if format not in FORMATS:
        raise SettingsError(f"format {format[:50]!r} is unknown; {nearest(format[:50], FORMATS)}")
    return FORMATS[format].write(_settled(book), modified)


def _settled(book: Book) -> Book:
    chapters = (Chapter(_line(one.title), tuple(_paragraphs(one))) for one in book.chapters)
    kept = tuple(chapter for chapter in chapters if chapter.title or any(chapter.paragraphs))
    return replace(book, title=_line(book.title), author=_line(book.author), chapters=kept)


def _line(text: str) -> str:
    return LINE_ENDS.sub(" ", UNWANTED.sub("", text)).strip(BLANK)


def _paragraphs(chapter: Chapter) -> list[str]:
    """Return the paragraphs, without the empty ones at both ends."""
    lines = [line for text in chapter.paragraphs for line in NEWLINE.split(UNWANTED.sub("", text))]
    paragraphs = [line.strip(BLANK) for line in lines]
    while paragraphs and not paragraphs[-1]:
        paragraphs.pop()
    first = next((number for number, paragraph in enumerate(paragraphs) if paragraph), 0)
    return paragraphs[first:]
