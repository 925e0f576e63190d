"""Cut a text into sentences; joined, they are the text again, character for character.

A sentence ends with 。！？, and the closing quotes and brackets behind them belong to it. Within quotes and brackets
none ends: what somebody says is in one piece, with what stands around it.

    他说：“走吧。别等了。”她没有动。      → 他说：“走吧。别等了。” | 她没有动。
    “走吧。”他说。“别等了。”            → “走吧。”他说。 | “别等了。”
    “走吧。”“好。”                      → “走吧。” | “好。”

An ellipsis hesitates more often than it ends, so it only ends before a quote; the end of a paragraph always ends, and
is the last character of its sentence. A sentence that is too long is cut where one within it ends.
"""

import re
from collections.abc import Iterator, Sequence

PAIRED = dict(zip("“‘「『（【《〈〔(［[{", "”’」』）】》〉〕)］]}", strict=True))
CLOSING = frozenset(PAIRED.values())
QUOTES = frozenset('“‘「『"')
STRAIGHT = '"'  # opens and closes
STRONG = frozenset("。！？!?.．")
LONGEST = 128  # characters; a longer sentence is cut where possible
DEEPEST = 16  # quotes and brackets within one another; those within are text
_OPEN, _CLOSE = re.escape("".join(PAIRED)), re.escape("".join(sorted(CLOSING)))
_MARK = re.compile(rf"\n(?:[^\S\n]*\n)*|[{_OPEN}{_CLOSE}\"]|[。！？!?…]+|[.．]{{3,}}|(?<=[㐀-鿿”」])[.．](?![\w.])")


def split_sentences(text: str, longest: int = LONGEST) -> list[str]:
    """Return the sentences of ``text``; those of more than ``longest`` characters are cut within quotes, if at all."""
    sentences: list[str] = []
    start, inner = 0, list[int]()
    for place, is_end in [*_places(text), (len(text), True)]:
        if not is_end:
            inner.append(place)
        elif place > start:
            sentences += _cut(text, start, place, inner, longest)
            start, inner = place, []
    return _with_blank_joined(sentences)


def _cut(text: str, start: int, end: int, places: Sequence[int], longest: int) -> Iterator[str]:
    """Yield a sentence, in as few parts as ``places`` allow where it is too long."""
    last = start
    for place in (*places, end):
        if place - start > longest and last > start:
            yield text[start:last]
            start = last
        last = place
    yield text[start:end]


def _with_blank_joined(sentences: Sequence[str]) -> list[str]:
    """Give sentences of nothing but blanks to the one before; at the beginning, to the one after."""
    joined: list[str] = []
    for sentence in sentences:
        if joined and not (sentence.strip() and joined[-1].strip()):
            joined[-1] += sentence
        else:
            joined.append(sentence)
    return joined


def _places(text: str) -> Iterator[tuple[int, bool]]:
    """Yield the places after which a sentence ends (True), or could if it were too long (False)."""
    opened: list[tuple[str, int]] = []  # what will close each open pair, and where that began
    start = done = 0
    for mark in _MARK.finditer(text):
        token, place = mark[0], mark.end()
        if place <= done:
            continue  # a closing mark that was read with the end before it
        if token[0] == "\n":
            opened.clear()
            start = place
            yield place, True
        elif token in PAIRED or (token == STRAIGHT and all(closing != STRAIGHT for closing, _ in opened)):
            if len(opened) < DEEPEST:
                opened.append((PAIRED.get(token, STRAIGHT), mark.start()))
        elif token in CLOSING or token == STRAIGHT:
            _close(opened, token)
        else:
            done, began = _closed_behind(text, place, opened)
            if text[done : done + 1] in ("", "\n"):
                continue  # the paragraph ends here
            is_end = not opened and _ends(text, token, start, began, done)
            start = done if is_end else start
            yield done, is_end


def _closed_behind(text: str, place: int, opened: list[tuple[str, int]]) -> tuple[int, int | None]:
    """Read the closing marks from ``place`` on; return where they end, and where the outermost pair began."""
    began = None
    while place < len(text) and (text[place] in CLOSING or (STRAIGHT == text[place] in dict(opened))):
        began = _close(opened, text[place]) if began is None else min(began, _close(opened, text[place]) or began)
        place += 1
    return place, began


def _close(opened: list[tuple[str, int]], token: str) -> int | None:
    """Close the innermost pair of this kind, and what was left open within; return where it began, if it is open."""
    for depth in range(len(opened) - 1, -1, -1):
        if opened[depth][0] == token:
            began = opened[depth][1]
            del opened[depth:]
            return began
    return None


def _ends(text: str, token: str, start: int, began: int | None, place: int) -> bool:
    """Say whether a sentence that began at ``start`` ends at ``place``, outside of all quotes and brackets."""
    before_quote = text[place] in QUOTES
    if not STRONG & set(token) or token.startswith(("..", "．．")):  # an ellipsis
        return before_quote
    if began is None or before_quote:
        return True
    stands_alone = not text[start:began].strip()
    return stands_alone != (
        text[began] in QUOTES
    )  # behind speech alone stands who spoke; a bracket is within a sentence
