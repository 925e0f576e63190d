"""What kind each character is of, looked up by its code point: shared Han, traditional, punctuation, Latin, odd ones.

Whether a Han character is simplified or traditional is told by the two old standards: one that GB 2312 has and Big5
has not is written in simplified texts, one that only Big5 has in traditional ones. Most characters are in both and
tell nothing. A few rare ones are thus taken for traditional though simplified texts write them, too (喫, 祇), so a
good simplified text, too, has a few in ten thousand.
"""

import functools
from collections.abc import Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt

CODES = 0x110000
HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x32400))
LOST = "□\ufffd〓■▯〿"
"""What stands where a character was lost: boxes, the mark of damaged bytes, the printer's geta."""
PUNCTUATION = "，。、：；！？…—“”‘’（）《》「」『』〈〉【】〔〕·～"
HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F)))  # its letters and digits are told apart below
SPACES = " \t\u3000\xa0"
BOTH_SCRIPTS = "着"  # which Big5 lacks, though much of what is written in traditional characters has it


class Kind(IntEnum):
    """The kinds of characters; a number is what the lookup table holds."""

    ODD = 0
    SHARED = 1
    SIMPLIFIED = 2
    TRADITIONAL = 3
    RARE = 4
    PUNCTUATION = 5
    HALF_WIDTH = 6
    LATIN = 7
    DIGIT = 8
    SPACE = 9
    LOST = 10
    LINE_END = 11


TITLES = {
    Kind.SHARED: "Han, in both scripts",
    Kind.SIMPLIFIED: "Han, simplified only",
    Kind.TRADITIONAL: "Han, traditional only",
    Kind.RARE: "Han, rare",
    Kind.PUNCTUATION: "Chinese punctuation",
    Kind.HALF_WIDTH: "half-width punctuation",
    Kind.LATIN: "Latin letters",
    Kind.DIGIT: "digits",
    Kind.SPACE: "spaces",
    Kind.LOST: "lost characters",
    Kind.ODD: "others",
}


@functools.cache
def kind_table() -> npt.NDArray[np.uint8]:
    """Return the Kind of every code point, (0x110000,)."""
    table = np.full(CODES, Kind.ODD, np.uint8)
    for start, end in HAN:
        table[start:end] = Kind.RARE
    simplified, traditional = _encodable("gb2312"), _encodable("cp950")
    _mark(table, simplified & traditional | set(map(ord, BOTH_SCRIPTS)), Kind.SHARED)
    _mark(table, simplified - traditional - set(map(ord, BOTH_SCRIPTS)), Kind.SIMPLIFIED)
    _mark(table, traditional - simplified, Kind.TRADITIONAL)
    for kind, characters in (
        (Kind.HALF_WIDTH, HALF_WIDTH),
        (Kind.PUNCTUATION, PUNCTUATION),
        (Kind.SPACE, SPACES),
        (Kind.LOST, LOST),
        (Kind.LINE_END, "\n"),
    ):
        _mark(table, map(ord, characters), kind)
    for first, last, kind in (("0", "9", Kind.DIGIT), ("A", "Z", Kind.LATIN), ("a", "z", Kind.LATIN)):
        for shift in (0, 0xFEE0):  # half-width and full-width
            table[ord(first) + shift : ord(last) + shift + 1] = kind
    table.setflags(write=False)
    return table


def _mark(table: npt.NDArray[np.uint8], codes: Iterable[int], kind: Kind) -> None:
    table[np.fromiter(codes, np.int64)] = kind


def _encodable(encoding: str) -> set[int]:
    """Return the Han characters of the basic block that an encoding has."""
    return {code for code in range(0x4E00, 0xA000) if chr(code).encode(encoding, "ignore")}
