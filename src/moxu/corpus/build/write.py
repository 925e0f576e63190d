"""The files of a corpus: chapters by split in Parquet, a line of JSON for each work and for all that was dropped.

What is written depends on the input and the options only, byte for byte (and on the version of pyarrow).
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from moxu.corpus.folder import SCHEMA
from moxu.corpus.marks import DATA
from moxu.corpus.work import SPLITS

WORKS_FILE, DROPPED_FILE = "works.jsonl", "dropped.jsonl"
ROW_GROUP = 4 << 20  # characters that are gathered before they are written
ROW = 64  # characters that the rest of a row counts for
FILE = 128 << 20  # characters of a file, about: another is begun
REPEATING = ["work", "title", "author", "source", "licence", "group"]  # columns with the same value in many rows


class SplitWriter:
    """Writes the chapters of one split."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder, self._split = folder, split
        self._files = 0
        self._written = 0  # characters in the open file
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[Mapping[str, Any]] = []
        self._waiting = 0

    def write(self, row: Mapping[str, Any]) -> None:
        """Take a row with the columns of SCHEMA."""
        self._rows.append(row)
        self._waiting += len(row["text"]) + ROW
        if self._waiting >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is waiting, and end the file."""
        self._flush()
        self._end_file()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._writer is None:
            path = self._folder / f"{self._split}-{self._files:05d}.parquet"
            self._files += 1
            self._writer = pq.ParquetWriter(
                path, SCHEMA, compression="zstd", use_dictionary=REPEATING, write_page_checksum=True
            )
        self._writer.write_table(pa.Table.from_pylist(self._rows, SCHEMA))
        self._written += self._waiting
        self._rows, self._waiting = [], 0
        if self._written >= FILE:
            self._end_file()

    def _end_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._written = None, 0


class CorpusWriter:
    """Writes the files of a corpus in a folder that is there; used in a ``with`` block."""

    def __init__(self, folder: Path) -> None:
        (folder / DATA).mkdir(exist_ok=True)
        self._splits = [SplitWriter(folder / DATA, split) for split in SPLITS]
        self._stack = ExitStack()
        self._works = self._stack.enter_context((folder / WORKS_FILE).open("w", encoding="utf-8", newline="\n"))
        self._dropped = self._stack.enter_context((folder / DROPPED_FILE).open("w", encoding="utf-8", newline="\n"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            for split in self._splits:
                split.close()

    def write_chapter(self, split: int, row: Mapping[str, Any]) -> None:
        """Write a chapter to the split of this place."""
        self._splits[split].write(row)

    def write_work(self, facts: Mapping[str, Any]) -> None:
        """Write what is known of a work."""
        self._works.write(json.dumps(facts, ensure_ascii=False) + "\n")

    def write_dropped(self, facts: Mapping[str, Any]) -> None:
        """Write what was dropped, and why."""
        self._dropped.write(json.dumps(facts, ensure_ascii=False) + "\n")
