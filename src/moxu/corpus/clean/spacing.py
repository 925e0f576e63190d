"""Rules about white space, and about lines of ornaments, which stand for it."""

import re

from moxu.corpus.clean.rule import HAN, PUNCTUATION, SCENE
from moxu.text.prepare import BLANK, NEWLINE, SPACES

_SPACE = "".join(character for character in SPACES if not NEWLINE.match(character))
SPACE = _SPACE

# Runs are shortened first: a search for a run that something must follow takes quadratic time where nothing does.
_RUN = re.compile(f"([{_SPACE}])[{_SPACE}]+")
_AT_PUNCTUATION = re.compile(f"[{_SPACE}](?=[{PUNCTUATION}])|(?<=[{PUNCTUATION}])[{_SPACE}]")
_LETTERS_APART = re.compile(
    f"(?<![^{_SPACE}{PUNCTUATION}\n])(?:[{HAN}][{_SPACE}]){{5,}}[{HAN}](?![^{_SPACE}{PUNCTUATION}\n])"
)
_BETWEEN = re.compile(f"(?<=[{HAN}])[{_SPACE}](?=[{HAN}])")
_BLANKS = re.compile(f"[{_SPACE}]")

_ORNAMENTS = "*＊=＝_＿~～#＃+＋◆◇■●☆★※▲△▼▽─━═－—\\-"
_ORNAMENT_LINE = re.compile(f"^[ \u3000]*(?:[{_ORNAMENTS}][ \u3000]*){{3,}}$", re.MULTILINE)
ORNAMENTS = _ORNAMENTS


def trim(text: str) -> str:
    """Remove indents, blanks at Chinese punctuation, blanks after blanks, and those between all letters of a phrase."""
    text = "\n".join([line.strip(BLANK) for line in text.split("\n")])
    text = _AT_PUNCTUATION.sub("", _RUN.sub(r"\1", text))
    return _LETTERS_APART.sub(lambda found: _BLANKS.sub("", found[0]), text)


def close_up(text: str) -> str:
    """Remove all blanks between ideographs."""
    return _BETWEEN.sub("", _RUN.sub(r"\1", text))


def part_scenes(text: str) -> str:
    """Write a line of ornaments as an empty paragraph; none at the ends of a chapter, and no two in a row."""
    lines = _ORNAMENT_LINE.sub(SCENE, text).split("\n")
    is_open = False  # whether text came since the last empty paragraph
    last = max((number for number, line in enumerate(lines) if line != SCENE), default=-1)
    for number, line in enumerate(lines):
        if line == SCENE and not (is_open and number < last):
            lines[number] = ""
        is_open = line != SCENE
    return "\n".join(lines)
