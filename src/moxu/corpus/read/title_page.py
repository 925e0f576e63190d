"""The title and the author at the head of a plain text that marks neither: 长夜行, and below it 清 某人 著."""

import re
from collections.abc import Sequence

from moxu.corpus.chapters.headings import candidate
from moxu.text.prepare import BLANK

FARTHEST = 20  # lines from the top
_BLANKS = "[ \\t\u3000]"
_ERA = "先秦|[西东東]?[汉漢晋晉]|[南北]?[宋魏齐齊周]|[梁陈陳隋唐五元明清]|民[国國]|近代|[现現]代|[当當]代"
_DYNASTY = f"[（(［\\[〔]?(?:{_ERA})[)）］\\]〕]?"
_NAME = "[^，。；！？、：:《》\\[\\]]"
_WROTE = "(?:[着著撰]|[编編][著次])"
_BY = re.compile(
    f"(?:作者[:：]?)?(?:{_DYNASTY}[。：:·．{_BLANKS[1:-1]}]+)?(?P<nobody>不[题題署]撰人)"
    f"|(?:又名《[^《》]{{1,20}}》{_BLANKS}*)?"
    f"(?:(?:作者|著者)[:：]{_BLANKS}*(?:{_DYNASTY}[。：:·．{_BLANKS[1:-1]}]+)?(?P<said>{_NAME}{{1,30}}?)"
    f"|{_DYNASTY}(?:[。：:·．{_BLANKS[1:-1]}]+|(?<=[)）］\\]〕]))(?P<dated>{_NAME}{{1,20}}?)"
    f"|(?P<wrote>[^，。；！？、：:《》\\[\\] \u3000]{{2,4}}){_BLANKS}*(?={_WROTE}$)"
    f"){_BLANKS}*{_WROTE}?"
)
_PLAIN = re.compile("[^，。；！？、：:…“”《》]{1,20}")
_WITH_AUTHOR = re.compile(f"《?(?P<title>[^，。；！？、：:《》]{{1,20}}?)》?{_BLANKS}+(?P<by>(?:作者|著者)[:：].*)")
_ABOUT = ("简介", "簡介", "目录", "目錄", "内容提要", "內容提要")
_IN_BRACKETS = re.compile("[（(\\[【][^（(\\[【]*[)）\\]】]$")


def plain_head(lines: Sequence[str], name: str) -> tuple[str, str, Sequence[str]]:
    """Return the title and the author that the first lines tell, both empty where they tell none, and the lines below.

    A first line is a title if it is the ``name`` of the file, perhaps with an author after it, or if it is short,
    without punctuation, and an author or the title of a chapter stands below it.
    """
    filled = [(number, line.strip(BLANK)) for number, line in enumerate(lines[:FARTHEST]) if line.strip(BLANK)]
    if len(filled) < 2:
        return "", "", lines
    (place, first), (following, second) = filled[:2]
    title, author = _told(first, name)
    below = None if author is not None else _author(second)
    if not title and (below is not None or _begins_chapter(second)) and _PLAIN.fullmatch(first):
        title = "" if candidate(first) or first.endswith(_ABOUT) else first
    if not title:
        return "", "", lines
    if below is not None and len(filled) > 2:
        return title, below, lines[following + 1 :]
    return title, author or "", lines[place + 1 :]


def _told(line: str, name: str) -> tuple[str, str | None]:
    """Return the title and the author in a line that begins with the name of the file, or that says 作者：."""
    name = _IN_BRACKETS.sub("", name[:100]).strip(BLANK)
    for title in (name, f"《{name}》") if name else ():
        if line == title:
            return name, None
        if line.startswith(title) and (author := _author(line[len(title) :].strip(BLANK))) is not None:
            return name, author
    found = _WITH_AUTHOR.fullmatch(line) if len(line) <= 60 else None
    author = _author(found["by"]) if found else None
    return (found["title"], author) if found and author is not None else ("", None)


def _author(line: str) -> str | None:
    """Return who wrote a book, if that is all that a line says; empty if it says that nobody knows."""
    found = _BY.fullmatch(line) if len(line) <= 60 else None
    return (found["said"] or found["dated"] or found["wrote"] or "").strip(BLANK) if found else None


def _begins_chapter(line: str) -> bool:
    says = candidate(line)
    return says is not None and says.sort == "marked" and says.sure
