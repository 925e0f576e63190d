"""A text as what was changed in another, so that saving a long one while it is typed costs little.

Places and lengths are counted in UTF-16 code units, as JavaScript counts them: a character beyond U+FFFF is two. Edits
are applied to exactly that form of the text; half a character that is left over is a mismatch like any other.
"""

import zlib
from collections.abc import Sequence

from moxu.errors import MoxuError
from moxu.serve.desk.schema import Edit
from moxu.serve.problems import Problem

_UTF16 = "utf-16-le"
_UNIT = 2  # bytes


class Mismatch(MoxuError):
    """Edits that were made to another text than this."""


def utf16_length(text: str) -> int:
    """Return the number of UTF-16 code units."""
    return len(text.encode(_UTF16)) // _UNIT


def apply(edits: Sequence[Edit], text: str) -> str:
    """Return the text with these edits; their places are those of ``text``. Problem 400 where they are not in order.

    Mismatch where they reach beyond the end, or leave half of a character.
    """
    units = text.encode(_UTF16)
    parts: list[bytes] = []
    read = 0
    for number, edit in enumerate(edits):
        start, stop = edit.at * _UNIT, (edit.at + edit.remove) * _UNIT
        if start < read:
            message = f"edits[{number}].at: lies before the end of the edit before it; give them in order"
            raise Problem(400, message, param=f"edits[{number}].at", code="invalid_value")
        if stop > len(units):
            raise Mismatch(
                f"edits[{number}] ends at {edit.at + edit.remove}, and the text of the base revision has "
                f"{len(units) // _UNIT} UTF-16 code units; save the whole text"
            )
        parts += [units[read:start], edit.insert.encode(_UTF16)]
        read = stop
    parts.append(units[read:])
    try:
        return b"".join(parts).decode(_UTF16)
    except UnicodeDecodeError:
        raise Mismatch("the edits leave half of a character; save the whole text") from None


def check_outcome(text: str, length: int, crc32: int) -> None:
    """Raise Mismatch for a text that is not what the client has."""
    found = utf16_length(text)
    if found != length:
        raise Mismatch(f"the edits make a text of {found} UTF-16 code units, not of {length}; save the whole text")
    if zlib.crc32(text.encode()) != crc32:
        raise Mismatch("the edits make another text than that of crc32; save the whole text")
