"""Chapters from a row of paragraphs and headings, as web pages, Markdown and word processors have them."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from moxu.corpus.book import Chapter, one_line
from moxu.corpus.chapters.split import chapter_parts
from moxu.corpus.read.markup import Block

LONGEST_TITLE = 200  # a heading that is longer is a paragraph in large letters


def chapters_of(found: Sequence[Block]) -> tuple[str, tuple[Chapter, ...]]:
    """Return the title of the book, if the headings tell it, and its chapters.

    Where headings tell no chapters, the lines that look like titles do. A heading of a part, which is followed by that
    of a chapter, is a chapter without paragraphs.
    """
    row = [block if len(block.text) <= LONGEST_TITLE else Block(block.text) for block in found]
    title, row = _book_title(row)
    level = _chapter_level(row)
    if sum(0 < block.level <= level for block in row) < 2:
        by_lines = _by_lines([block.text for block in row if block.text])
        if len(by_lines) > 1:
            return title, by_lines
    return title, _by_headings(row, level)


def _book_title(row: list[Block]) -> tuple[str, list[Block]]:
    """Take the first heading as the title of the book, if it is the only one of its level, and others lie below."""
    levels = Counter(block.level for block in row if block.level)
    first = row[0] if row else Block("")
    if first.level and first.text and levels[first.level] == 1 and first.level == min(levels) and len(levels) > 1:
        return one_line(first.text), row[1:]
    return "", row


def _chapter_level(row: Sequence[Block]) -> int:
    """Return the level of the chapters' headings: the uppermost of which most are followed by text."""
    levels = Counter(block.level for block in row if block.level)
    with_text = Counter(block.level for block, following in pairwise(row) if block.level and not following.level)
    for level in sorted(levels):
        if levels[level] > 1 and with_text[level] * 2 >= levels[level]:
            return level
    return max(levels, default=0)


def _by_headings(row: Sequence[Block], level: int) -> tuple[Chapter, ...]:
    chapters: list[Chapter] = []
    title, paragraphs = "", list[str]()
    for block in (*row, Block("", 1)):
        if 0 < block.level <= max(level, 1):
            if title or paragraphs:
                chapters.append(Chapter(title, tuple(paragraphs)))
            title, paragraphs = block.text, []
        elif block.text:
            paragraphs.append(block.text)
    return tuple(chapters)


def _by_lines(lines: Sequence[str]) -> tuple[Chapter, ...]:
    parts = ((title, tuple(part)) for title, part in chapter_parts(lines))
    return tuple(Chapter(title, paragraphs) for title, paragraphs in parts if title or paragraphs)
