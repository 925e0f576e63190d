"""What authors say to their readers beside the story."""

import re

_LAST_WORDS = re.compile(
    r"^[\W_]{0,6}(?:作者有话[要想]?说|作者的话|作者闲话|题外话)[\W_]{0,6}(?:[:：].*)?$", re.MULTILINE
)
_POSTSCRIPT = re.compile(r"^[（(【\[*＊]{0,2}(?:[Pp]\.?[Ss]\.?[0-9]?|ＰＳ|ｐｓ) ?[:：、，．.]", re.MULTILINE)


def remove_notes(text: str) -> str:
    """Remove what an author says after a chapter, and lines that begin with PS."""
    words = _LAST_WORDS.search(text)
    lines = text.split("\n")
    if words:
        first = text.count("\n", 0, words.start())
        lines[first:] = [""] * (len(lines) - first)
    return "\n".join(["" if _POSTSCRIPT.match(line) else line for line in lines])
