"""The links of a page, each with the block of the page that it stands in and the heading above it."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from moxu.corpus.book import one_line
from moxu.corpus.crawl.addresses import absolute
from moxu.corpus.crawl.numbering import volume_in
from moxu.corpus.read.markup import Element, local_name

LONGEST_NAME = 200  # characters
LONGEST_HEADING = 60
CLIMB = 10  # elements above a link among which its block is looked for
FEW = 5  # links in a row of a list that is made of rows
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "caption", "summary", "legend"})
MAY_HEAD = frozenset({"li", "dd", "td", "div", "p", "b", "strong", "span"})  # where a volume's name may stand
PARTS_OF_LISTS = frozenset({"a", "li", "dd", "dt", "td", "tr", "tbody", "p", "span", "b", "i", "em", "strong", "font"})
ROWS = frozenset({"div", "section"})
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
SHORTENED = re.compile(r"(?:…|\.{2,})$")


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where it leads, its name, its block's number within the page, and the heading it stands below."""

    url: str
    name: str
    block: int = 0
    heading: str = ""
    hidden: bool = False


@dataclass
class Links:
    """The links of a page in its order; ``options`` are those of lists to choose from, ``following`` of rel=next."""

    links: list[Link] = field(default_factory=list)
    options: list[Link] = field(default_factory=list)
    following: list[str] = field(default_factory=list)  # rel=next
    cut: bool = False  # there are more than were read


@dataclass
class _Place:
    """Where in the page the reading is."""

    heading: str = ""
    headings: int = 0
    hidden: int = 0
    found: list[tuple[Element, str, str, tuple[str, int], bool]] = field(default_factory=list)


def is_hidden(element: Element) -> bool:
    """Say whether an element says of itself that it is not shown."""
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and HIDDEN.search(style) is not None)


def read_links(root: Element, base: str, most: int) -> Links:
    """Return the links of a page, at most ``most``; ``base`` is the address that they begin at."""
    links, place = Links(), _Place()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = local_name(element)
        if event == "end":
            place.hidden -= is_hidden(element)
            continue
        place.hidden += is_hidden(element)
        if len(place.found) >= most or len(links.options) >= most:
            links.cut = True
            break
        if name == "a":
            _read_link(links, place, element, base)
        elif name == "option":
            _read_option(links, element, base)
        elif name == "link" and "next" in _relation(element):
            links.following += [url for url in [absolute(base, element.get("href") or "")] if url]
        elif name in HEADINGS or name in MAY_HEAD:
            _read_heading(place, element, name)
    links.links = list(_with_blocks(place))
    return links


def chosen_links(elements: Iterable[Element], base: str) -> list[Link]:
    """Return the links among some elements, and within them: what a site rule chose."""
    chosen: list[Link] = []
    for element in elements:
        if isinstance(element, str):
            chosen += [Link(url, "") for url in [absolute(base, element)] if url]
            continue
        within = [element] if element.get("href") or element.get("value") else element.iter("a", "option")
        for one in within:
            url = absolute(base, one.get("href") or one.get("value") or "")
            if url:
                chosen.append(Link(url, name_of(one)))
    return chosen


def name_of(element: Element) -> str:
    """Return the text of a link; where it was cut short, the whole of it, if its ``title`` has that."""
    name = one_line("".join(itertools.islice(element.itertext(), 50))[: 2 * LONGEST_NAME])[:LONGEST_NAME]
    whole = one_line(element.get("title") or "")
    if not name:
        return whole[:LONGEST_NAME]
    shortened = SHORTENED.search(name)
    return whole[:LONGEST_NAME] if shortened and whole.startswith(name[: shortened.start()]) else name


def _relation(element: Element) -> list[str]:
    return (element.get("rel") or "").lower().split()


def _read_link(links: Links, place: _Place, element: Element, base: str) -> None:
    url = absolute(base, element.get("href") or "")
    if url is None:
        return
    if "next" in _relation(element):
        links.following.append(url)
    name = name_of(element)
    if name:
        place.found.append((element, url, name, (place.heading, place.headings), place.hidden > 0))


def _read_option(links: Links, element: Element, base: str) -> None:
    value = (element.get("value") or "").strip()
    if "/" in value or "." in value or value.startswith("?"):  # else it is a number for a script
        url = absolute(base, value)
        if url:
            links.options.append(Link(url, name_of(element)))


def _read_heading(place: _Place, element: Element, name: str) -> None:
    if name in HEADINGS:
        text = one_line("".join(itertools.islice(element.itertext(), 20))[: LONGEST_HEADING + 1])
        if not text or len(text) > LONGEST_HEADING or element.find(".//a") is not None:
            return
    else:
        text = one_line((element.text or "")[: LONGEST_HEADING + 1])
        if not volume_in(text):
            return
    place.heading = text
    place.headings += 1


def _with_blocks(place: _Place) -> Iterator[Link]:
    """Yield the links with the numbers of their blocks: the same list below the same heading."""
    below: Counter[Element] = Counter()
    for element, *_ in place.found:
        below.update(itertools.islice(element.iterancestors(), CLIMB))
    numbers: dict[tuple[Element, int], int] = {}
    for element, url, name, (heading, headings), hidden in place.found:
        block = numbers.setdefault((_list_around(element, below), headings), len(numbers))
        yield Link(url, name, block, heading, hidden)


def _list_around(element: Element, below: Counter[Element]) -> Element:
    """Return the list that a link stands in: the first element above it with several links which is no part of one."""
    above = list(itertools.islice(element.iterancestors(), CLIMB))
    for around in above:
        if below[around] < 2 or local_name(around) in PARTS_OF_LISTS:
            continue
        parent = around.getparent()
        if parent is not None and below[around] <= FEW and local_name(around) in ROWS and _is_row(around):
            return parent
        return around
    return above[-1] if above else element


def _is_row(element: Element) -> bool:
    """Say whether an element stands among others like it, as the rows of a list do."""
    alike = (
        other
        for other in (element.getprevious(), element.getnext())
        if other is not None and other.tag == element.tag and other.get("class") == element.get("class")
    )
    return next(alike, None) is not None
