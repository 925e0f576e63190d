"""The folder of a built corpus: Parquet files of chapters by split, and ``corpus.json``, which says what is in them.

    corpus.json                         what was read, by which options, and how much there is
    data/train-00000.parquet ...        a row for each chapter, works one after the other, chapters in their order
    README.md, statistics.json          the data card, and all numbers in it
    works.jsonl, dropped.jsonl          a line for each work, and for each thing that was dropped, with the reason

Any program that reads Parquet reads it; the layout is that of a dataset of Hugging Face. Files are read and written
piece by piece: neither side holds more than a work in memory.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from moxu.corpus.book import Book, Chapter
from moxu.corpus.marks import DATA, INDEX_FILE
from moxu.corpus.work import SPLITS, Work
from moxu.errors import TextError

ROWS_AT_ONCE = 256

SCHEMA = pa.schema(
    [
        ("work", pa.string()),  # the id of the work
        ("title", pa.string()),
        ("author", pa.string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("group", pa.string()),
        ("number", pa.int32()),  # of the chapter in its work, as it stood there: a gap is a chapter that was dropped
        ("heading", pa.string()),
        ("text", pa.string()),  # paragraphs, a line each; empty for the title of a volume
        ("characters", pa.int32()),  # of the paragraphs, without line ends
    ]
)


class Corpus:
    """A corpus that was built, opened for reading; TextError when there is none in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / INDEX_FILE
        try:
            self.index: dict[str, Any] = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise TextError(f"{folder}: no corpus here (no {INDEX_FILE}); make one with: moxu corpus build") from None
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise TextError(f"{path}: damaged: {error}") from None
        if not isinstance(self.index, dict):
            raise TextError(f"{path}: damaged: expected an object that describes a corpus")

    def files(self, split: str) -> list[Path]:
        """Return the files of a split, in their order."""
        return sorted((self.folder / DATA).glob(f"{split}-*.parquet"))

    @property
    def chapters(self) -> int:
        """How many chapters its files say that they have."""
        paths = [path for split in SPLITS for path in self.files(split)]
        try:
            return sum(pq.read_metadata(path).num_rows for path in paths)
        except (pa.ArrowException, OSError) as error:
            raise TextError(f"{self.folder}: cannot be read: {' '.join(str(error).split())[:200]}") from None

    def works(self, *splits: str) -> Iterator[Work]:
        """Give the works of these splits, or of all; numbers of dropped chapters are not filled."""
        for split in splits or SPLITS:
            yield from _works(self._rows(split), split)

    def _rows(self, split: str) -> Iterator[dict[str, Any]]:
        for path in self.files(split):
            try:
                with pq.ParquetFile(path, page_checksum_verification=True) as file:
                    missing = [name for name in SCHEMA.names if name not in file.schema_arrow.names]
                    if missing:
                        raise TextError(f"{path}: has no column {missing[0]}; it is no file of a corpus")
                    for batch in file.iter_batches(ROWS_AT_ONCE):
                        yield from batch.to_pylist()
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                raise TextError(f"{path}: cannot be read: {str(error).partition(chr(10))[0]}") from None


def _works(rows: Iterator[dict[str, Any]], split: str) -> Iterator[Work]:
    first: dict[str, Any] | None = None
    chapters: list[Chapter] = []
    numbers: list[int] = []
    for row in rows:
        if first is not None and row["work"] != first["work"]:
            yield _work(first, chapters, numbers, split)
            chapters, numbers = [], []
        if not chapters:
            first = row
        chapters.append(Chapter(row["heading"], tuple(row["text"].split("\n")) if row["text"] else ()))
        numbers.append(row["number"])
    if first is not None:
        yield _work(first, chapters, numbers, split)


def _work(row: dict[str, Any], chapters: list[Chapter], numbers: list[int], split: str) -> Work:
    book = Book(row["title"], row["author"], tuple(chapters))
    return Work(row["work"], book, row["source"], row["licence"], split, row["group"], tuple(numbers))
