"""Rows of tables and lines of JSON as books: a row is a work, or a chapter where a column names the chapter.

Rows one after the other with the same title (or the same ``work``, in a corpus that was built) are the chapters of one
work if they have a column ``heading`` or ``chapter``. They are joined when the corpus is put together, since they may
lie in two pieces: here each is a work with a ``key``, which says what it belongs to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from moxu.corpus.book import UNWANTED, Book, Chapter, one_line
from moxu.corpus.chapters.paragraphs import clean_paragraphs, lines_of
from moxu.corpus.read.txt import read_txt
from moxu.corpus.sources.columns import columns_of, tables_for
from moxu.corpus.sources.lines import MARK, json_rows
from moxu.corpus.sources.pieces import LARGEST, Fault, Piece
from moxu.errors import TextError

ROWS = "rows"  # the format of their books


@dataclass(frozen=True, slots=True)
class Raw:
    """A work as it was read, or a part of one with a ``key``; ``characters`` is how many its text had in the source.

    ``numbers`` are those of its chapters, or empty; 0 is one more than that of the chapter before.
    """

    book: Book
    source: str
    characters: int
    licence: str = ""
    group: str = ""
    split: str = ""
    key: str = ""
    numbers: tuple[int, ...] = ()


def read_rows(piece: Piece, text_column: str | None) -> Iterator[Raw | Fault]:
    """Yield a work or a part of one for each row, and a fault for each that is damaged."""
    if piece.kind == "lines":
        rows, word = json_rows(piece), "line"
    else:
        rows, word = enumerate(tables_for(piece.source).table_rows(piece.data), piece.first), "row"
    for number, row in rows:
        where = f"{piece.source}, {word} {number}"
        if isinstance(row, str):
            yield Fault(where, row)
            continue
        try:
            raw = _read_row(row, where, piece, text_column)
        except TextError as error:
            yield Fault(where, str(error).removeprefix(f"{where}: "))
        else:
            yield raw


def _read_row(row: Mapping[str, Any], where: str, piece: Piece, text_column: str | None) -> Raw:
    columns = columns_of(list(row), text_column)
    text = row[columns["text"]]
    if not isinstance(text, str):
        raise TextError(f"{columns['text']} is {type(text).__name__}; expected a text")
    if len(text) > LARGEST:
        raise TextError(f"has {len(text):,} characters; expected a text")
    said = {fact: _told(row[name]) for fact, name in columns.items() if fact != "text"}
    title = said.get("title", "")
    key = said.get("work") or title if "heading" in columns else ""
    facts = Raw(Book(), where, len(text.strip()), said.get("licence", ""), said.get("group", ""), piece.split)
    text = UNWANTED.sub("", text)
    if key:
        chapter = Chapter(said.get("heading", ""), clean_paragraphs(lines_of(text, where)))
        number = said.get("number", "")
        numbers = (int(number),) if number.isdecimal() and len(number) < 9 else ()
        book = Book(title, said.get("author", ""), (chapter,), ROWS)
        return replace(facts, book=book, source=piece.source, key=key, numbers=numbers)
    book = read_txt(MARK + text.encode(), where)
    title = title or book.title or PurePosixPath(where).name
    book = Book(title, said.get("author") or book.author, book.chapters, ROWS)
    return replace(facts, book=book)


def _told(value: Any) -> str:
    """Return what a cell says, on one line; numbers as they are written, and nothing for lists and tables."""
    if isinstance(value, str):
        return one_line(UNWANTED.sub("", value))[:300]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
