"""The next page of the same chapter: the link that goes on within it, and never that to the next chapter."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from moxu.corpus.crawl.addresses import absolute, equivalent, part_after, same_site
from moxu.corpus.crawl.links import name_of
from moxu.corpus.crawl.numbering import Part
from moxu.corpus.crawl.rules import SiteRules
from moxu.corpus.crawl.selectors import select
from moxu.corpus.read.markup import Element

PAGE = re.compile(
    "[\\[【（(<\\s]*(?:点击)?(?:阅读)?(?:下\\s*一?\\s*[页頁]|继续阅读|繼續閱讀|next\\s*page)[\\]】）)>»›→\\s]*",
    re.IGNORECASE,
)
CHAPTER = re.compile(
    "[\\[【（(<\\s]*(?:点击)?(?:阅读)?(?:下\\s*一?\\s*[章节節回]|next(?:\\s*chapter)?)[\\]】）)>»›→\\s]*", re.IGNORECASE
)


def next_part(
    root: Element, base: str, url: str, rules: SiteRules, chapters: AbstractSet[str], part: Part | None
) -> str | None:
    """Return the address of the next page of the chapter at ``url``, None where this is the last or the only one.

    ``chapters`` are the addresses of all chapters (as ``equivalent`` gives them), none of which is a part of this one;
    ``part`` is what the title says: after (3/3) nothing follows.
    """
    if part is not None and part.of and part.number >= part.of:
        return None
    for candidate, name in _candidates(root, base, rules):
        key = equivalent(candidate)
        if key == equivalent(url) or key in chapters or not same_site(candidate, url):
            continue
        if rules.chapter.next_part or _is_part(url, candidate, name, chapters, part):
            return candidate
    return None


def _is_part(url: str, candidate: str, name: str, chapters: AbstractSet[str], part: Part | None) -> bool:
    relation = part_after(url, candidate)
    if relation == "sure":
        return True
    says_page = PAGE.fullmatch(name) is not None
    is_told = part is not None and part.of > part.number
    if relation is None or equivalent(url) in chapters:  # chapters, too, have addresses that count up
        return says_page and is_told
    return says_page or is_told or bool(chapters)


def _candidates(root: Element, base: str, rules: SiteRules) -> Iterator[tuple[str, str]]:
    if rules.chapter.next_part:
        for found in select(root, rules.chapter.next_part):
            reference = found if isinstance(found, str) else found.get("href") or ""
            url = absolute(base, reference)
            if url is not None:
                yield url, "" if isinstance(found, str) else name_of(found)
        return
    following = []
    for element in root.iter("a", "link"):
        is_next = "next" in (element.get("rel") or "").lower().split()
        name = name_of(element) if element.tag == "a" else ""
        if is_next or PAGE.fullmatch(name) or CHAPTER.fullmatch(name):
            url = absolute(base, element.get("href") or "")
            if url is not None:
                following.append((url, name))
    yield from sorted(following, key=lambda one: PAGE.fullmatch(one[1]) is None)  # 下一页 before 下一章
