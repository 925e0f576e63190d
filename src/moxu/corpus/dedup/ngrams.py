"""The n-grams of a text as numbers: what is compared of it, and a hash for each run of n characters.

Only letters are compared: ideographs, letters and digits, each in its usual form. White space, punctuation and lost
glyphs are where editions differ that say the same.
"""

import functools
import sys
import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from moxu.text.code_points import code_points

BLOCK = 1 << 14  # n-grams hashed at once: their arrays stay in the cache of the processor
DROPPED = 0
SPREAD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio
BASE = 0xD6E8FEB86659FD93  # of the polynomial; any odd number without a pattern does
FINAL = 0xFF51AFD7ED558CCD  # of the finaliser of MurmurHash3
ALL_BITS = (1 << 64) - 1


def letters(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text that are compared: letters only, full-width as half-width, capitals as small.

    Traditional and simplified characters stay different letters.
    """
    folded = _folding()[code_points(text)]
    kept: NDArray[np.uint32] = folded[folded != DROPPED]
    return kept


def ngram_hashes(letters: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint64]]:
    """Give a hash in [0, 2^64) for each of the n-grams of these letters, in their order, block by block.

    Nothing is given for fewer than n letters. With x_i a letter, scattered over 64 bits, and B odd:
    h_i = mix(x_i B^(n-1) + x_(i+1) B^(n-2) + ... + x_(i+n-1)) mod 2^64.
    """
    for start in range(0, len(letters) - n + 1, BLOCK):
        scattered = letters[start : start + BLOCK + n - 1] * np.uint64(SPREAD)
        scattered ^= scattered >> np.uint64(32)
        hashes = _polynomials(scattered, n)
        hashes ^= hashes >> np.uint64(32)
        hashes *= np.uint64(FINAL)
        hashes ^= hashes >> np.uint64(29)
        yield hashes


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return values that look unrelated, each the image of one: the finaliser of MurmurHash3."""
    for factor in (FINAL, 0xC4CEB9FE1A85EC53):
        values = (values ^ (values >> np.uint64(33))) * np.uint64(factor)
    return values ^ (values >> np.uint64(33))


def _polynomials(values: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """Return the polynomial of each n values in a row, from those of 1, 2, 4, 8 ... values.

    Runs are joined as binary digits make n: p(uv) = p(u) B^|v| + p(v). So n = 12 takes four products, not eleven.
    """
    result, done = None, 0
    power, width = values, 1
    while True:
        if n & width:
            result, done = (power.copy() if result is None else _joined(result, done, power, width)), done + width
        if done == n:
            assert result is not None
            return result
        power, width = _joined(power, width, power, width), width * 2


def _joined(first: NDArray[np.uint64], length: int, second: NDArray[np.uint64], width: int) -> NDArray[np.uint64]:
    """Return the polynomials of runs of ``length`` values, each followed by one of ``width`` values."""
    count = len(second) - length
    joined = first[:count] * np.uint64(pow(BASE, width, ALL_BITS + 1))
    joined += second[length:]
    return joined


@functools.cache
def _folding() -> NDArray[np.uint32]:
    """Return what each code point is compared as; DROPPED for those that are not compared."""
    table = np.full(sys.maxunicode + 1, DROPPED, np.uint32)
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.isalnum():
            usual = unicodedata.normalize("NFKC", character).casefold()
            table[code] = ord(usual) if len(usual) == 1 else code
    return table
