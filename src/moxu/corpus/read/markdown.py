"""Markdown as books: headings begin chapters, marks of emphasis go, and every other character stays.

Lists, tables and quotations are paragraphs as they were typed, since in a novel 1986. begins a sentence. Each line is
a paragraph, as Chinese authors type them, unless lines were cut at a fixed width.
"""

import json
import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from moxu.corpus.book import Book, one_line
from moxu.corpus.chapters.outline import chapters_of
from moxu.corpus.chapters.paragraphs import clean_paragraphs, lines_of, wrapped_at
from moxu.corpus.read.markup import Block
from moxu.text.encodings import decode_bytes
from moxu.text.prepare import BLANK

HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[^`]*")
QUOTE = re.compile(r"^(?: {0,3}> ?)+")
FIELD = re.compile(r"(title|author):[ \t]*(.*)")
MARKS = re.compile(r"[\\`*_\[&<~!]")
LONGEST_HEADING = 1000
LONGEST = 20_000  # characters of a line whose marks are looked at
_INLINE = MarkdownIt("zero").enable(
    ["backticks", "emphasis", "entity", "escape", "image", "link", "strikethrough", "autolink"]
)


def read_markdown(data: bytes, name: str) -> Book:
    """Return the book that a text in Markdown is; ``title`` and ``author`` may stand at its head, as YAML."""
    text, encoding = decode_bytes(data, name)
    fields, lines = _front_matter(lines_of(text, name))
    title, chapters = chapters_of(list(_blocks(lines)))
    return Book(fields.get("title") or title, fields.get("author", ""), chapters, "markdown", encoding)


def _front_matter(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the fields between two lines ``---`` at the head, and the lines below."""
    if not lines or lines[0].rstrip() != "---":
        return {}, lines
    for number, line in enumerate(lines[1:50], 1):
        if line.rstrip() in ("---", "..."):
            found = (FIELD.fullmatch(one) for one in lines[1:number])
            return {field[1]: one_line(_value(field[2])) for field in found if field}, lines[number + 1 :]
    return {}, lines


def _value(text: str) -> str:
    """Return a value of YAML, which is a text in quotes as JSON has it, or a plain one."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text.strip().strip("'\"")
    return value if isinstance(value, str) else text


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Yield headings and paragraphs; what stands between fences is kept as it is."""
    width = wrapped_at(lines)
    waiting: list[str] = []
    fence = ""
    for line in lines:
        opened = FENCE.fullmatch(line)
        if fence or opened:
            yield from _paragraphs(waiting, width)
            waiting = []
            if not fence and opened:
                fence = opened[1]
            elif opened and opened[1].startswith(fence):
                fence = ""
            elif line.strip(BLANK):
                yield Block(line.strip(BLANK))
            continue
        heading = HEADING.fullmatch(line) if len(line) <= LONGEST_HEADING else None
        underline = UNDERLINE.fullmatch(line) if len(waiting) == 1 else None
        if heading or underline:
            yield from _paragraphs([] if underline else waiting, width)
            level = len(heading[1]) if heading else 1 + (line.strip()[0] == "-")
            yield Block(_plain((heading[2] or "") if heading else waiting[0]), level)
            waiting = []
        elif line.strip(BLANK):
            waiting.append(QUOTE.sub("", line))
        else:
            yield from _paragraphs(waiting, width)
            waiting = []
    yield from _paragraphs(waiting, width)


def _paragraphs(lines: Sequence[str], width: int | None) -> Iterator[Block]:
    for paragraph in clean_paragraphs(lines, width):
        text = _plain(paragraph).strip(BLANK)
        if text:
            yield Block(text)


def _plain(text: str) -> str:
    """Return a line without its marks."""
    text = text.strip(BLANK)
    if len(text) > LONGEST or not MARKS.search(text):
        return text
    return "".join(_texts(_INLINE.parseInline(text)[0].children or []))


def _texts(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image":
            yield from _texts(token.children or [])
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        else:
            yield token.content
