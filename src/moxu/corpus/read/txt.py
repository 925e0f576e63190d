"""Plain texts as books: any encoding, a title and an author at the head, chapters by their titles."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from moxu.corpus.book import Book, Chapter
from moxu.corpus.chapters.paragraphs import clean_paragraphs, lines_of, wrapped_at
from moxu.corpus.chapters.split import chapter_parts, laid_out
from moxu.corpus.read.title_page import plain_head
from moxu.text.encodings import decode_bytes
from moxu.text.prepare import BLANK

_AUTHOR = r"(?:作者|著者)[:：](?P<author>.{1,50})"
HEAD = re.compile(r"《(?P<title>(?:[^《》]|《[^《》]*》){0,100})》[ \t\u3000]*(?:" + _AUTHOR + ")?")
AUTHOR = re.compile(_AUTHOR)
STRAY = "\ufffd"
TITLE_PAGE = 40  # characters
PUNCTUATION = re.compile("[，。；：！？、…“”《》.,!?]")


def read_txt(data: bytes, name: str) -> Book:
    """Return the book that a text is; places that are damaged are U+FFFD in it, and counted in a warning."""
    text, encoding = decode_bytes(data, name)
    title, author, lines = _head(lines_of(text, name))
    typed = laid_out(lines) is None
    if typed and not title:
        title, author, lines = plain_head(lines, PurePosixPath(name).stem)
    width = wrapped_at(lines)
    chapters = [Chapter(head, clean_paragraphs(part, width)) for head, part in chapter_parts(lines)]
    if typed:
        chapters = _without_title_page(chapters)
    warnings = []
    if damage := text.count(STRAY):
        warnings.append(f"{damage:,} places were damaged, or are in another encoding; each is now {STRAY}")
    kept = tuple(chapter for chapter in chapters if chapter.title or chapter.paragraphs)
    return Book(title, author, kept, "txt", encoding, tuple(warnings))


def _head(lines: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """Return the title and the author, if the first lines are 《title》 and 作者：author, and the lines below."""
    title = author = ""
    rest = 0
    for number, line in enumerate(lines[:20]):
        stripped = line.strip(BLANK)
        found = (AUTHOR if rest else HEAD).fullmatch(stripped) if stripped else None
        if stripped and found is None:
            break
        if found is not None:
            title = title or found.groupdict().get("title") or ""
            author, rest = (found["author"] or "").strip(BLANK), number + 1
            if author:
                break
    return title, author, lines[rest:]


def _without_title_page(chapters: list[Chapter]) -> list[Chapter]:
    """Give a few words before the first title, without punctuation, to the chapter that follows."""
    first, *others = chapters
    is_text = any(map(PUNCTUATION.search, first.paragraphs))
    if first.title or not others or is_text or first.characters > TITLE_PAGE:
        return chapters
    return [Chapter(others[0].title, first.paragraphs + others[0].paragraphs), *others[1:]]
