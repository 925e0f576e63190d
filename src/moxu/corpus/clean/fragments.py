"""What is left of an advert when its slogan or its address is gone: words that only adverts are made of.

A line that loses an advert loses the fragments beside it as well: labels (手机版：), praise (最快更新！无广告！), the
title of the book itself. A fragment is a sentence which, without the words of adverts, has no letter left, so that it
tells nothing; one letter of a story is enough to keep it.
"""

import re
from collections.abc import Iterable, Iterator

from moxu.corpus.clean.spans import merged
from moxu.corpus.clean.vocabulary import LONGEST, is_fragment, leading

_PARTING = " \t\u3000，,、。．！!？?…；;~～☆★＊*=＝|｜#＃（）()【】[]［］〔〕{}\n"
_HARD = re.compile("[^，,、]")  # what parts sentences, not clauses
_PARTS = re.escape(_PARTING)
_PIECE = re.compile(f"(?P<before>[{_PARTS}]*)(?P<said>[^{_PARTS}]+)(?P<after>[{_PARTS}]*)")
_FRAME = "☆★~～＊*=＝|｜#＃_"
_AFTER = "。！!，,、；;：:～~ \u3000"
_ENDS = "。！？!?…；;，,、：:”’」』）)】］]~～ \u3000\n"
_STOPS = "。！？!?…～~;；”』」）)】］]\n"


def sentence_before(text: str, start: int) -> str:
    """Return what stands before a passage in its sentence, the last LONGEST characters of it."""
    before = text[max(0, start - LONGEST) : start]
    return before[max(map(before.rfind, _STOPS)) + 1 :]


def with_fragments(
    text: str, line: tuple[int, int], adverts: Iterable[tuple[int, int]], title: str
) -> Iterator[tuple[int, int]]:
    """Give the adverts of a line, in order, each with the fragments on both sides of it; linear in the line."""
    found = list(merged(sorted(adverts)))
    place = line[0]
    for number, (start, end) in enumerate(found):
        limit = found[number + 1][0] if number + 1 < len(found) else line[1]
        first = _first(text, place, max(start, place), title)
        whole = first == line[0] or text[first - 1] in _ENDS
        last = _last(text, end, max(limit, end), title, attached=whole)
        first, last = _closed(text, first, last, (place, line[1]))
        first, last = _unframed(text, first, last, (place, line[1]))
        if whole:
            rest = text[last : min(line[1], last + LONGEST)]
            last += len(rest) - len(rest.lstrip(_AFTER))
        yield first, last
        place = last


def _first(text: str, limit: int, start: int, title: str) -> int:
    """Return where the fragments before an advert begin: whole sentences, and the clause that leads to it."""
    place = first = start
    while place > limit:
        window = max(limit, place - 2 * LONGEST)
        stop = window + len(text[window:place].rstrip(_PARTING))
        begin = max(window, stop - LONGEST - 1)
        begin += max(map(text[begin:stop].rfind, _PARTING)) + 1
        if place == stop == start:
            lead = leading(text[begin:stop], title)
            if lead is None:
                return start
            first = begin + lead
            if lead:
                return first
        else:
            first = place if _HARD.search(text, stop, place) else first
            if stop == begin or not is_fragment(text[begin:stop], title):
                return first
        place = begin
    return place


def _last(text: str, end: int, limit: int, title: str, attached: bool) -> int:
    """Return where the fragments after an advert end, a whole sentence; ``attached``: one may follow without a mark."""
    place = last = end
    while place < limit and (piece := _PIECE.match(text, place, limit)):
        if not (piece["before"] or attached) or not is_fragment(piece["said"], title):
            break
        place, attached = piece.end(), True
        if place == limit or _HARD.search(piece["after"]):
            last = place
    return last


def _closed(text: str, start: int, end: int, line: tuple[int, int]) -> tuple[int, int]:
    """Return a passage with the bracket beside it whose other one is within it."""
    for opening, closing in zip("（(【[［〔", "）)】]］〕", strict=True):
        deeper = text.count(opening, start, end) - text.count(closing, start, end)
        if deeper > 0 and end < line[1] and text[end] == closing:
            end += 1
        elif deeper < 0 and start > line[0] and text[start - 1] == opening:
            start -= 1
    return start, end


def _unframed(text: str, start: int, end: int, line: tuple[int, int]) -> tuple[int, int]:
    """Return a passage with the ornaments that stand on both sides of it, as many as on both."""
    while start > line[0] and end < line[1] and text[start - 1] in _FRAME and text[end] == text[start - 1]:
        start, end = start - 1, end + 1
    return start, end
