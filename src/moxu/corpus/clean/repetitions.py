"""Rules about lines that come again: a title below the title, a paragraph twice, the same line in many chapters."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import eq

SHORTEST_TWICE = 20  # characters; what is shorter may be said twice
LONGEST_BOILERPLATE = 40
SHORTEST_INSIDE = 10  # characters that are no punctuation; at the ends of chapters, SHORTEST_AT_ENDS are enough
SHORTEST_AT_ENDS = 4
FEWEST_CHAPTERS = 5
FEWEST_REPEATS = 4
PART = 5  # a line in a fifth of the chapters

_SPEECH = re.compile('[“”「」『』‘’"：:]')
_FORMULA = re.compile(
    "[话話][说說]|[且却]说|却表|单表|下回|下文|分解|后事|後事|如何|端的|毕竟|正是|有诗|诗曰|诗云|词曰|为证|为凭|有赞|道是|有分教|不在话下|按下不表|话分两头"
    "|言归正传|闲话|书归|卷终|终$|第.{1,5}[章回节卷]|[年月日]"
)
_NOT_WORDS = re.compile(r"[\W_]+")
_NUMBER = re.compile("^第?[0-9零〇一二三四五六七八九十百千两]+[章回节卷集话]")


def drop_title_line(titles: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Drop the first line of a chapter where it says the title again."""
    return [_without_title(title, text) for title, text in zip(titles, texts, strict=True)]


def _without_title(title: str, text: str) -> str:
    first, line_end, rest = text.partition("\n")
    if not title or not rest or len(first) > 2 * len(title) + 10:
        return text
    said, wanted = _NOT_WORDS.sub("", first).removeprefix("正文"), _NOT_WORDS.sub("", title).removeprefix("正文")
    name = _NUMBER.sub("", wanted)
    return line_end + rest if said and said in (wanted, name) else text


def drop_doubled(text: str) -> str:
    """Drop a paragraph that is the same as the one before."""
    lines = text.split("\n")
    if not any(map(eq, lines, lines[1:])):
        return text
    kept = lines[:1]
    for before, line in pairwise(lines):
        kept.append("" if line == before and len(line) >= SHORTEST_TWICE else line)
    return "\n".join(kept)


def drop_boilerplate(_titles: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Drop short lines that come in a fifth of the chapters; not what somebody says, nor a storyteller's formulas.

    A line of a few characters must always be at the same end of the chapters, since a short sentence comes anywhere.
    """
    chapters = [text.split("\n") for text in texts if text]
    if len(chapters) < FEWEST_CHAPTERS:
        return list(texts)
    fewest = max(FEWEST_REPEATS, -(-len(chapters) // PART))
    inside = _frequent(({*lines} for lines in chapters), fewest, SHORTEST_INSIDE)
    first = _frequent((lines[:1] for lines in chapters), fewest, SHORTEST_AT_ENDS)
    last = _frequent((lines[-1:] for lines in chapters), fewest, SHORTEST_AT_ENDS)
    if not (inside or first or last):
        return list(texts)
    return ["\n".join(_without(text.split("\n"), inside, first, last)) for text in texts]


def _frequent(chapters: Iterable[Iterable[str]], fewest: int, shortest: int) -> frozenset[str]:
    """Return the lines that so many chapters have, and that may be boilerplate."""
    counts = Counter(line for lines in chapters for line in lines if len(line) <= LONGEST_BOILERPLATE)
    return frozenset(line for line, count in counts.items() if count >= fewest and _is_boilerplate(line, shortest))


def _is_boilerplate(line: str, shortest: int) -> bool:
    is_told = _SPEECH.search(line) or _FORMULA.search(line)
    return not is_told and len(_NOT_WORDS.sub("", line)) >= shortest


def _without(lines: list[str], inside: frozenset[str], first: frozenset[str], last: frozenset[str]) -> list[str]:
    """Return the lines of a chapter, those dropped as empty ones."""
    kept = ["" if line in inside else line for line in lines]
    for place, dropped in ((0, first), (-1, last)):
        if lines[place] in dropped:
            kept[place] = ""
    return kept
