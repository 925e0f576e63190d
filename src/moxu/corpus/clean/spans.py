"""Cutting passages out of a text so that nothing of them stays: with the brackets around them, with the whole line."""

import re
from collections.abc import Iterable, Iterator

OPENING, CLOSING = "（(【[［〔〖{｛<＜", "）)】]］〕〗}｝>＞"
REACH = 60  # characters on each side of a passage that its brackets may hold
_INSIDE = "[^" + re.escape(OPENING + CLOSING) + "\n]"
_TO_CLOSING = re.compile(f"{_INSIDE}{{0,{REACH}}}[{re.escape(CLOSING)}]")
_BEFORE = re.compile(f"[{re.escape(OPENING)}](?={_INSIDE}*\\Z)")
CUT = "\x03"  # where a passage was, until its line is mended; no text holds it
_BLANKS = " \t\u3000\xa0"
_FEW = 100  # blanks
_NOTHING_LEFT = re.compile(r"[\W_]*")
_BETWEEN_WORDS = re.compile(f"(?<=[A-Za-z0-9]){CUT}(?=[A-Za-z0-9])")


def in_brackets(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the brackets that hold a passage and not much more, from the opening one to the closing; None without."""
    closing = _TO_CLOSING.match(text, end)
    if closing is None:
        return None
    opening = _BEFORE.search(text[max(0, start - REACH) : start])
    return (start - min(start, REACH) + opening.start(), closing.end()) if opening else None


def lines_with(mark: re.Pattern[str], text: str, longest: int | None = None) -> Iterator[tuple[int, int]]:
    """Give where each line begins and ends in which a mark is found, unless the line is longer than ``longest``."""
    place = 0
    while found := mark.search(text, place):
        start, after = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
        place = end = after if after >= 0 else len(text)
        if longest is None or end - start <= longest:
            yield start, end


def cut(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return the text without these passages, nor the blanks around them; a line of which only marks stay is empty."""
    pieces, place = list[str](), 0
    for start, end in merged(sorted(spans)):
        pieces += [text[place:start].rstrip(_BLANKS), CUT]
        place = end + len(text[end : end + _FEW]) - len(text[end : end + _FEW].lstrip(_BLANKS))
    if not pieces:
        return text
    lines = "".join([*pieces, text[place:]]).split("\n")
    return "\n".join([_mended(line) if CUT in line else line for line in lines])


def _mended(line: str) -> str:
    """Return a line without the places of passages; words of Latin letters stay apart."""
    rest = _BETWEEN_WORDS.sub(" ", line).replace(CUT, "")
    return "" if _NOTHING_LEFT.fullmatch(rest) else rest


def merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give the spans joined where they overlap."""
    last: tuple[int, int] | None = None
    for start, end in spans:
        if last is None:
            last = start, end
        elif start <= last[1]:
            last = last[0], max(last[1], end)
        else:
            yield last
            last = start, end
    if last is not None:
        yield last
