"""Books as plain text: UTF-8, paragraphs indented by two ideographic spaces, titles set apart by empty lines.

The layout alone tells titles from paragraphs (moxu.corpus.chapters.split), so any title comes back as one.
"""

from moxu.corpus.book import Book, Chapter
from moxu.corpus.read.txt import HEAD
from moxu.text.layout import INDENT


def write_txt(book: Book) -> bytes:
    """Return a book as plain text; a chapter without title follows after four empty lines."""
    first = next((line for chapter in book.chapters for line in chapter.lines), "")
    parts = [_head(book)] if book.title or book.author or HEAD.fullmatch(first) else []
    parts += map(_chapter, book.chapters)
    return ("\n\n\n".join(parts) + "\n").encode()


def _head(book: Book) -> str:
    return f"《{book.title}》" + (f"\n作者：{book.author}" if book.author else "")


def _chapter(chapter: Chapter) -> str:
    lines = [INDENT + paragraph if paragraph else "" for paragraph in chapter.paragraphs]
    return "\n".join([chapter.title, "", *lines] if chapter.paragraphs else [chapter.title])
