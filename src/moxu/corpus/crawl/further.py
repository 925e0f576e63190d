"""The other pages of a catalogue: what its 下一页, its numbered pages and its lists to choose from lead to."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from moxu.corpus.crawl.addresses import Shape, equivalent, folder_of, numbers_of, same_site, shape_of
from moxu.corpus.crawl.links import Link, Links

NEXT = re.compile(
    r"[\[【«‹<\s]*(?:下\s*一?\s*[页頁]|后\s*一?\s*页|後\s*一?\s*頁|[尾末][页頁]|最后一页|next(?:\s*page)?|last)[\]】»›>→\s]*",
    re.IGNORECASE,
)
ARROWS = re.compile("[»›>→]{1,2}")
NUMBERED = re.compile(r"[\[【第]?\s*(\d{1,4})\s*[页頁\]】]?(?:\s*[/／]\s*(?:共\s*)?\d{1,4}\s*[页頁]?)?")
RANGE = re.compile(
    r"第?\s*\d{1,5}\s*(?:章|回|节)?\s*(?:[-—–~～]|至|到)+\s*第?\s*\d{1,5}\s*(?:章|回|节)?(?:[（(].*[)）])?"
)
WHOLE = re.compile(
    "[\\[【]?(?:点击)?(?:查看|阅读|展开|查閱|查看)?(?:更多|全部|所有|完整|全本)(?:章节|章節|目录|目錄)(?:列表|目录|目錄)?[>»›]*[\\]】]?"
    "|(?:章节|章節)(?:目录|目錄|列表)|(?:查看)?目录列表"
)
MOST = 1000  # pages; a book of 10,000 chapters has 500 pages of 20


def further_pages(links: Links, url: str, chapters: Collection[str], most: int = MOST) -> tuple[str, ...]:
    """Return the addresses of other pages of the catalogue at ``url``, in the order of the page, at most ``most``.

    ``chapters`` are the links of this page that were found to be chapters; where there are none, only a link to all of
    them (全部章节) leads on, so that numbers alone are no catalogue. A page of the catalogue is another address
    of the same site that differs from this one by a number, lies below it, or shares the number of the book with it.
    """
    own = equivalent(url)
    known = {equivalent(one) for one in chapters}
    found: dict[str, str] = {}
    for candidate in _candidates(links) if chapters else _to_all_chapters(links):
        key = equivalent(candidate)
        if key != own and key not in known and same_site(candidate, url) and is_of_catalogue(candidate, url):
            found.setdefault(key, candidate)
    return tuple(found.values())[:most]


def is_of_catalogue(candidate: str, url: str) -> bool:
    """Say whether an address may be another page of the catalogue at ``url``."""
    first, second = shape_of(url), shape_of(candidate)
    if first.pattern == second.pattern and len(first.values) == len(second.values):
        return sum(one != other for one, other in zip(first.values, second.values, strict=True)) == 1
    shared = set(numbers_of(url)) & set(numbers_of(candidate))
    folder = folder_of(url)
    below = folder.count("/") > 1 and f"{equivalent(candidate)}/".startswith(folder)
    return bool(shared) or below or equivalent(candidate).partition("?")[0] == equivalent(url).partition("?")[0]


def in_page_order(urls: Sequence[str], found: Sequence[Sequence[str]]) -> list[int]:
    """Return the order of the pages of a catalogue: by the one number that their addresses differ in, or as linked.

    ``found`` holds the further pages that each of them names. Where they are not numbered, the first page comes first.
    """
    if len(urls) < 2:
        return list(range(len(urls)))
    shapes = [shape_of(url) for url in urls]
    pattern = Counter(shape.pattern for shape in shapes[1:]).most_common(1)[0][0]
    alike = [number for number, shape in enumerate(shapes) if shape.pattern == pattern]
    varied = [
        place
        for place, values in enumerate(zip(*(shapes[number].values for number in alike), strict=True))
        if len(set(values)) > 1
    ]
    numbers = {number: _page_number(shapes[number], varied) for number in alike}
    if len(varied) <= 1 and None not in numbers.values() and numbers.keys() | {0} == set(range(len(urls))):
        return sorted(range(len(urls)), key=lambda number: numbers.get(number) or -1)
    places = {equivalent(url): number for number, url in enumerate(urls)}
    order = dict.fromkeys((0,))
    for number in range(len(urls)):
        order |= dict.fromkeys(places[key] for key in map(equivalent, found[number]) if key in places)
    return list(order | dict.fromkeys(range(len(urls))))


def _page_number(shape: Shape, varied: Sequence[int]) -> int | None:
    value = shape.values[varied[0]] if varied else "0"
    return int(value) if value.isdecimal() else None


def _candidates(links: Links) -> Iterator[str]:
    yield from (option.url for option in _pages_to_choose(links.options))
    for link in links.links:
        if _is_page(link):
            yield link.url
    yield from links.following


def _to_all_chapters(links: Links) -> Iterator[str]:
    return (link.url for link in links.links if WHOLE.fullmatch(link.name))


def _pages_to_choose(options: Sequence[Link]) -> Iterator[Link]:
    return (one for one in options if NUMBERED.fullmatch(one.name) or RANGE.fullmatch(one.name))


def _is_page(link: Link) -> bool:
    name = link.name
    return any(pattern.fullmatch(name) is not None for pattern in (NEXT, ARROWS, NUMBERED, RANGE, WHOLE))
