"""The links of a book's chapters in the order of the book: without repetitions, the first chapter first.

A site may list the newest chapter first, may repeat the newest ones in a block of their own, and may cut the list into
pages and volumes. What the names number decides; where they say nothing, the order of the list stands.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from moxu.corpus.crawl.addresses import equivalent, shape_of
from moxu.corpus.crawl.numbering import numbers_in, volume_in
from moxu.corpus.crawl.pattern import Located

LATEST = re.compile("最新|最近|更新|latest|newest|recent", re.IGNORECASE)
FEWEST_IDS = 5  # addresses whose numbers fall show that the newest chapter comes first, where names have no numbers
FALLING_IDS = 0.9
DISORDER = 0.2  # of neighbours in the wrong order: a table that is read by columns
UNIQUE = 0.9  # of numbers, where those of all volumes go on from each other


@dataclass
class _Block:
    """Links that stand together: one list below one heading of one page, or the volume of which they are."""

    links: list[Located]
    latest: int = 0  # how much it looks like a repetition of the newest chapters

    @property
    def volume(self) -> int | None:
        return numbers_in(self.links[0].link.heading).volume if self.links[0].link.heading else None


def in_order(found: Sequence[Located], order: str = "auto") -> list[Located]:
    """Return the links in the order of the book, each address once.

    ``order`` is that of the list: ``listed`` (the first chapter first), ``reversed``, or ``auto`` to find out.
    """
    names = _Numbering(found)
    blocks = _without_repetitions(_blocks(found), names)
    if order == "listed":
        return [one for block in blocks for one in block.links]
    if order == "reversed":
        return [one for block in reversed(blocks) for one in reversed(block.links)]
    falls = _falls([block.links for block in blocks], names)
    for block in blocks:
        own = _direction([block.links], names)
        if own < 0 or (own == 0 and falls):
            block.links.reverse()
    links = [one for block in _arranged(blocks, falls, names) for one in block.links]
    return _sorted_if_shuffled(links, names)


class _Numbering:
    """The numbers of the chapters of a book: what most of its names begin with counts only if most do."""

    def __init__(self, found: Sequence[Located]) -> None:
        names = list(dict.fromkeys(one.link.name for one in found))
        numbers = [numbers_in(name) for name in names]
        unsure = sum(one.chapter is not None and not one.sure for one in numbers)
        self._unsure = unsure * 2 > len(names)
        self._volumes = not any(one.sure for one in numbers) and sum(one.volume is not None for one in numbers) > 1

    def of(self, one: Located) -> int | None:
        numbers = numbers_in(one.link.name)
        if self._volumes:  # each link is one: 第三卷
            return numbers.volume
        return numbers.chapter if numbers.sure or self._unsure else None


def _blocks(found: Sequence[Located]) -> list[_Block]:
    rows: defaultdict[tuple[int, int], list[Located]] = defaultdict(list)
    for one in found:
        rows[one.page, one.link.block].append(one)
    return [_Block(part) for row in rows.values() for part in _without_own_repetition(row)]


def _without_own_repetition(row: list[Located]) -> Iterator[list[Located]]:
    """Yield a list in two parts where its beginning comes again further down: the newest chapters, without heading."""
    last = {equivalent(one.link.url): place for place, one in enumerate(row)}
    head = next((place for place, one in enumerate(row) if last[equivalent(one.link.url)] == place), len(row))
    if 1 < head < len(row):
        yield row[:head]
        yield row[head:]
    else:
        yield row


def _without_repetitions(blocks: list[_Block], names: _Numbering) -> list[_Block]:
    """Drop the blocks that only repeat others, and keep each address once: in the block that looks least like one."""
    _judge(blocks, names)
    keys = [[equivalent(one.link.url) for one in block.links] for block in blocks]
    often = Counter(key for block in keys for key in dict.fromkeys(block))
    suspects = sorted(range(len(blocks)), key=lambda number: (-blocks[number].latest, len(keys[number])))
    dropped = set()
    for number in suspects:
        own = dict.fromkeys(keys[number])
        if all(often[key] > 1 for key in own):
            dropped.add(number)
            often.subtract(own.keys())
    taken: set[str] = set()
    kept: dict[int, list[Located]] = {}
    for number in sorted(set(range(len(blocks))) - dropped, key=lambda number: (blocks[number].latest, number)):
        fresh = []
        for key, one in zip(keys[number], blocks[number].links, strict=True):
            if key not in taken:
                taken.add(key)
                fresh.append(one)
        kept[number] = fresh
    return [_Block(kept[number], blocks[number].latest) for number in sorted(kept) if kept[number]]


def _judge(blocks: Sequence[_Block], names: _Numbering) -> None:
    """Say of each block how much it looks like the newest chapters that many sites list beside all of them."""
    homes: defaultdict[str, list[int]] = defaultdict(list)
    for number, block in enumerate(blocks):
        for one in block.links:
            homes[equivalent(one.link.url)].append(number)
    same = Counter(tuple(sorted({equivalent(one.link.url) for one in block.links})) for block in blocks)
    falls = _falls([block.links for block in blocks], names)
    for number, block in enumerate(blocks):
        urls = [equivalent(one.link.url) for one in block.links]
        spans = {other for url in urls for other in homes[url]} - {number}
        direction = _direction([block.links], names)
        block.latest += 4 * (LATEST.search(block.links[0].link.heading) is not None)
        block.latest += 3 * (same[tuple(sorted(set(urls)))] > 1)
        block.latest += 2 * (len(spans) > 1)
        block.latest += 2 * (direction > 0 if falls else direction < 0)


def _direction(rows: Sequence[Sequence[Located]], names: _Numbering) -> int:
    """Return how many more neighbours rise than fall, by their numbers; never from one row to the next."""
    votes = 0
    for row in rows:
        numbers = [number for one in row if (number := names.of(one)) is not None]
        votes += sum((second > first) - (second < first) for first, second in pairwise(numbers))
    return votes


def _falls(rows: Sequence[Sequence[Located]], names: _Numbering) -> bool:
    """Say whether a list begins with the newest chapter: by the numbers of its names, else of its addresses."""
    votes = _direction(rows, names)
    if votes:
        return votes < 0
    shapes = [shape_of(one.link.url) for row in rows for one in row]
    ids = [int(shape.values[-1]) for shape in shapes if shape.values and shape.values[-1].isdecimal()]
    falling = sum(second < first for first, second in pairwise(ids))
    return len(ids) >= FEWEST_IDS and falling >= FALLING_IDS * (len(ids) - 1)


def _arranged(blocks: list[_Block], falls: bool, names: _Numbering) -> list[_Block]:
    """Return the blocks in their order: by volumes where all have their own, by numbers where these do not overlap."""
    parts = [_Block(part, block.latest) for block in blocks for part in _by_volume(block.links)]
    if falls:
        parts.reverse()
    volumes = [part.volume for part in parts]
    if len(set(volumes)) == len(volumes) and None not in volumes:
        return sorted(parts, key=lambda part: part.volume or 0)
    ranges = []
    for part in parts:
        numbers = [number for one in part.links if (number := names.of(one)) is not None]
        ranges.append((median(numbers), min(numbers), max(numbers)) if numbers else None)
    told = sorted(one for one in ranges if one is not None)
    if not all(before[0] < after[1] and before[2] < after[0] for before, after in pairwise(told)):
        return parts
    places: list[float] = []
    for part, one in zip(parts, ranges, strict=True):  # what has no numbers stays behind what it follows
        unnumbered = float("inf") if part.latest >= 4 else (places[-1] if places else float("-inf"))
        places.append(one[0] if one is not None else unnumbered)
    return [parts[number] for number in sorted(range(len(parts)), key=lambda number: places[number])]


def _by_volume(links: Sequence[Located]) -> Iterator[list[Located]]:
    """Yield the links of each volume; headings that name no volume divide nothing."""
    part: list[Located] = []
    for one in links:
        if part and volume_in(one.link.heading) != volume_in(part[-1].link.heading):
            yield part
            part = []
        part.append(one)
    yield part


def _sorted_if_shuffled(links: list[Located], names: _Numbering) -> list[Located]:
    """Sort by the numbers where many neighbours stand wrong and no number comes twice: columns read as rows."""
    numbers = [names.of(one) for one in links]
    told = [number for number in numbers if number is not None]
    wrong = sum(second < first for first, second in pairwise(told))
    if not told or wrong < DISORDER * len(told) or len(set(told)) < UNIQUE * len(told):
        return links
    places: list[int] = []
    for number in numbers:
        places.append(number if number is not None else (places[-1] if places else -1))
    return [links[index] for index in sorted(range(len(links)), key=lambda index: places[index])]
