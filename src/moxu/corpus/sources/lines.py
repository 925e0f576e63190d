"""Lines of JSON: cut into pieces between lines, and read, each as what it is or with what is wrong with it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moxu.corpus.sources.listing import File
from moxu.corpus.sources.pieces import LARGEST, UNIT, Fault, Piece
from moxu.corpus.sources.unpacking import Unpacked

MARK = b"\xef\xbb\xbf"  # of UTF-8: the encoding need not be guessed


def line_pieces(file: File, stream: Unpacked, position: Callable[[], int]) -> Iterator[Piece | Fault]:
    """Cut JSON lines after whole lines; a line that is longer than any book is passed over."""
    for first, data in _line_blocks(stream):
        if data is None:
            yield Fault(f"{file.name}, line {first}", f"has more than {LARGEST:,} bytes; expected a text")
        else:
            yield Piece("lines", file.name, data, first, file.split, file.manifest, position=position())


def _line_blocks(stream: Unpacked) -> Iterator[tuple[int, bytes | None]]:
    """Yield the number of the first line, and some whole lines; None for a line that is too long."""
    pending = bytearray()
    number, too_long = 1, False
    while chunk := stream.read(UNIT):
        cut = chunk.rfind(b"\n") + 1
        if too_long:
            start = chunk.find(b"\n") + 1
            if not start:
                continue
            chunk, cut, too_long, number = chunk[start:], cut - start, False, number + 1
        if cut:
            data = bytes(pending) + chunk[:cut]
            yield number, data
            number += data.count(b"\n")
            pending = bytearray(chunk[cut:])
        else:
            pending += chunk
        if len(pending) > LARGEST:
            yield number, None
            pending, too_long = bytearray(), True
    if pending:
        yield number, bytes(pending)


def json_rows(piece: Piece) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield the number of each line that is not blank, and its object, or what is wrong with it."""
    for number, line in enumerate(piece.data.split(b"\n"), piece.first):
        line = line.strip()
        if number == 1:
            line = line.removeprefix(MARK)
        if not line:
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
            yield number, f"is no JSON: {reason}"
            continue
        yield number, row if isinstance(row, dict) else "is no JSON object; expected one with a text"
