"""A book as moxu knows it, whatever file it came from: a title, an author, and chapters of paragraphs."""

import re
from dataclasses import dataclass

from moxu.text.prepare import BLANK

UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
"""What no text needs and no XML may hold: control characters, codes that are no characters, half pairs."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its title, which may be empty, and its paragraphs, without indents and line ends.

    The title of a volume is a chapter of its own, without paragraphs. A paragraph that is empty is an empty line,
    which sets scenes apart; readers of files give none, because most files have them everywhere.
    """

    title: str = ""
    paragraphs: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The title, if there is one, and the paragraphs."""
        return (self.title, *self.paragraphs) if self.title else self.paragraphs

    @property
    def characters(self) -> int:
        """How many characters the paragraphs have."""
        return sum(map(len, self.paragraphs))


@dataclass(frozen=True, slots=True)
class Book:
    """A book; ``format`` and ``encoding`` (of plain texts) tell what file it was, ``warnings`` what was not kept."""

    title: str = ""
    author: str = ""
    chapters: tuple[Chapter, ...] = ()
    format: str = ""
    encoding: str | None = None
    warnings: tuple[str, ...] = ()


def one_line(text: str) -> str:
    """Return a title or a name on one line: runs of white space are one space, the ends have none."""
    return " ".join(text.split()).strip(BLANK)
