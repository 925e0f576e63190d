"""The works that an inspection looks at: of a folder that was packed, or of whatever a corpus can be built of."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from moxu.corpus.book import Book
from moxu.corpus.chapters.split import split_chapters
from moxu.corpus.inspect.facts import Unread
from moxu.corpus.pack.documents import Document
from moxu.corpus.pack.packed import IDS_FILE, PackedText
from moxu.corpus.sources import works
from moxu.corpus.sources.pieces import Fault
from moxu.corpus.work import Work
from moxu.errors import TextError

Missed = Callable[[Unread], None]
"""Called with each file, or row of a table, that could not be read."""


def read_works(sources: Sequence[Path], missed: Missed) -> Iterator[Work]:
    """Read the works of all sources; TextError for a source that is none, or where there is nothing to read."""
    found = (work for path in sources for work in _works_of(path, missed))
    first = next(found, None)
    if first is None:
        raise TextError(f"{', '.join(map(str, sources))}: nothing to read here; expected a corpus, or files of books")
    return itertools.chain([first], found)


def _works_of(path: Path, missed: Missed) -> Iterator[Work]:
    """Give the works of a source, as they are: nothing is cleaned."""

    def told(fault: Fault) -> None:
        if not fault.harmless:
            missed(Unread(fault.source, fault.reason))

    if (path / IDS_FILE).is_file():
        return _packed_works(PackedText(path))
    return works.read_works([path], told)


def _packed_works(packed: PackedText) -> Iterator[Work]:
    """Give the documents of a packed folder as works; titles of chapters are found again in their texts."""
    for number, document in enumerate(packed.documents):
        book = Book(document.name, "", split_chapters(_text_of(packed, document)))
        yield Work(f"{number}", book, document.name, "", document.split, document.group)


def _text_of(packed: PackedText, document: Document) -> str:
    ids, tokenizer = packed.ids[document.start : document.end], packed.tokenizer
    return tokenizer.decode(ids[ids != tokenizer.end_id].tolist() if tokenizer.end_id is not None else ids.tolist())
