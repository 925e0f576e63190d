"""Whether a line looks like the title of a chapter, judged by the line alone; ``chapters.split`` judges further.

Three kinds of titles: *marked* ones say what they are (第十二章, 卷之三, Chapter 4), *named* ones have a name that only
parts of books have (楔子, 后记), and *numbered* ones (一、 or 3.) are titles only where they form a sequence.
"""

import re
from dataclasses import dataclass
from typing import Literal

from moxu.corpus.chapters.numerals import NUMERALS, number_of

LONGEST = 60  # characters of a title

_NUMBER = f"[{NUMERALS}]{{1,9}}|[0-9０-９]{{1,5}}"
_OPENING = "【〖〔［\\[《〈#＊*=＝■●◆☆★"  # what may stand around a title
_CLOSING = "】〗〕］\\]》〉#＊*=＝■●◆☆★"
_SEPARATOR = " \t\u3000\xa0:：、.．·・—–－_|｜/／\\-(（【「『《〈〖［"
_UNITS = "章回节節卷集部篇折幕话話讲講册冊出"
_MARKED = re.compile(
    f"[{_OPENING}]*(?:(?:正文|VIP章节|vip章节)[ \\t\u3000]*)?"
    f"(?:第[ \\t\u3000]*(?P<number>{_NUMBER})[ \\t\u3000]*(?P<unit>部分|[{_UNITS}])"
    f"|卷[之第]?[ \\t\u3000]*(?P<volume>{_NUMBER}))(?P<rest>.*)"
)
_RUN_IN = re.compile(f"第(?P<number>{_NUMBER})[章回节節卷则則]|卷[之第]?(?P<volume>{_NUMBER})")
_ENGLISH = re.compile(
    r"(?P<unit>chapter|part|book|volume)\s+(?P<number>[0-9]{1,4}|[ivxlc]{1,8}|[a-z]+)(?P<rest>\W.*|)", re.IGNORECASE
)
_NAMED = re.compile(
    "(?:楔子|序[章幕曲言文]?|自序|原序|代序|前言|引[子言首]|缘起|緣起|尾[声聲]|[终終]章|大结局|大結局|[后後][记記]|跋|附[录錄]|外传|外傳"
    "|[上中下][卷部篇册冊集]"
    f"|番外[篇章]?[ \\t\u3000]*(?:{_NUMBER})?|(?i:prologue|epilogue|preface|foreword|afterword|introduction))"
    f"(?P<rest>[{_SEPARATOR}].*|)"
)
_NUMBERED = (
    ("一、", re.compile(f"(?P<number>[{NUMERALS}]{{1,5}})[、.．](?P<rest>.*)")),
    ("（一）", re.compile(f"[(（](?P<number>[{NUMERALS}]{{1,5}})[)）](?P<rest>.*)")),
    ("一", re.compile(f"(?P<number>[{NUMERALS}]{{1,5}})(?P<rest>[ \\t\u3000].*|)")),
    ("1.", re.compile(r"(?P<number>[0-9０-９]{1,4})[、.．:：](?P<rest>\D.*|)")),
    ("（1）", re.compile(r"[(（](?P<number>[0-9０-９]{1,4})[)）](?P<rest>.*)")),
    ("1", re.compile(r"(?P<number>[0-9０-９]{1,4})(?P<rest>[ \t\u3000]\D.*|)")),
    ("第一", re.compile(f"第(?P<number>{_NUMBER})(?P<unit>[\u4e00-\u9fff])(?P<rest>[ \\t\u3000:：].*|)")),
)
_STARTS = frozenset(
    "第卷楔序自原代前引缘緣尾终終大后後跋附外上中下番正Vv(（CcPpBbEeFfAaIi0123456789０１２３４５６７８９"
    + NUMERALS
    + "【〖〔［[《〈#＊*=＝■●◆☆★"
)
_ENDS_SENTENCE = tuple("。，；：、,;:")
_IN_SENTENCE = re.compile("[。；]")
_GOES_ON = "的里裡中是在和与與及以所之前后後也就则則都上下内內，。！？、；…了讲講说說写寫"  # 第三章里, 第一回的
_ANOTHER_WORD = {  # 第一节课, 第二部队
    "节": "课目车電电省",
    "部": "队电小影片长门手",
    "回": "合来去见到听从",
    "集": "团合体市",
    "篇": "文",
    "话": "题剧",
    "出": "来去戏",
    "幕": "后",
}

Sort = Literal["marked", "named", "numbered"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may be a title: the ``kind`` of its numbering, its number, and whether the line alone is proof."""

    sort: Sort
    kind: str
    number: int = 0
    sure: bool = True


def candidate(line: str) -> Candidate | None:
    """Return what title a line without indent may be; None for all the others."""
    if not line or line[0] not in _STARTS or len(line) > LONGEST:
        return None
    return _marked(line) or _named(line) or _numbered(line)


@dataclass(frozen=True, slots=True)
class Begun:
    """The title that a long line begins with, as far as it can be told: 第一回."""

    title: str
    number: int


def run_in(line: str) -> Begun | None:
    """Return the number that a line longer than a title begins with."""
    if len(line) <= LONGEST or line[0] not in "第卷":
        return None
    found = _RUN_IN.match(line)
    number = number_of(found["number"] or found["volume"]) if found else None
    return Begun(found[0], number) if found is not None and number is not None else None


def _marked(line: str) -> Candidate | None:
    found = _MARKED.fullmatch(line) or _ENGLISH.fullmatch(line)
    if found is None:
        return None
    parts = found.groupdict()
    kind, number = (parts["unit"] or "").lower(), parts["number"]
    if not kind:
        kind, number = "卷", parts["volume"]
    value = number_of(number)
    if value is None:
        return None
    rest = found["rest"].rstrip(_CLOSING + " \t\u3000")
    inner = _marked(rest.lstrip(_SEPARATOR)) if rest else None
    if inner is not None and inner.sure:  # 第一卷 江 第三章: the smaller part counts
        return inner
    sure = _is_sure(kind, rest)
    return None if sure is None else Candidate("marked", kind, value, sure)


def _is_sure(kind: str, rest: str) -> bool | None:
    """Say whether what follows 第…章 makes it a title for sure (True), perhaps (False), or never (None)."""
    name = rest.strip(_SEPARATOR)
    if not name:
        return True
    if _IN_SENTENCE.search(name) or name.endswith(_ENDS_SENTENCE):
        return None
    if rest[0] in _SEPARATOR:
        return True
    if rest[0] in _GOES_ON or rest[0] in _ANOTHER_WORD.get(kind, ""):
        return None
    return False


def _named(line: str) -> Candidate | None:
    found = _NAMED.fullmatch(line.strip(_OPENING + _CLOSING))
    if found is None or _IN_SENTENCE.search(found["rest"]) or found["rest"][1:].endswith(_ENDS_SENTENCE):
        return None
    return Candidate("named", "")


def _numbered(line: str) -> Candidate | None:
    for kind, pattern in _NUMBERED:
        found = pattern.fullmatch(line)
        number = number_of(found["number"]) if found else None
        if found is not None and number is not None:
            name = found["rest"].strip()
            if _IN_SENTENCE.search(name) or name.endswith((*_ENDS_SENTENCE, "！", "？", "”", "…")):
                return None
            return Candidate("numbered", kind + found.groupdict().get("unit", ""), number, sure=False)
    return None
