"""The page of a chapter: its title, its paragraphs, and where the chapter goes on if it is split over pages.

The text lies where a site rule says; where other pages of the site have it; where trafilatura finds it; or where the
most prose is. Whichever of them names the element, its paragraphs are read in the same way, and are those of the page.
"""

import functools
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from urllib.parse import urlsplit

from moxu.corpus.book import one_line
from moxu.corpus.crawl.body import densest
from moxu.corpus.crawl.layout import Layout, Learned, look_closely
from moxu.corpus.crawl.next_part import next_part
from moxu.corpus.crawl.numbering import Part, numbers_in, part_in
from moxu.corpus.crawl.pages import Page, tree_of
from moxu.corpus.crawl.prose import Prose, read_prose, remove
from moxu.corpus.crawl.rules import ChapterRules, SiteRules
from moxu.corpus.crawl.selectors import select, select_text
from moxu.corpus.read.markup import Element

SEPARATORS = re.compile(r"[_|｜]|\s*[-–—]\s*")
LONGEST_TITLE = 100  # characters
LONGEST_NAME = 400  # of a page, with its book and its site
TWICE = 2  # as long as what the known element holds, and a text elsewhere is taken instead
FEWEST_ELSEWHERE = 200  # characters
HEADINGS_LOOKED_AT = 20
TITLE_LINES = 3  # lines at the beginning of a body among which its title may come again


@dataclass(frozen=True, slots=True)
class ChapterPage:
    """A page of a chapter, which is all of it, or one of its parts."""

    title: str
    paragraphs: tuple[str, ...]
    next_part: str | None = None  # the next page of the same chapter
    how: str = ""  # what told where the text is: rule, layout, trafilatura, density, or nothing
    part: Part | None = None  # (2/3), if the title says it
    runs_on: bool = False  # the first paragraph is not indented, while others are: it goes on from the page before

    @property
    def characters(self) -> int:
        """How many characters the paragraphs have."""
        return sum(map(len, self.paragraphs))


def read_chapter(
    page: Page, rules: SiteRules, learned: Learned, name: str = "", chapters: AbstractSet[str] = frozenset()
) -> ChapterPage:
    """Return the title and the paragraphs of a page; TextError where the page is a heap of elements.

    ``learned`` is given all pages of a crawl, and makes reading faster as it goes. ``name`` is the chapter's in the
    catalogue; ``chapters`` the addresses of all chapters, as ``addresses.equivalent`` gives them, in a set. A page
    without text gives no paragraphs.
    """
    root, base = tree_of(page)
    if root is None:
        return ChapterPage(name, ())
    title = _title(root, rules.chapter, name)
    part = part_in(title) or _part_beside(root, title)
    following = next_part(root, base, page.url, rules, chapters, part)
    for selector in rules.chapter.remove:
        for found in select(root, selector):
            if not isinstance(found, str):
                remove(found)
    prose, how = _read_body(root, page, rules.chapter, learned.of(urlsplit(page.url).netloc))
    paragraphs = _without_title(prose.paragraphs, {title, name, part.title if part else title})
    if rules.chapter.remove_text:
        paragraphs = _without_texts(paragraphs, rules.chapter.remove_text)
    runs_on = prose.runs_on and paragraphs[:1] == prose.paragraphs[:1]
    return ChapterPage(title, paragraphs, following, how, part, runs_on)


def _read_body(root: Element, page: Page, rules: ChapterRules, layout: Layout) -> tuple[Prose, str]:
    if rules.body:
        found = [one for one in select(root, rules.body) if not isinstance(one, str)]
        return (_together([read_prose(one) for one in found]), "rule") if found else (Prose(()), "")
    known = layout.find(root)
    if known is not None:
        prose = read_prose(known)
        characters = _length(prose)
        if not layout.is_short(characters):
            layout.note(characters)
            return prose, "layout"
        other = densest(root)
        if other is None or other is known or known in other.iterancestors():
            return prose, "layout"
        elsewhere = read_prose(other)
        if _length(elsewhere) < max(FEWEST_ELSEWHERE, TWICE * characters):
            return prose, "layout"
        return elsewhere, "density"
    if not layout.is_learning:
        body, how = densest(root), "density"
    else:
        body, how = look_closely(root, page.html)
    if body is None:
        return Prose(()), ""
    prose = read_prose(body)
    if layout.is_learning:
        layout.learn(root, body, _length(prose))
    return prose, how


def _together(found: list[Prose]) -> Prose:
    paragraphs = tuple(line for one in found for line in one.paragraphs)
    return Prose(paragraphs, found[0].runs_on)


def _length(prose: Prose) -> int:
    return sum(map(len, prose.paragraphs))


def _title(root: Element, rules: ChapterRules, name: str) -> str:
    """Return the title of the chapter: what the rule finds, the heading that names it, or a part of the page's."""
    if rules.title:
        return select_text(root, rules.title) or name
    page_name = _page_name(root)
    headings = [
        text
        for _, one in zip(range(HEADINGS_LOOKED_AT), root.iter("h1", "h2", "h3"), strict=False)
        if (text := one_line("".join(one.itertext()))) and len(text) <= LONGEST_TITLE
    ]
    bare = _bare(name)
    for text in headings:
        if bare and bare in _bare(text):
            return text
    for text in headings:
        if numbers_in(text).sure and (not page_name or _bare(text)[:8] in _bare(page_name)):
            return text
    return name or _named(headings, page_name)


def _page_name(root: Element) -> str:
    return one_line((root.findtext(".//title") or "")[:LONGEST_NAME])


def _named(headings: list[str], page_name: str) -> str:
    """Return the title of a chapter that has no number and is not known from the catalogue."""
    parts = [part for part in SEPARATORS.split(page_name) if part]
    numbered = next((part for part in parts if numbers_in(part).sure), "")
    if numbered:
        return numbered
    inner = next((text for text in headings if text in page_name), "")
    return inner or (parts[0] if parts else "") or (headings[0] if headings else "")


def _part_beside(root: Element, title: str) -> Part | None:
    """Return the part that the name of the page tells, where the title itself does not: 第三章 雾（2/3）_长夜行."""
    beginning = next((part for part in SEPARATORS.split(_page_name(root)) if part.strip()), "")
    found = part_in(beginning.strip())
    return Part(title, found.number, found.of) if found else None


def _without_title(paragraphs: tuple[str, ...], titles: set[str]) -> tuple[str, ...]:
    """Leave out the lines at the beginning that only say the title again, with or without (2/3)."""
    known = {bare for title in titles if (bare := _bare(title))}
    said = 0
    for line in paragraphs[:TITLE_LINES]:
        part = part_in(line)
        if _bare(line) not in known and (part is None or _bare(part.title) not in known | {""}):
            break
        said += 1
    return paragraphs[said:]


def _without_texts(paragraphs: tuple[str, ...], patterns: tuple[str, ...]) -> tuple[str, ...]:
    kept = (functools.reduce(lambda line, pattern: re.sub(pattern, "", line), patterns, one) for one in paragraphs)
    return tuple(line.strip() for line in kept if line.strip())


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
