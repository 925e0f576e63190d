"""The index of a packed folder: a row for each document in ``documents.npy``, their names in ``names.txt``.

Both are mapped, not loaded: a folder of a million documents opens as fast as one of three.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.work import SPLITS
from moxu.errors import TextError

ROWS_FILE = "documents.npy"
NAMES_FILE = "names.txt"

ROW = np.dtype(
    [
        ("start", "<i8"),  # the place of its first id in ids.bin
        ("length", "<i8"),  # how many ids it has
        ("characters", "<i8"),
        ("unknown", "<i8"),  # characters, or ids, for what the vocabulary does not have
        ("name", "<i8"),  # where its line begins in names.txt, in bytes
        ("group", "<i4"),  # its place among the groups
        ("split", "u1"),  # its place among SPLITS
    ]
)
Rows = NDArray[Any]  # of ROW


@dataclass(frozen=True, slots=True)
class Document:
    """One text: where its ids lie, which split and group it belongs to, how many characters it has.

    ``unknown`` counts what the vocabulary does not have: characters spelled in bytes by a vocabulary of characters,
    with others the ids that stand for anything unknown.
    """

    name: str
    split: str
    group: str
    start: int
    length: int
    characters: int
    unknown: int = 0

    @property
    def end(self) -> int:
        """The place after its last id."""
        return self.start + self.length


class Documents(Sequence[Document]):
    """The documents of a packed folder, or some of them, each made when it is asked for."""

    def __init__(self, rows: Rows, names: "mmap.mmap | bytes", groups: Sequence[str]) -> None:
        self.rows, self._names, self._groups = rows, names, groups

    @classmethod
    def open(cls, folder: Path, groups: Sequence[str]) -> "Documents":
        """Map the index in ``folder``; TextError when it is missing or damaged."""
        try:
            rows = np.load(folder / ROWS_FILE, mmap_mode="r", allow_pickle=False)
            with (folder / NAMES_FILE).open("rb") as file:
                names = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError, EOFError) as error:
            raise TextError(f"{folder}: its list of documents cannot be read: {error}; pack it again") from None
        if rows.dtype != ROW or rows.ndim != 1:
            raise TextError(f"{folder / ROWS_FILE}: is no list of documents; pack it again")
        for column, bound in {"name": len(names), "group": len(groups), "split": len(SPLITS)}.items():
            if len(rows) and not 0 <= rows[column].min() <= rows[column].max() < bound:
                raise TextError(f"{folder}: its list of documents cannot be read: a {column} is missing; pack it again")
        return cls(rows, names, groups)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Document: ...
    @overload
    def __getitem__(self, index: slice) -> "Documents": ...
    def __getitem__(self, index: int | slice) -> "Document | Documents":
        if isinstance(index, slice):
            return Documents(self.rows[index], self._names, self._groups)
        return self._document(*self.rows[index].item())

    def __iter__(self) -> Iterator[Document]:
        for first in range(0, len(self.rows), 1024):
            for row in self.rows[first : first + 1024].tolist():
                yield self._document(*row)

    def of_split(self, split: str) -> "Documents":
        """Return the documents of a split."""
        return self.where(self.rows["split"] == (SPLITS.index(split) if split in SPLITS else len(SPLITS)))

    def where(self, chosen: NDArray[np.bool_]) -> "Documents":
        """Return the documents for which ``chosen`` is true."""
        return Documents(self.rows[chosen], self._names, self._groups)

    @property
    def groups(self) -> list[str]:
        """The group of each document."""
        return [self._groups[place] for place in self.rows["group"].tolist()]

    @property
    def splits(self) -> list[str]:
        """The splits that have documents."""
        return [SPLITS[place] for place in np.unique(self.rows["split"]).tolist()]

    def total(self, column: str) -> int:
        """Return the sum of a column: ``length``, ``characters`` or ``unknown``."""
        return int(self.rows[column].sum())

    def _document(
        self, start: int, length: int, characters: int, unknown: int, name: int, group: int, split: int
    ) -> Document:
        line = self._names[name : self._names.find(b"\n", name)].decode()
        return Document(line, SPLITS[split], self._groups[group], start, length, characters, unknown)
