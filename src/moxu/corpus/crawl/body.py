"""Which element of a page holds the text of its chapter: the one with the most prose directly in it.

Prose is text that is no link. A block of it speaks for the element around it, and half as much for the next, so that
the element around all paragraphs wins, be they elements of their own or lines between breaks.
"""

import re
from collections import defaultdict

from lxml import etree

from moxu.corpus.crawl.links import is_hidden
from moxu.corpus.crawl.prose import NO_PROSE
from moxu.corpus.read.markup import BLOCKS, Element, local_name
from moxu.text.prepare import BLANK

PARAGRAPHS = frozenset({"p", "li", "dd", "dt", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre"})
ELSEWHERE = re.compile(
    "comment|footer|foot|sidebar|copyright|recommend|related|breadcrumb|nav|menu|header|评论", re.IGNORECASE
)
SENTENCES = re.compile("[，。！？；：…”」]")
ABOVE = 0.75  # of what a block of prose says for its element it says so much for the one around it
COVERS = 0.85  # of the text that was found must lie in the element that is taken to hold it
FEWEST = 4  # characters of a piece of text to be looked for


def densest(root: Element) -> Element | None:
    """Return the element of a page that holds most prose; None where there is no text but in links."""
    scores: defaultdict[Element, float] = defaultdict(float)
    for block, weight in _prose(root).items():
        around = block.getparent() if local_name(block) in PARAGRAPHS else block
        if around is None:
            around = block
        scores[around] += weight
        above = around.getparent()
        if above is not None and local_name(around) != "body":
            scores[above] += ABOVE * weight
    best = max(scores, key=lambda element: scores[element], default=None)
    return best if best is not None and scores[best] > 0 else None


def holding(root: Element, text: str) -> Element | None:
    """Return the innermost element that holds most of a text; None where the page has too little of it."""
    wanted = _bare(text)
    if not wanted:
        return None
    within: defaultdict[Element, int] = defaultdict(int)
    for element in root.iter():
        if local_name(element) in NO_PROSE:
            continue
        for piece, home in ((element.text, element), (element.tail, element.getparent())):
            bare = _bare(piece or "")
            if home is not None and len(bare) >= FEWEST and bare in wanted:
                within[home] += len(bare)
    found = sum(within.values())
    return _innermost(root, within, COVERS * found) if found >= COVERS * len(wanted) else None


def _innermost(root: Element, within: dict[Element, int], least: float) -> Element:
    """Return the last element on the way down from the root below which at least so much lies."""
    below: defaultdict[Element, int] = defaultdict(int)
    for element, characters in within.items():
        below[element] += characters
        for above in element.iterancestors():
            below[above] += characters
    here = root
    while True:
        inner = next((child for child in here if below.get(child, 0) >= least), None)
        if inner is None or local_name(inner) == "p":
            return here
        here = inner


def _prose(root: Element) -> dict[Element, float]:
    """Return how much prose each block of a page has by itself."""
    weights: defaultdict[Element, float] = defaultdict(float)
    row: list[Element] = []  # the blocks around this place
    unseen = links = elsewhere = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = local_name(element)
        opens = event == "start"
        change = 1 if opens else -1
        unseen += change * (name in NO_PROSE or name == "head" or is_hidden(element))
        links += change * (name == "a")
        if name in BLOCKS:
            elsewhere += change * _is_elsewhere(element)
            if opens:
                row.append(element)
            else:
                row.pop()
        text = element.text if opens else element.tail
        if text and row and not unseen and not links:
            weights[row[-1]] += _weight(text) * (0.2 if elsewhere else 1)
    return weights


def _weight(text: str) -> float:
    text = text.strip(BLANK)
    return len(text) * (1 if SENTENCES.search(text) else 0.25)


def _is_elsewhere(element: Element) -> bool:
    return ELSEWHERE.search(f"{element.get('id') or ''} {element.get('class') or ''}") is not None


def _bare(text: str) -> str:
    return "".join(text.split()).strip(BLANK)
