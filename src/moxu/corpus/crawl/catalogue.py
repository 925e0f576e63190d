"""The catalogue of a novel: its title, its author, and the links of its chapters in the order of the book."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from moxu.corpus.book import one_line
from moxu.corpus.crawl.addresses import equivalent, host_matches, same_site
from moxu.corpus.crawl.further import MOST as MOST_FURTHER
from moxu.corpus.crawl.further import further_pages, in_page_order
from moxu.corpus.crawl.links import Link, Links, chosen_links, read_links
from moxu.corpus.crawl.numbering import volume_in
from moxu.corpus.crawl.order import in_order
from moxu.corpus.crawl.pages import Page, tree_of
from moxu.corpus.crawl.pattern import Located, chapter_links
from moxu.corpus.crawl.rules import CatalogueRules, SiteRules
from moxu.corpus.crawl.selectors import select, select_text
from moxu.corpus.read.markup import Element

LONGEST_TITLE = 100  # characters
MOST_LINKS = 20_000  # of a page; the longest novels have some 10,000 chapters
MOST_CHAPTERS = 20_000  # of a book
TITLES = ("og:novel:book_name", "og:title", "og:novel:title", "book_name")
AUTHORS = ("og:novel:author", "author", "article:author", "book:author")
AFTER_TITLE = re.compile(
    "(?:小说|小說)?(?:全文)?(?:最新章节|最新章節|章节目录|章節目錄|章节列表|无弹窗|全文阅读|免费阅读|在线阅读|txt下载).*",
    re.IGNORECASE,
)
SEPARATORS = re.compile(r"[_|｜,，]|\s[-–—]\s|[-–—](?=[^-–—]*$)")
AUTHOR = re.compile(r"作\s*者\s*[:：]\s*([^\s/／|｜,，:：<>\u3000]{1,30})")


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """A page of a catalogue as it was read; ``links`` are all that may be chapters, and ``merge`` knows which are."""

    url: str
    title: str = ""
    author: str = ""
    links: tuple[Link, ...] = ()
    further: tuple[str, ...] = ()  # other pages of the same catalogue
    order: str = "auto"  # of its list, if a site rule says so
    chosen: bool = False  # a site rule chose the links: all of them are chapters
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChapterLink:
    """A chapter: its number in the book from 1 on, its name in the catalogue, its address, and its volume if told."""

    number: int
    name: str
    url: str
    volume: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The chapters of a book in its order; ``warnings`` tell what may be missing, each in one line."""

    title: str = ""
    author: str = ""
    chapters: tuple[ChapterLink, ...] = ()
    warnings: tuple[str, ...] = ()


def read_catalogue(
    page: Page, rules: SiteRules, most_links: int = MOST_LINKS, most_further: int = MOST_FURTHER
) -> CataloguePage:
    """Return what a page of a catalogue has; TextError where the page is no page but a heap of elements.

    Links to other sites are left out, but for the hosts that the rules name. Of more than ``most_links`` links those
    at the beginning are read, and a warning says so.
    """
    root, base = tree_of(page)
    if root is None:
        return CataloguePage(page.url, order=rules.catalogue.order, warnings=(f"{page.url}: the page is empty",))
    own = rules.catalogue
    links = read_links(root, base, most_links)
    warnings = (f"{page.url}: has more than {most_links:,} links; only the first are read",) if links.cut else ()
    on_site = tuple(one for one in links.links if _is_allowed(one.url, page.url, own))
    if own.links:
        elements = select(root, own.links)
        on_site = tuple(chosen_links(elements[:most_links], base))
        if len(elements) > most_links:
            warnings = (f"{page.url}: the rule for links finds more than {most_links:,}; only the first are read",)
    return CataloguePage(
        page.url,
        select_text(root, own.title) if own.title else _title(root),
        select_text(root, own.author) if own.author else _author(root),
        on_site,
        _further(root, base, page.url, links, on_site, own, most_further),
        own.order,
        bool(own.links),
        warnings,
    )


def merge(pages: Sequence[CataloguePage], most_chapters: int = MOST_CHAPTERS) -> Catalogue:
    """Return the catalogue that some pages are together; the first of them is where the reading began.

    The pages may come in any order after that. Where no links look like chapters there are none, and a warning.
    """
    if not pages:
        return Catalogue(warnings=("the catalogue has no pages",))
    ordered = [pages[number] for number in in_page_order([one.url for one in pages], [one.further for one in pages])]
    found = _located(ordered)
    chapters = found if pages[0].chosen else chapter_links(found, pages[0].url)
    warnings = [warning for page in pages for warning in page.warnings]
    if not chapters:
        warnings.append(
            f"{pages[0].url}: none of {len(found):,} links looks like that of a chapter; if this is a catalogue, "
            "give a site rule for its links"
        )
    links = in_order(chapters, pages[0].order)
    if len(links) > most_chapters:
        warnings.append(
            f"{pages[0].url}: has {len(links):,} chapters; only the first {most_chapters:,} are taken (--max-chapters)"
        )
    return Catalogue(
        next((page.title for page in pages if page.title), ""),
        next((page.author for page in pages if page.author), ""),
        tuple(
            ChapterLink(number, one.link.name, one.link.url, volume_in(one.link.heading))
            for number, one in enumerate(links[:most_chapters], 1)
        ),
        tuple(dict.fromkeys(warnings)),
    )


def _located(pages: Sequence[CataloguePage]) -> list[Located]:
    return [Located(number, place, link) for number, page in enumerate(pages) for place, link in enumerate(page.links)]


def _is_allowed(url: str, catalogue: str, rules: CatalogueRules) -> bool:
    return same_site(url, catalogue) or any(host_matches(url, host) for host in rules.hosts)


def _further(
    root: Element, base: str, url: str, links: Links, on_site: Sequence[Link], rules: CatalogueRules, most: int
) -> tuple[str, ...]:
    if rules.further:
        chosen = chosen_links(select(root, rules.further), base)
        others = dict.fromkeys(one.url for one in chosen if equivalent(one.url) != equivalent(url))
        return tuple(one for one in others if _is_allowed(one, url, rules))[:most]
    found = [Located(0, place, link) for place, link in enumerate(on_site)]
    chapters = found if rules.links else chapter_links(found, url)
    return further_pages(links, url, {one.link.url for one in chapters}, most)


def _title(root: Element) -> str:
    said = _said(root, TITLES)
    heading = next((text for one in root.iter("h1") if (text := one_line("".join(one.itertext())))), "")
    named = next((one_line("".join(one.itertext())) for one in root.iter("title")), "")
    return _bare_title(said or (heading if heading and heading in named else "") or named or heading)


def _bare_title(text: str) -> str:
    """Return a title without 《》 and what sites add to it: 长夜行最新章节_某网."""
    quoted = re.search("《([^》]{1,60})》", text)
    if quoted:
        return quoted[1]
    first = SEPARATORS.split(text)[0].strip()[:LONGEST_TITLE]
    return AFTER_TITLE.sub("", first).strip() or first


def _author(root: Element) -> str:
    said = _said(root, AUTHORS)
    if said:
        return said
    text = one_line(" ".join(piece for _, piece in zip(range(4000), root.itertext(), strict=False)))
    found = AUTHOR.search(text)
    return found[1] if found else ""


def _said(root: Element, names: Sequence[str]) -> str:
    """Return what the page says of itself in its meta elements, by the first of some names that it knows."""
    told = {
        (one.get("property") or one.get("name") or "").lower(): one_line(one.get("content") or "")
        for one in root.iter("meta")
    }
    return next((told[name] for name in names if told.get(name)), "")
