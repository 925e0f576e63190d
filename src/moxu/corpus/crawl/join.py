"""The pages of one chapter made into one: its title without (2/3), its sentences whole, nothing twice."""

from collections.abc import Sequence

from moxu.corpus.crawl.chapter_page import ChapterPage
from moxu.corpus.crawl.numbering import bracketed_part, part_in
from moxu.corpus.crawl.prose import is_unfinished_mark

SENTENCE_ENDS = tuple("。！？…”’」』）》.!?\"')~～—*")
NEVER_BEGINS = tuple("，。！？、；：”’」』）》…")
MOST_OVERLAP = 8  # paragraphs that a page may repeat of the one before
FEWEST_OVERLAP = 12  # characters; a shorter line may come twice by itself
MARKS_LOOKED_AT = 3  # lines at the end of a page among which it says that the chapter goes on


def join_parts(parts: Sequence[ChapterPage]) -> tuple[str, tuple[str, ...]]:
    """Return the title and the paragraphs of a chapter whose pages are ``parts``, in their order.

    A paragraph goes on on the next page where the first page says 本章未完 and breaks off within a sentence, unless
    the next one begins with an indent; or where the next one begins without an indent, as none of its others does.
    """
    paragraphs: list[str] = []
    marked = False
    for number, part in enumerate(parts):
        lines, ends_marked = _without_marks(part.paragraphs)
        if number:
            lines = lines[_overlap(paragraphs, lines) :]
        if number and paragraphs and lines and _goes_on(paragraphs[-1], lines[0], marked, part):
            paragraphs[-1] += lines[0]
            lines = lines[1:]
        paragraphs += lines
        marked = ends_marked
    return joined_title([part.title for part in parts]), tuple(paragraphs)


def joined_title(titles: Sequence[str]) -> str:
    """Return the title of a chapter from those of its parts; (1) goes only where the next part says (2)."""
    if not titles:
        return ""
    first = part_in(titles[0])
    if first is not None and (first.number == 1 or len(titles) > 1):
        return first.title or titles[0]
    counted = [bracketed_part(title) for title in titles[:2]]
    if len(counted) == 2 and counted[0] and counted[1] and counted[0].title == counted[1].title:
        return counted[0].title if (counted[0].number, counted[1].number) == (1, 2) else titles[0]
    return titles[0]


def _without_marks(paragraphs: Sequence[str]) -> tuple[list[str], bool]:
    """Return a page's paragraphs without the lines that only tell of its next page, and whether one ended it."""
    kept = [line for line in paragraphs if not is_unfinished_mark(line)]
    return kept, any(is_unfinished_mark(line) for line in paragraphs[-MARKS_LOOKED_AT:])


def _goes_on(last: str, first: str, marked: bool, part: ChapterPage) -> bool:
    if first.startswith(NEVER_BEGINS):
        return True
    if last.endswith(SENTENCE_ENDS):
        return False
    return marked or part.runs_on


def _overlap(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many paragraphs at the beginning of a page are those that the page before ends with."""
    for size in range(min(MOST_OVERLAP, len(before), len(after)), 0, -1):
        if list(before[-size:]) == list(after[:size]) and sum(map(len, after[:size])) >= FEWEST_OVERLAP:
            return size
    return 0
