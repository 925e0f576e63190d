"""Lines made into paragraphs: indents and blank lines go, and lines that were cut at a fixed width are joined again.

A text is taken as cut only where that is clear: most lines are as wide as the widest, hardly any ends a sentence there
(as verses do), and none is wider.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from moxu.errors import TextError
from moxu.text.prepare import BLANK, NEWLINE

INDENTS = (" ", "\t", "\u3000")
NARROWEST, WIDEST = 24, 160  # columns of a page; a Chinese character takes two
SLACK = 4  # columns by which a full line may be narrower: punctuation is not allowed to begin a line
LINE_ENDS = "\n\r\v\f\x85\u2028\u2029"
MOST_LINES = 2_000_000  # each takes some hundred bytes of memory
FEWEST = 12  # lines to judge by
MOST = 4000  # lines looked at
WIDE = re.compile("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]")
PUNCTUATION = tuple("。！？；，…”’」』）》.!?;,\"')")
LETTER = re.compile("[A-Za-z0-9,.;:!?'\")]")


def lines_of(text: str, name: str) -> list[str]:
    """Return the lines of a text, whatever ends them; TextError where there are more than any book has."""
    if sum(map(text.count, LINE_ENDS)) > MOST_LINES:
        raise TextError(f"{name}: has more than {MOST_LINES:,} lines; expected a book")
    return NEWLINE.split(text)


def clean_paragraphs(lines: Sequence[str], width: int | None = None) -> tuple[str, ...]:
    """Return the paragraphs of some lines; ``width`` (see ``wrapped_at``) says that full lines go on in the next."""
    paragraphs: list[str] = []
    goes_on = False
    for line in lines:
        stripped = line.strip(BLANK)
        if goes_on and stripped and not line.startswith(INDENTS):
            paragraphs[-1] = _joined(paragraphs[-1], stripped)
        elif stripped:
            paragraphs.append(stripped)
        goes_on = bool(stripped) and width is not None and _columns(line.rstrip(BLANK)) >= width - SLACK
    return tuple(paragraphs)


def wrapped_at(lines: Sequence[str]) -> int | None:
    """Return the width at which the lines of a text were cut, in columns; None when its lines are its paragraphs."""
    some = [line.rstrip(BLANK) for line in lines[:MOST] if line.strip(BLANK)]
    if len(some) < FEWEST or max(map(len, some)) > WIDEST:
        return None
    widths = [_columns(line) for line in some]
    width = max(widths)
    if not NARROWEST <= width <= WIDEST:
        return None
    full = [line for line, columns in zip(some, widths, strict=True) if columns >= width - SLACK]
    ended = sum(line.endswith(PUNCTUATION) for line in full)
    indented = Counter(line.startswith(INDENTS) for line in some)
    is_cut = len(full) * 2 >= len(some) and ended * 5 <= len(full) * 2 and indented[False] * 2 >= len(some)
    return width if is_cut else None


def _columns(line: str) -> int:
    return len(line) + len(WIDE.findall(line)) - sum(map(_takes_no_room, line))


def _takes_no_room(character: str) -> bool:
    return character > "\u02ff" and unicodedata.combining(character) > 0


def _joined(first: str, second: str) -> str:
    """Return two lines as one; words of Latin letters are kept apart."""
    apart = LETTER.fullmatch(first[-1]) and LETTER.fullmatch(second[0])
    return f"{first} {second}" if apart else first + second
