"""Whether a line looks like the title of a chapter, judged by the line alone; ``chapters.split`` judges further.

Four kinds of titles: *marked* ones say what they are (第十二章, 卷之三, Chapter 4), *named* ones have a name that only
parts of books have (楔子, 后记), *numbered* ones (一、 or 3.) are titles only where they form a sequence, and so are
*storied* ones, which begin with the name of a story or of the book (合影楼 第一回).
"""

import re
from dataclasses import dataclass
from typing import Literal

from moxu.corpus.chapters.numerals import NUMERALS, number_of

LONGEST = 60  # characters of a title

NUMBER = f"[{NUMERALS}]{{1,9}}|[0-9０-９]{{1,5}}"
_OPENING = "【〖〔［\\[《〈#＊*=＝■●◆☆★"  # what may stand around a title
_CLOSING = "】〗〕］\\]》〉#＊*=＝■●◆☆★"
_SEPARATOR = " \t\u3000\xa0:：、.．·・—–－_|｜/／\\-(（【「『《〈〖［"
_UNITS = "章回节節卷集部篇折幕话話讲講册冊出"
_MARKED = re.compile(
    f"[{_OPENING}]*(?:(?:正文|VIP章节|vip章节)[ \\t\u3000]*)?"
    f"(?:第[ \\t\u3000]*(?P<number>{NUMBER})[ \\t\u3000]*(?P<unit>部分|[{_UNITS}])"
    f"|卷[之第]?[ \\t\u3000]*(?P<volume>{NUMBER}))(?P<rest>.*)"
)
_ENGLISH = re.compile(
    r"(?P<unit>chapter|part|book|volume)\s+(?P<number>[0-9]{1,4}|[ivxlc]{1,8}|[a-z]+)(?P<rest>\W.*|)", re.IGNORECASE
)
_NAMED = re.compile(
    "(?P<name>楔子|序[章幕曲言文]?|[自原代]序|[叙敘]|前言|弁言|凡例|引[子言首]|缘起|緣起|尾[声聲]|[终終]章|大结局|大結局|[后後][记記]|跋|附[录錄]|外传|外傳"
    "|[序跋][一二三四五六]|[上中下][卷部篇册冊集]"
    f"|番外[篇章]?[ \\t\u3000]*(?:{NUMBER})?|(?i:prologue|epilogue|preface|foreword|afterword|introduction))"
    f"(?P<rest>[{_SEPARATOR}].*|)"
)
_NUMBERED = (
    ("一、", re.compile(f"(?P<number>[{NUMERALS}]{{1,5}})[、.．](?P<rest>.*)")),
    ("（一）", re.compile(f"[(（](?P<number>[{NUMERALS}]{{1,5}})[)）](?P<rest>.*)")),
    ("一", re.compile(f"(?P<number>[{NUMERALS}]{{1,5}})(?P<rest>[ \\t\u3000].*|)")),
    ("1.", re.compile(r"(?P<number>[0-9０-９]{1,4})[、.．:：](?P<rest>\D.*|)")),
    ("（1）", re.compile(r"[(（](?P<number>[0-9０-９]{1,4})[)）](?P<rest>.*)")),
    ("1", re.compile(r"(?P<number>[0-9０-９]{1,4})(?P<rest>[ \t\u3000]\D.*|)")),
    ("第一", re.compile(f"第(?P<number>{NUMBER})(?P<unit>[\u4e00-\u9fff])(?P<rest>[ \\t\u3000:：].*|)")),
)
_STARTS = frozenset(
    "第卷楔序自原代叙敘前弁凡引缘緣尾终終大后後跋附外上中下番正Vv(（CcPpBbEeFfAaIi0123456789０１２３４５６７８９"
    + NUMERALS
    + "【〖〔［[《〈#＊*=＝■●◆☆★"
)
_STORIED = re.compile(
    "(?P<story>[\\w《》·・—]{1,12}?)(?P<space>[ \\t\u3000]{0,4})"
    f"第(?P<number>{NUMBER})(?P<unit>[章回节節卷折话話])(?P<rest>.*)"
)
_ENDS_SENTENCE = tuple("。，；：、,;:")
_IN_SENTENCE = re.compile("[。；]")
_TELLS = re.compile("[^，]{0,3}[云曰道说說][:：]")  # 第一章云：
_HALF = re.compile(f"[上中下](?![^{_SEPARATOR}])")  # 卷之一上 江
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

Sort = Literal["marked", "named", "numbered", "storied"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may be a title: the ``kind`` of its numbering, its number, and whether the line alone is proof.

    ``name`` is that of a named title, and of the story before the number of a storied one.
    """

    sort: Sort
    kind: str
    number: int = 0
    sure: bool = True
    name: str = ""


def candidate(line: str) -> Candidate | None:
    """Return what title a line without indent may be; None for all the others."""
    if not line or line[0] not in _STARTS or len(line) > LONGEST:
        return None
    return _marked(line) or _named(line) or _numbered(line)


def storied(line: str) -> Candidate | None:
    """Return what title a line may be that begins with the name of a story: 合影楼 第一回; None for all the others."""
    if "第" not in line[1:20] or len(line) > LONGEST:
        return None
    found = _STORIED.fullmatch(line)
    number = number_of(found["number"]) if found else None
    if found is None or number is None or _is_sure(found["unit"], found["rest"]) is None:
        return None
    if not found["space"] and found["rest"][:1].strip(_SEPARATOR):
        return None
    return Candidate("storied", found["unit"], number, sure=False, name=found["story"])


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
    if rest[0] in _SEPARATOR or _HALF.match(rest):
        return True
    if _TELLS.match(rest):
        return None
    if rest[0] in _GOES_ON or rest[0] in _ANOTHER_WORD.get(kind, ""):
        return None
    return False


def _named(line: str) -> Candidate | None:
    found = _NAMED.fullmatch(line.strip(_OPENING + _CLOSING))
    if found is None or _IN_SENTENCE.search(found["rest"]) or found["rest"][1:].endswith(_ENDS_SENTENCE):
        return None
    return Candidate("named", "", name=found["name"])


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
