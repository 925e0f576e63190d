"""Files of books, whatever they are: plain text, EPUB, Word, Markdown, HTML. What a file holds decides, then its name.

The readers trust nothing: archives are bounded, XML has no entities, nothing touches a disk or a network. What is
damaged is a TextError of one line.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from moxu.corpus.book import UNWANTED, Book, Chapter, one_line
from moxu.corpus.extras import import_extra
from moxu.corpus.read.archive import Archive
from moxu.corpus.read.txt import read_txt
from moxu.errors import TextError

Reader = Callable[[bytes, str], Book]

SUFFIXES = {".htm": "html", ".html": "html", ".markdown": "markdown", ".md": "markdown", ".xhtml": "html"}
IN_ARCHIVES = {"META-INF/container.xml": "epub", "[Content_Types].xml": "docx"}  # by what only these have
FOREIGN = {
    b"%PDF-": "a PDF, which keeps pages and not text; expected txt, epub, docx, markdown or html",
    b"\xd0\xcf\x11\xe0": "an old Word document (.doc), or an encrypted one; save it as .docx without a password",
    b"{\\rtf": "an RTF document; save it as .docx",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
}
PAGE = (b"<!doctype html", b"<html")


def read_book(data: bytes, name: str) -> Book:
    """Return the book that a file holds; ``name`` is the file's, and its title where the book has none.

    TextError for what is damaged, no book, or has no text; SettingsError where what reads its kind is not installed.
    """
    leaf = PurePosixPath(PureWindowsPath(name).name).name  # as either kind of system writes paths
    shown = one_line(UNWANTED.sub("", leaf))[:100] or "the file"
    book = _cleaned(_reader(data, leaf, shown)(data, shown))
    if not book.chapters:
        raise TextError(f"{shown}: has no text in it; expected a book")
    return replace(book, title=book.title or one_line(PurePosixPath(shown).stem))


def _reader(data: bytes, name: str, shown: str) -> Reader:
    for mark, what in FOREIGN.items():
        if data.startswith(mark):
            raise TextError(f"{shown}: is {what}")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        archive = Archive(data, shown)
        kind = next((kind for entry, kind in IN_ARCHIVES.items() if entry in archive), None)
        if kind is None:
            raise TextError(f"{shown}: is an archive, but neither EPUB nor Word document; unpack it first")
    elif data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGE):
        kind = "html"
    else:
        kind = SUFFIXES.get(PurePosixPath(name).suffix.lower())
    return read_txt if kind is None else _reader_of(kind, shown)


def _reader_of(kind: str, shown: str) -> Reader:
    """Return what reads this kind of books, with libraries that plain texts do not need."""
    reader: Reader = getattr(import_extra(f"moxu.corpus.read.{kind}", "books", f"{shown}: reading it"), f"read_{kind}")
    return reader


def _cleaned(book: Book) -> Book:
    """Remove characters that no text needs, and count them in a warning."""
    removed = sum(len(UNWANTED.findall(line)) for chapter in book.chapters for line in chapter.lines)
    chapters = tuple(map(_clean_chapter, book.chapters)) if removed else book.chapters
    warnings = (f"{removed:,} control characters were removed",) if removed else ()
    return replace(
        book,
        title=UNWANTED.sub("", book.title),
        author=UNWANTED.sub("", book.author),
        chapters=tuple(chapter for chapter in chapters if chapter.lines),
        warnings=(*book.warnings, *warnings),
    )


def _clean_chapter(chapter: Chapter) -> Chapter:
    paragraphs = (UNWANTED.sub("", paragraph).strip() for paragraph in chapter.paragraphs)
    return Chapter(UNWANTED.sub("", chapter.title).strip(), tuple(filter(None, paragraphs)))
