"""Books as Markdown: CommonMark, with title and author as YAML at the head, as pandoc reads them."""

import json
import re

from moxu.corpus.book import Book, Chapter

ANYWHERE = re.compile(r"([\\`*_\[\]<>&~!#|])")
NUMBER = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
AT_START = re.compile(r"^([-+=])")
EMPTY_LINE = "&nbsp;"


def write_markdown(book: Book) -> bytes:
    """Return a book as Markdown: a heading of the first level for each chapter, a blank line after each paragraph."""
    fields = {"title": book.title, "author": book.author, "lang": "zh"}
    head = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if value]
    parts = ["\n".join(["---", *head, "---"]), *(part for chapter in book.chapters for part in _parts(chapter))]
    return ("\n\n".join(parts) + "\n").encode()


def _parts(chapter: Chapter) -> list[str]:
    heading = f"# {_escaped(chapter.title)}".rstrip()
    return [heading, *(_escaped(paragraph) or EMPTY_LINE for paragraph in chapter.paragraphs)]


def _escaped(text: str) -> str:
    """Return a line that says itself in Markdown."""
    text = ANYWHERE.sub(r"\\\1", text)
    return AT_START.sub(r"\\\1", NUMBER.sub(r"\1\\\2", text))
