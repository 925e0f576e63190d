"""Titles that share lines with texts, as where the line ends of an old novel were lost: 第一回甄士隐…此开卷第一回也.

They are known by their numbers, which begin a line or follow the end of a sentence, and count up from 1.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from moxu.corpus.chapters.headings import LONGEST, NUMBER, candidate
from moxu.corpus.chapters.numerals import number_of
from moxu.text.prepare import BLANK

FEWEST = 5  # titles
APART = 300  # characters that they are apart, in the mean
NEAR = 8  # characters before a number that are looked at: an indent, the end of a sentence
_BEGUN = re.compile(f"第(?P<number>{NUMBER})(?P<unit>[章回节節卷则則])|(?P<volume>卷)[之第]?(?P<count>{NUMBER})")
_SENTENCE_ENDS = frozenset("。！？…”’」』）)】!?")
_TEXT_BEGINS = re.compile("诗曰|詩曰|诗云|詩云|词曰|詞曰|词云|詞云|话说|話說|却说|卻說|且说|且說|且表|话表|話表")
_PUNCTUATION = re.compile("[。，；：！？、…“”]")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a number stands: its line, the characters before it in this line and in the text, and what it says."""

    line: int
    start: int
    before: int
    number: int
    opens: bool  # at the beginning of a line, or of a sentence


@dataclass(slots=True)
class Count:
    """The numbers of one kind (回, 卷) that count up from 1, and how many there were that might be titles."""

    found: list[Begun] = field(default_factory=list)
    hits: int = 0
    loose: Begun | None = None  # a 1 after a word, as after the signature of a preface: 题于笔炼阁卷一

    def add(self, begun: Begun) -> Self:
        """Take the next number of the text."""
        self.hits += begun.opens
        if not begun.opens:
            self.loose = begun if begun.number == 1 else self.loose
            return self
        if begun.number == 2 and not self.found and self.loose is not None:
            self.found.append(self.loose)
            self.hits += 1
        if begun.number == len(self.found) + 1:
            self.found.append(begun)
        return self

    @property
    def is_sound(self) -> bool:
        """Whether these are the titles of chapters: enough of them, hardly any left out, with texts between them."""
        if len(self.found) < FEWEST or len(self.found) * 5 < self.hits * 4:
            return False
        return self.found[-1].before - self.found[0].before >= APART * (len(self.found) - 1)


def cut_apart(lines: Sequence[str]) -> tuple[Sequence[str], list[int]]:
    """Cut lines before and after the titles in them; return the lines, and the numbers of those that are titles.

    The lines are the same ones, and there are no titles, where none are sound. What follows a number is a part of the
    title where its end can be told: by the end of the line, or by the words that open a text (诗曰, 话说).
    """
    counts = [count for count in _counts(lines).values() if count.is_sound]
    if not counts:
        return lines, []
    places: defaultdict[int, list[int]] = defaultdict(list)
    for begun in max(counts, key=lambda count: len(count.found)).found:
        places[begun.line].append(begun.start)
    cut: list[str] = []
    titles: list[int] = []
    for number, line in enumerate(lines):
        starts = places.get(number, [])
        cut += [line[: starts[0]]] if starts and line[: starts[0]].strip(BLANK) else [] if starts else [line]
        for start, end in zip(starts, [*starts[1:], len(line)], strict=False):
            title = _title(line[start:end])
            titles.append(len(cut))
            cut += [title, line[start + len(title) : end]]
    return cut, titles


def _counts(lines: Sequence[str]) -> dict[str, Count]:
    counts: defaultdict[str, Count] = defaultdict(Count)
    before = 0
    for number, line in enumerate(lines):
        if "第" in line or "卷" in line:
            for found in _BEGUN.finditer(line):
                value = number_of(found["number"] or found["count"])
                if value is not None:
                    ahead = line[max(0, found.start() - NEAR) : found.start()].rstrip(BLANK)[-1:]
                    opens = ahead in _SENTENCE_ENDS or (not ahead and found.start() <= NEAR)
                    begun = Begun(number, found.start(), before + found.start(), value, opens)
                    counts[found["unit"] or "卷之"].add(begun)
        before += len(line)
    return counts


def _title(text: str) -> str:
    """Return the title that a text begins with, as far as it can be told."""
    if len(text.rstrip(BLANK)) <= LONGEST and candidate(text.strip(BLANK)) is not None:
        return text
    found = _BEGUN.match(text)
    number = found[0] if found else ""
    opening = _TEXT_BEGINS.search(text, len(number), LONGEST)
    named = opening is not None and not _PUNCTUATION.search(text, len(number), opening.start())
    return text[: opening.start()] if opening is not None and named else number
