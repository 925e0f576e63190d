"""Rules about punctuation: its width, quotes, ellipses, dashes, repetitions. Latin text and numbers keep theirs."""

import re
from collections.abc import Sequence

from moxu.corpus.clean.rule import HAN, PUNCTUATION

_HAN = re.compile(f"[{HAN}]")
_CJK = f"{HAN}{PUNCTUATION}"

_FULL = {mark: chr(ord(mark) + 0xFEE0) for mark in ",;:!?"}
_HALF = re.compile(f"(?<=[{HAN}])[,;:!?]|(?<=[{PUNCTUATION}])[,;:!?](?! ?[A-Za-z0-9])")
_LAST_POINT = re.compile(rf"(?<=[{HAN}”’）》])\.(?=[”’」』）]|$)", re.MULTILINE)
_INNER_POINT = re.compile(rf"(?<=[{HAN}])\.(?=[{HAN}“‘「『])")
_BRACKETS = re.compile(rf"\((?=[^()（）\n]{{0,100}}[{HAN}])([^()（）\n]{{1,200}})\)")

_DOTS = re.compile(rf"(?<=[{_CJK}])\.{{2,}}|(?<!\.)\.{{3,}}(?=[{HAN}])|[。．・]{{3,}}|[·•]{{3,}}|(?<!…)…(?:……)+(?!…)")
_DOTTED = re.compile(r"[.．・·•]{2}|。。。|………")
_DASHES = re.compile(
    rf"(?<=[{_CJK}])-{{2,}}|(?<!-)-{{2,}}(?=[{_CJK}])|－{{2,}}|(?<=[{_CJK}])[─━―–ー]{{2,}}"
    rf"|(?<![─━―–ー])[─━―–ー]{{2,}}(?=[{_CJK}])|(?<!—)—(?:——)+(?!—)"
)
_DASHED = re.compile(r"[\-－─━―–ー]{2}|———")
_SHOUTS = re.compile("(！{4,}|？{4,})")
_TWICE = re.compile(r"([，、；：。])\1+")

_CORNERS = str.maketrans("「」『』", "“”‘’")
_DOUBLE = re.compile('["＂]')
_SINGLE = re.compile("(?<![A-Za-z0-9])['＇]|['＇](?![A-Za-z0-9])")  # not those within English words
_PRIMES = str.maketrans("〝〞〟", "“””")
_NOT_INSIDE_FIRST = "，。、；：？！)）”"
_NOT_INSIDE_LAST = "(（“"


def widen(text: str) -> str:
    """Write punctuation after ideographs in full width; a point between two of them may be part of a name.

    So such a point is a full stop only in a text that has no other.
    """
    text = _HALF.sub(lambda found: _FULL[found[0]], text)
    if "(" in text:
        text = _BRACKETS.sub(r"（\1）", text)
    if "." in text:
        has_stops = "。" in text
        text = _LAST_POINT.sub("。", text)
        text = text if has_stops else _INNER_POINT.sub("。", text)
    return text


def pair_quotes(text: str) -> str:
    """Write straight quotes as curved ones, pair by pair in each paragraph; where they are odd they are left."""
    lines = text.translate(_PRIMES).split("\n")
    for number, line in enumerate(lines):
        if _HAN.search(line):
            line = _paired(line, [found.start() for found in _DOUBLE.finditer(line)], "“”")
            lines[number] = _paired(line, [found.start() for found in _SINGLE.finditer(line)], "‘’")
    return "\n".join(lines)


def _paired(line: str, places: Sequence[int], quotes: str) -> str:
    """Return the line with these places opened and closed in turn; as it was if a pair would hold what none holds."""
    if not places or len(places) % 2:
        return line
    for start, end in zip(places[::2], places[1::2], strict=True):
        if end == start + 1 or line[start + 1] in _NOT_INSIDE_FIRST or line[end - 1] in _NOT_INSIDE_LAST:
            return line
    characters = list(line)
    for order, place in enumerate(places):
        characters[place] = quotes[order % 2]
    return "".join(characters)


def round_corners(text: str) -> str:
    """Write corner brackets, the quotes of traditional texts, as curved quotes."""
    return text.translate(_CORNERS)


def join_dots(text: str) -> str:
    """Write rows of dots as an ellipsis of six."""
    if _DOTTED.search(text):
        text = _DOTS.sub("……", text)
    return text


def join_dashes(text: str) -> str:
    """Write rows of hyphens, and of lines that look like dashes, as a dash of two."""
    if _DASHED.search(text):
        text = _DASHES.sub("——", text)
    return text


def calm(text: str) -> str:
    """Shorten rows of ！ or ？ to three, and rows of other punctuation to one."""
    if "！！！！" in text or "？？？？" in text:
        text = _SHOUTS.sub(lambda found: found[0][:3], text)
    if any(mark in text for mark in ("，，", "、、", "；；", "：：", "。。")):
        text = _TWICE.sub(r"\1", text)
    return text
