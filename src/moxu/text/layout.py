"""How prose looks on a page: each paragraph indented by two ideographic spaces, which are no part of the text.

The law: ``dedent(indent(text)) == text`` for a text without indents, and pieces that are indented or dedented as they
arrive make the same page as the whole text at once.
"""

import re

INDENT = "\u3000\u3000"
LINE_START = re.compile("^[ \t\u3000]+", re.MULTILINE)


def indent(text: str) -> str:
    """Return ``text`` for people: every line that is not empty begins with exactly two ideographic spaces."""
    return StreamingIndent().push(text)


def dedent(text: str) -> str:
    """Return ``text`` as data: no line begins with spaces of any kind."""
    return LINE_START.sub("", text)


class StreamingIndent:
    """Indents a text that arrives in pieces; the pushed pieces joined are ``indent`` of the joined text."""

    indent = INDENT

    def __init__(self, at_line_start: bool = True) -> None:
        """Begin at the start of a line, or within one when a paragraph is being continued."""
        self._at_line_start = at_line_start

    def push(self, piece: str) -> str:
        """Return ``piece`` as it looks on the page; the indent of a line comes with its first character."""
        first, *others = piece.split("\n")
        lines = [self._rest_of_line(first)]
        for line in others:
            self._at_line_start = True
            lines.append(self._rest_of_line(line))
        return "\n".join(lines)

    def _rest_of_line(self, text: str) -> str:
        if not self._at_line_start:
            return text
        text = text.lstrip(" \t\u3000")
        if not text:
            return ""  # the indent waits for a character: an empty line has none
        self._at_line_start = False
        return self.indent + text


class StreamingDedent(StreamingIndent):
    """Takes the indents out of a text that arrives in pieces; those joined are ``dedent`` of the joined text."""

    indent = ""
