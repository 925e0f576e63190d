"""Where the pages of one site hold the text of a chapter, learned from the first of them.

trafilatura finds the text of a page wherever it is, but takes its time. So the first pages of a site are shown to it;
once two of them hold their text in the same element, that element is where the other pages are read.
"""

import functools
import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from moxu.corpus.crawl.body import densest, holding
from moxu.corpus.read.markup import Element

AGREE = 2  # pages whose text lies in the same element, before it is believed
MOST_LOOKED_AT = 12  # pages that are looked at closely; a site that has no layout by then gets none
SHORT = 0.2  # of the usual length; a text that is shorter may lie elsewhere
STEPS = 6  # elements that tell the way to the text
MOST_TAGS = 20_000  # of a page that trafilatura is shown; chapters have some hundred
MOST_CHARACTERS = 2_000_000


@dataclass
class Layout:
    """What is known of the pages of one site; it is told of each page that was read, and learns the element."""

    seen: Counter[str] = field(default_factory=Counter)  # ways to the element, and how many pages had it there
    looked_at: int = 0
    usual: float = 0.0  # characters of a page, as a moving mean

    @property
    def way(self) -> str | None:
        """The XPath to the element that holds the text; None until enough pages agree."""
        way, pages = self.seen.most_common(1)[0] if self.seen else ("", 0)
        return way if pages >= AGREE else None

    @property
    def is_learning(self) -> bool:
        """Whether a page is still worth a closer look."""
        return self.way is None and self.looked_at < MOST_LOOKED_AT

    def find(self, root: Element) -> Element | None:
        """Return the element of a page that holds its text; None while nothing is known, or where it is missing."""
        way = self.way
        found = _compiled(way)(root) if way else []
        return found[0] if found else None

    def is_short(self, characters: int) -> bool:
        """Say whether a text is so much shorter than the others that it may lie elsewhere in its page."""
        return characters < SHORT * self.usual

    def learn(self, root: Element, body: Element, characters: int) -> None:
        """Take note of the element that held the text of a page, and of its length."""
        self.looked_at += 1
        if characters:
            self.seen[way_to(root, body)] += 1
            self.note(characters)

    def note(self, characters: int) -> None:
        """Take note of the length of a text that was read."""
        self.usual = characters if not self.usual else 0.9 * self.usual + 0.1 * characters


class Learned:
    """The layouts of the sites that were met: by host, so that one crawl may read several."""

    def __init__(self) -> None:
        self._layouts: dict[str, Layout] = {}

    def of(self, host: str) -> Layout:
        """Return the layout of a host, which may know nothing yet."""
        return self._layouts.setdefault(host, Layout())

    def copy(self) -> "Learned":
        """Return what was learned until now, to go on from there and leave this as it is."""
        learned = Learned()
        for host, layout in self._layouts.items():
            learned._layouts[host] = replace(layout, seen=layout.seen.copy())
        return learned


def look_closely(root: Element, html: str) -> tuple[Element | None, str]:
    """Return the element that holds the text of a page that nothing is known of, and how it was found."""
    text = _by_trafilatura(html)
    body = holding(root, text) if text else None
    return (body, "trafilatura") if body is not None else (densest(root), "density")


def way_to(root: Element, body: Element) -> str:
    """Return an XPath that finds an element in other pages of its site: from its id, or by the classes around it."""
    steps: list[str] = []
    here = body
    while here is not None and here is not root and len(steps) < STEPS:
        name = str(here.tag)
        mark = here.get("id") or ""
        if _is_constant(mark):
            steps.append(f"{name}[@id='{mark}']")
            break
        kinds = [one for one in (here.get("class") or "").split() if _is_constant(one)]
        steps.append(name + "".join(f"[contains(concat(' ', @class, ' '), ' {one} ')]" for one in kinds))
        if kinds and here is body and len(_compiled(f"//{steps[0]}")(root)) == 1:
            break
        here = here.getparent()
    path = "//" + "/".join(reversed(steps)) if steps else "/*"
    place = next((number for number, one in enumerate(_compiled(path)(root), 1) if one is body), 1)
    return f"({path})[{place}]"


def _is_constant(mark: str) -> bool:
    """Say whether an id or a class may be the same in other pages: it has no number of its own, and no quotes."""
    return bool(mark) and not any(character.isdecimal() for character in mark) and "'" not in mark and '"' not in mark


@functools.lru_cache(maxsize=4096)
def _compiled(path: str) -> Any:
    from lxml import etree

    return etree.XPath(path)


def _by_trafilatura(html: str) -> str:
    """Return the text of a page as trafilatura finds it; empty where it finds none, or is not installed."""
    if html.count("<") > MOST_TAGS or len(html) > MOST_CHARACTERS:
        return ""  # it takes far longer than the length of such a page
    extract = _extract()
    return (extract(html, favor_recall=True, include_comments=False) or "") if extract is not None else ""


def _extract() -> Any:
    try:
        import trafilatura
    except ImportError:
        return None
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it would tell of each page without text
    return trafilatura.extract
