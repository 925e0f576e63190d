"""Titles that nothing marks, as collections of stories and essays have them: short lines of their own between texts.

A line alone proves nothing: a signature, a date, a line of verse and an item of a list look alike. So all such lines
of a text are judged together, and only the text that begins with a title, and has them all along, has titles of this
kind.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from moxu.text.prepare import BLANK

LONGEST = 24  # characters of a title
FEWEST = 4  # titles
APART = 300  # characters that titles are apart, in the mean
LARGEST_SHARE = 0.5  # of the text, between two titles
CROWDED = 0.1  # of the distance that titles usually are apart; three that are nearer are a list
VERSE = 12  # characters of a line that is no prose
_DIGITS = "0-9０-９一二三四五六七八九十廿卅○〇零"
_BARE = re.compile(f"[^。，；：！？、…,;!?:\\t]{{1,{LONGEST}}}")
_DATE = re.compile(f"(?:[{_DIGITS}]{{2,4}}|元)年|[{_DIGITS}正腊]{{1,3}}月.{{0,2}}[{_DIGITS}]|月.{{0,4}}[日夜晨晚]$")
_SIGNED = re.compile(
    "[题題书書识識撰作写寫记記志誌序叙改][于於]|[题題]$|顿首|頓首|[谨謹敬拜][启啟上识識志题題书書序]|手[书書启啟]$"
    "|[即并並顺順敬][颂頌]$|此致|敬[礼禮]$|鞠躬$|原[刊载載]|[刊载載发發][于於表]"
    "|[^ ]{2,5}(?:附[识識记記言]|校[点點注])$|^[（(—─［【]"
)
_NO_NAME = re.compile(
    "[〔\\[-].*|.*[—─’-]|[“「『‘].*[”」』]|(?:《[^《》]*》)+|右?[调調][寄《].*|右[题題集].*|[^\u3400-\u9fff]*"
)
_SPEAKS = tuple("：:”」』")
_SENTENCE_ENDS = tuple("。！？…”’」』）)】》〉!?.~～*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank: its number among all lines, how many characters come before it, and what it says."""

    number: int
    before: int
    text: str
    is_bare: bool  # short, without any mark of punctuation

    @property
    def closes(self) -> bool:
        """Whether it is a date, a signature or a note, which stand below a text."""
        return bool(_DATE.search(self.text) or _SIGNED.search(self.text))

    @property
    def is_name(self) -> bool:
        """Whether a bare line that closes nothing may be a title: no quotation, no more than two phrases."""
        return not _NO_NAME.fullmatch(self.text) and len(self.text.split()) <= 2


def unmarked_titles(lines: Sequence[str], taken: Collection[int]) -> list[int]:
    """Return the numbers of the lines that are titles, though nothing marks them; ``taken`` ones are titles anyway."""
    known = frozenset(taken)
    row = list(_not_blank(lines, known))
    if not row or not (row[0].number in known or row[0].is_bare):
        return []
    groups, others = _groups(row, known)
    end = row[-1].before + len(row[-1].text)
    loose = _without_lists(groups)
    others += len(groups) - len(loose)
    starts = [group[0].before for group in loose]
    if len(loose) < FEWEST or len(loose) < others or starts[-1] - starts[0] < APART * (len(loose) - 1):
        return []
    if max(after - before for before, after in pairwise([*starts, end])) > LARGEST_SHARE * end:
        return []
    return [line.number for group in loose for line in group]


def _not_blank(lines: Sequence[str], known: frozenset[int]) -> Iterator[Line]:
    before = 0
    for number, line in enumerate(lines):
        text = line.strip(BLANK)
        if text:
            bare = len(text) <= LONGEST and number not in known and _BARE.fullmatch(text) is not None
            yield Line(number, before, text, bare)
            before += len(text)


def _groups(row: Sequence[Line], known: frozenset[int]) -> tuple[list[list[Line]], int]:
    """Return the titles, one or a title and its part together, and how many groups of bare lines are none."""
    groups: list[list[Line]] = []
    others = 0
    for first, last in _bare(row):
        start = next((place for place in range(first, last) if not row[place].closes), last)
        names = row[start:last]
        above, below = row[start - 1] if start else None, row[last] if last < len(row) else None
        ends = above is None or above.is_bare or above.number in known or above.text.endswith(_SENTENCE_ENDS)
        if names and ends and below and _is_title(names) and not (above and _is_verse(above) and _is_verse(below)):
            groups.append([line for line in names if line.is_name and not line.closes])
        elif names and names[0].is_name:
            others += 1
    return groups, others


def _bare(row: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield where bare lines in a row begin and end."""
    first = 0
    for place, (line, following) in enumerate(zip(row, [*row[1:], None], strict=True)):
        if line.is_bare and not (place and row[place - 1].is_bare):
            first = place
        if line.is_bare and not (following and following.is_bare):
            yield first, place + 1


def _is_title(names: Sequence[Line]) -> bool:
    """Say whether bare lines are a title, and perhaps what stands below it; more are a list, two of a length verse."""
    verse = len(names) == 2 and len(names[0].text) == len(names[1].text)
    return len(names) <= 2 and names[0].is_name and not verse


def _is_verse(line: Line) -> bool:
    return len(line.text) <= VERSE and not line.is_bare and not line.text.endswith(_SPEAKS)


def _without_lists(groups: Sequence[list[Line]]) -> list[list[Line]]:
    """Leave out titles that stand close to others, three or more of them, as the items of a list do."""
    gaps = [after[0].before - group[0].before for group, after in pairwise(groups)]
    if not gaps:
        return list(groups)
    near = CROWDED * median(gaps)
    crowd = [gap < near for gap in gaps]
    listed: set[int] = set()
    for place, (first, second) in enumerate(pairwise(crowd)):
        if first and second:
            listed |= {place, place + 1, place + 2}
    return [group for place, group in enumerate(groups) if place not in listed]
