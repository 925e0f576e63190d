"""Which parts of a line somebody says: between quotation marks, or after one that nothing closes."""

import re
from bisect import bisect_left
from collections.abc import Sequence

_QUOTE = re.compile('“[^”\n]*(?:”|$)|「[^」\n]*(?:」|$)|『[^』\n]*(?:』|$)|["＂][^"＂\n]*["＂]', re.MULTILINE)


def quotations(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where the quotations of a line are, in order, each from its opening mark to behind its closing one."""
    return [found.span() for found in _QUOTE.finditer(text, start, end)]


def quotation_around(spoken: Sequence[tuple[int, int]], place: int) -> tuple[int, int] | None:
    """Return the quotation that a place is within; None if nobody speaks there."""
    before = bisect_left(spoken, (place, 0)) - 1
    return spoken[before] if before >= 0 and place < spoken[before][1] else None
