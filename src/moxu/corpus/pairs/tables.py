"""Tables of people's own: CSV, tab-separated lines and JSON lines, read a record at a time, damaged or not.

A record that cannot be read is told, with the file and the line it begins on, and the ones after it are read. What is
expected of a table of each kind, and which of its columns are read, is in ``formats``.
"""

import csv
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moxu.errors import TextError
from moxu.text.encodings import decode_bytes

SAMPLE = 1 << 18  # bytes that the encoding is known by
LONGEST = 1 << 17  # characters of a record; a quote that is open for longer was never closed
LONGEST_LINE = 1 << 22  # characters or bytes; a longer line is read as several
LOST = "\ufffd"  # where bytes were no character
QUOTE = '"'
_TO_CLOSING = re.compile('(?:[^"]|"")*+"')

Damaged = Callable[[str], None]
"""Told of a record that cannot be read: ``FILE:LINE: what is wrong``."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record: where it begins, and its fields, by position (CSV, tabs) or by name (JSON)."""

    line: int
    fields: Any


def refuse(message: str) -> None:
    """Be the ``Damaged`` of those who want to stop at the first damaged record."""
    raise TextError(message)


def csv_rows(path: Path, damaged: Damaged) -> Iterator[Row]:
    """Yield the rows of a CSV file; fields may be quoted and then hold line ends; empty fields at the end are dropped.

    The delimiter is a comma, or a tab if the first line has one.
    """
    lines = read_lines(path)
    first = next(lines, "")
    delimiter = "\t" if "\t" in first else ","
    for number, record, is_closed in _records(_chain(first, lines), delimiter):
        if not record.strip():
            continue
        where = f"{path}:{number}"
        if not is_closed:
            damaged(f"{where}: a quote is never closed")
            continue
        try:
            (fields,) = csv.reader([record], delimiter=delimiter)
        except (csv.Error, ValueError) as error:
            damaged(f"{where}: no row of a CSV file: {error}")
            continue
        while fields and not fields[-1].strip():
            fields.pop()
        if LOST in record:
            damaged(f"{where}: bytes that are no text in the file's encoding")
        elif fields:
            yield Row(number, fields)


def tab_rows(path: Path, damaged: Damaged) -> Iterator[Row]:
    """Yield the lines of a file, cut at tabs; quotes are text. Blank lines are passed over."""
    for number, line in enumerate(read_lines(path), start=1):
        if LOST in line:
            damaged(f"{path}:{number}: bytes that are no text in the file's encoding")
        elif line.strip():
            yield Row(number, line.rstrip("\r\n").split("\t"))


def json_rows(path: Path, damaged: Damaged) -> Iterator[Row]:
    """Yield what stands in each line of JSON, which is in UTF-8; blank lines are passed over."""
    with _opened(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
            try:
                text = line.decode("utf-8-sig")
                if text.strip():
                    yield Row(number, json.loads(text))
            except UnicodeDecodeError:
                damaged(f"{path}:{number}: is no UTF-8")
            except (ValueError, RecursionError) as error:
                damaged(f"{path}:{number}: is no JSON: {error}")


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text file in any Chinese encoding, with their ends; bytes that are no text are U+FFFD.

    The encoding is that of the beginning of the file, of which no more than a line is held. TextError for a file that
    cannot be read or is no text.
    """
    with _opened(path) as file:
        sample = file.read(SAMPLE)
    if len(sample) == SAMPLE:
        sample = sample[: sample.rfind(b"\n") // 2 * 2] or sample  # whole characters, also of two bytes
    encoding = decode_bytes(sample, str(path))[1]
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        yield from iter(lambda: text.readline(LONGEST_LINE), "")


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as error:
        raise TextError(f"{path}: cannot be read: {error.strerror or error}") from None


def _chain(first: str, lines: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from lines


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the records with the numbers of their first lines, and whether all their quotes are closed.

    Where a quote is never closed, the line is given alone, and the next record begins on the line after it.
    """
    back: deque[str] = deque()
    number = 1
    while (line := back.popleft() if back else next(lines, "")) != "":
        record, length = [line], len(line)
        is_open = _is_open(line, False, delimiter)
        while is_open and length <= LONGEST and (line := back.popleft() if back else next(lines, "")):
            record.append(line)
            length += len(line)
            is_open = _is_open(line, True, delimiter)
        if is_open is not False:
            back.extendleft(reversed(record[1:]))
            del record[1:]
        yield number, "".join(record), is_open is False
        number += len(record)


def _is_open(line: str, is_open: bool, delimiter: str) -> bool | None:
    """Say whether a quoted field is open where the line ends; quotes within a field that has none are text.

    None where a field from a line before is closed in the middle of a text: that quote rather opens another field.
    """
    place, is_from_before = 0, is_open
    while True:
        if not is_open and line.startswith(QUOTE, place):
            is_open, place = True, place + 1
        if is_open:
            closed = _TO_CLOSING.match(line, place)
            if closed is None:
                return True
            is_open, place = False, closed.end()
            if is_from_before and line[place : place + 1] not in (delimiter, "\r", "\n", ""):
                return None
            is_from_before = False
        place = line.find(delimiter, place) + 1
        if place == 0:
            return False
