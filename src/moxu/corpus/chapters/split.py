"""Split a plain text into chapters, by its titles; every line that is not blank comes back, in its order.

A line that looks like a title is not yet one: a table of contents has them all, a sentence may begin with 第三章, and
a list in a letter is numbered, too. So the lines that might be titles (``chapters.headings``) are judged together.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from moxu.corpus.book import Chapter
from moxu.corpus.chapters.headings import LONGEST, Candidate, candidate, storied
from moxu.corpus.chapters.run_in import cut_apart
from moxu.corpus.chapters.unmarked import unmarked_titles
from moxu.text.prepare import BLANK, NEWLINE

INDENTS = " \t\u3000"
FEWEST_IN_CONTENTS = 3  # titles in a row, without text between them
FEWEST_IN_SEQUENCE = 3  # numbered lines
FEWEST_STORIED = 3  # titles that begin with the name of a story
APART = 150  # characters that numbered titles are apart, in the mean
LARGEST_GAP = 3  # numbers that a book may leave out
LARGE_UNITS = frozenset("卷部篇集册冊") | {"部分", "part", "book", "volume"}  # which hold chapters


@dataclass(frozen=True, slots=True)
class Title:
    """A line that may be a title: its number among all lines, and among those that are not blank."""

    line: int
    place: int
    says: Candidate


def split_chapters(text: str) -> tuple[Chapter, ...]:
    """Return the chapters of a text; what comes before the first title is one without a title.

    The lines of all chapters together, titles included, are the lines of the text that are not blank, without indents;
    where titles and texts share lines (see ``chapter_parts``), such a line is two, without the white space between.
    """
    lines = NEWLINE.split(text)
    return tuple(
        Chapter(title, tuple(kept))
        for title, part in chapter_parts(lines)
        if (kept := [stripped for line in part if (stripped := line.strip(BLANK))]) or title
    )


def chapter_parts(lines: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each chapter's title, empty before the first one, and its lines as they are.

    Some old novels have no line ends before or after titles: 第一回甄士隐…此开卷第一回也. Where the end of such a title
    cannot be told, that of the chapter is its number, and the rest of the line its first paragraph.
    """
    lines, starts = find_titles(lines)
    if not starts or starts[0] > 0:
        yield "", lines[: starts[0] if starts else len(lines)]
    for start, end in pairwise([*starts, len(lines)]):
        yield lines[start].strip(BLANK), lines[start + 1 : end]


def find_titles(lines: Sequence[str]) -> tuple[Sequence[str], list[int]]:
    """Return the lines, cut where titles share them with texts, and the numbers of those that are titles."""
    shown = laid_out(lines)
    if shown is not None:
        return lines, shown
    titles = _judged(lines)
    if any(title.says.sort == "marked" for title in titles):
        return lines, [title.line for title in titles]
    if not any(title.says.sort == "numbered" for title in titles):
        cut, begun = cut_apart(lines)
        if begun:
            named = (title.line for title in _judged(cut) if title.says.sort == "named")
            return cut, sorted({*begun, *named})
    known = [title.line for title in titles]
    return lines, sorted({*known, *unmarked_titles(lines, known)})


def _judged(lines: Sequence[str]) -> list[Title]:
    """Return the lines that are titles, because of what they say and of what the others say."""
    titles, before = _candidates(lines)
    titles = _without_contents(titles)
    marked = _in_sequence([title for title in titles if title.says.sort == "marked"])
    marked += _of_stories([title for title in titles if title.says.sort == "storied"], marked)
    named = _not_inside([title for title in titles if title.says.sort == "named"], marked)
    numbered = [] if marked else _numbered([title for title in titles if title.says.sort == "numbered"], before)
    return sorted((*marked, *named, *numbered), key=lambda title: title.line)


def laid_out(lines: Sequence[str]) -> list[int] | None:
    """Return the titles of a text that shows them by its layout, whatever they say; None when it does not.

    So moxu writes its own texts: each paragraph is indented by two ideographic spaces, and each title is not, with two
    empty lines before it (unless it is the first line) and one after it. A single line that is otherwise disproves it.
    """
    titles, blank, indented, after_title = [], 2, 0, False
    for number, line in enumerate(lines):
        if not line.strip(BLANK):
            blank += 1
            continue
        if after_title and blank == 0:
            return None
        after_title = not line.startswith("\u3000\u3000")
        if after_title:
            if blank < 2 or line[0] in INDENTS:
                return None
            titles.append(number)
        else:
            indented += 1
        blank = 0
    return titles if titles and indented else None


def _candidates(lines: Sequence[str]) -> tuple[list[Title], dict[int, int]]:
    """Return the lines that may be titles, and how many characters come before each of them."""
    titles, before, place, characters = [], {}, 0, 0
    for number, line in enumerate(lines):
        stripped = line.strip(BLANK)
        if not stripped:
            continue
        says = candidate(stripped) or storied(stripped) if len(stripped) <= LONGEST else None
        if says is not None:
            titles.append(Title(number, place, says))
            before[number] = characters
        place += 1
        characters += len(stripped)
    return titles, before


def _without_contents(titles: Sequence[Title]) -> list[Title]:
    """Leave out tables of contents: titles in a row, most of which come again, with their text, further down."""
    kept: list[Title] = []
    last = {_said(title): title.line for title in titles}
    for run in _runs(titles):
        kinds: defaultdict[str, list[Title]] = defaultdict(list)
        for title in run:
            kinds[title.says.kind].append(title)
        row = max(kinds.values(), key=len)
        again = sum(last[_said(title)] >= run[-1].line for title in row)
        if len(row) < FEWEST_IN_CONTENTS or again * 2 < len(row):
            kept += run
        elif _said(run[-1]) == _said(row[0]) or run[-1].says.number == row[0].says.number == 1:
            kept.append(run[-1])  # the last line of the row is the title of the first chapter, which follows at once
    return kept


def _said(title: Title) -> tuple[str, str, int]:
    return title.says.name, title.says.kind, title.says.number


def _runs(titles: Sequence[Title]) -> Iterator[list[Title]]:
    """Yield titles that have no other text between them."""
    run: list[Title] = []
    for title in titles:
        if run and title.place != run[-1].place + 1:
            yield run
            run = []
        run.append(title)
    if run:
        yield run


def _not_inside(named: Sequence[Title], marked: Sequence[Title]) -> list[Title]:
    """Leave out names that follow a chapter's title at once (第一回, 引首): they are a part of the chapter."""
    chapters = {title.place for title in marked if title.says.kind not in LARGE_UNITS}
    return [title for title in named if title.place - 1 not in chapters]


def _in_sequence(titles: Sequence[Title]) -> list[Title]:
    """Return the titles that are sure, and of the others those that number on from the one before."""
    kinds: defaultdict[str, list[Title]] = defaultdict(list)
    for title in titles:
        kinds[title.says.kind].append(title)
    return [title for row in kinds.values() for title in _counting(row)]


def _counting(row: Sequence[Title]) -> Iterator[Title]:
    previous = None
    for title, following in zip(row, [*row[1:], None], strict=True):
        number = title.says.number
        next_number = following.says.number if following else None
        in_list = following is not None and following.place == title.place + 1
        if title.says.sure or (not in_list and _fits(number, previous, next_number)):
            previous = number
            yield title


def _fits(number: int, previous: int | None, following: int | None) -> bool:
    """Say whether a number stands between its neighbours as in a book that counts up, and may begin again at 1."""
    after = following is not None and (0 < following - number <= LARGEST_GAP or following == 1 != number)
    if previous is None or (number == 1 and previous > 1):
        return after
    return 0 < number - previous <= LARGEST_GAP and (following is None or after)


def _of_stories(titles: Sequence[Title], marked: Sequence[Title]) -> list[Title]:
    """Return the titles with names of stories before numbers, if most have one, and they count up in each story."""
    kinds: defaultdict[str, list[Title]] = defaultdict(list)
    for title in titles:
        kinds[title.says.kind].append(title)
    found: list[Title] = []
    for kind, row in kinds.items():
        others = [title for title in marked if title.says.kind == kind]
        counted = list(_counted_in_stories(sorted((*row, *others), key=lambda title: title.line)))
        if len(counted) >= max(FEWEST_STORIED, len(others)):
            found += counted
    return found


def _counted_in_stories(row: Sequence[Title]) -> Iterator[Title]:
    story, previous = "", 0
    for title in row:
        says = title.says
        goes_on = 0 < says.number - previous <= LARGEST_GAP
        if says.sort == "marked" or goes_on or (says.number == 1 and says.name != story):
            story, previous = says.name or story, says.number
            if says.sort == "storied":
                yield title


def _numbered(titles: Sequence[Title], before: dict[int, int]) -> list[Title]:
    """Return the numbered lines of the first kind that counts up from 1, with enough text between them."""
    kinds: defaultdict[str, list[Title]] = defaultdict(list)
    for title in titles:
        kinds[title.says.kind].append(title)
    for row in kinds.values():
        counted = _counted_from_one(row)
        if len(counted) >= FEWEST_IN_SEQUENCE:
            distance = before[counted[-1].line] - before[counted[0].line]
            if distance >= APART * (len(counted) - 1):
                return counted
    return []


def _counted_from_one(row: Sequence[Title]) -> list[Title]:
    """Return the titles that count 1, 2, 3 without a gap; each run may begin again, and a lonely 1 is none."""
    counted: list[Title] = []
    for title in row:
        number = title.says.number
        if counted and number == counted[-1].says.number + 1:
            counted.append(title)
        elif number == 1:
            if counted and counted[-1].says.number == 1:
                counted.pop()
            counted.append(title)
    if counted and counted[-1].says.number == 1:
        counted.pop()
    return counted
