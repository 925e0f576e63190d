"""Which characters a text has: one look that tells for every rule whether it has anything to do."""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

_CODES = 1 << 16
_EVERY = "".join(map(chr, range(_CODES)))


def present(text: str) -> NDArray[np.bool_]:
    """Return (65536,) which codes of UTF-16 a text has; characters beyond them are there as their halves."""
    found = np.zeros(_CODES, np.bool_)
    found[np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")] = True
    return found


@cache
def codes(inside: str) -> NDArray[np.intp]:
    """Return the codes of a class of characters, given as the inside of one in a regular expression."""
    halves = "\ud800-\udfff" if max(inside) > "\uffff" else ""
    return np.array([ord(one) for one in re.findall(f"[{inside}{halves}]", _EVERY)], np.intp)
