"""What an author typed, made into what a model reads: one paragraph a line, no indents, a newline before the first.

Training texts are lines, so a newline is how a paragraph begins; an opening starts with one. AI-Writer's two programs
prepared openings almost alike, and its models continue best what was prepared their way; CPM, too, had a way of its
own. Models that were trained on pages as they are, as most were, read an opening as it was typed.
"""

import re

NEWLINE = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())  # the last of them is U+3000
END_MARK = "<eod>"  # ends a document in the files of CPM-1, and a line in those of lyrics
BLANK = SPACES + "\u200b\ufeff"  # a zero-width space and a byte order mark take no room either


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of ``text``: its lines, whatever ends them, without indents, empty ones dropped."""
    return [line for line in _lines(text) if line]


def opening(text: str) -> str:
    """Return an author's ``text`` as moxu's own models read it; an empty one starts a paragraph: ``"\\n"``.

    A newline at the end says that the author has finished the paragraph: one is kept, and the model starts the next.
    """
    lines = _lines(text)
    kept = [line for line in lines if line]
    end = "\n" if kept and not lines[-1] else ""
    return "\n" + "\n".join(kept) + end


def aiwriter_opening(text: str) -> str:
    """Return ``text`` as AI-Writer's server (v1) and its second program (v2) prepare it: empty lines dropped."""
    return "\n" + "\n".join(line for line in _aiwriter_lines(text) if line)


def aiwriter_opening_with_empty_lines(text: str) -> str:
    """Return ``text`` as AI-Writer's run.py (v1) prepares it: empty lines between paragraphs are kept."""
    return "\n" + "\n".join(_aiwriter_lines(text)).strip()


def as_typed(text: str) -> str:
    """Return ``text`` as it is, but for a byte order mark and the ends of its lines; an empty one is a newline."""
    return NEWLINE.sub("\n", text.removeprefix("\ufeff")) or "\n"


def cpm_parts(text: str) -> list[str]:
    """Return what stands between the marks ``<eod>`` of ``text`` as CPM-1's programs take it: stripped, none empty."""
    parts = (part.strip() for part in as_typed(text).split(END_MARK))
    return [part for part in parts if part]


def lyric_parts(text: str) -> list[str]:
    """Return the lines of a lyric: what stands between marks ``<eod>`` or, in a text without any, its lines."""
    return cpm_parts(text) if END_MARK in text else paragraphs(text)


def _lines(text: str) -> list[str]:
    return [line.strip(BLANK) for line in NEWLINE.split(text)]


def _aiwriter_lines(text: str) -> list[str]:
    """Split at newlines only, and strip what Python calls white space: U+3000 and a return, but no byte order mark."""
    return [line.strip() for line in text.split("\n")]
