"""The table that says of each work what it is for: ``manifest.tsv``, a row for each title.

    title   split       author   era    style        licence         source   chars   note
    镜花缘   validation  李汝珍   Qing   vernacular   public domain   …        …       …

Only ``title`` and ``split`` have to be there; other columns are not looked at. A work that the table does not name is
refused, so that nothing meant for validation slips into training.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moxu.corpus.work import SPLITS
from moxu.errors import TextError
from moxu.settings import nearest
from moxu.text.encodings import read_text

MANIFEST_FILE = "manifest.tsv"
REQUIRED = ("title", "split")


@dataclass(frozen=True, slots=True)
class Row:
    """What a manifest says of a work; ``split`` may be empty, ``characters`` is None where it gives no number."""

    title: str
    split: str = ""
    author: str = ""
    era: str = ""
    style: str = ""
    licence: str = ""
    source: str = ""
    characters: int | None = None
    note: str = ""

    @property
    def group(self) -> str:
        """What a training recipe weighs works by: ``era, style``."""
        return ", ".join(filter(None, (self.era, self.style)))


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows of a manifest by title; ``name`` is the file's, for messages."""

    name: str
    rows: Mapping[str, Row]

    def find(self, *titles: str) -> Row | None:
        """Return the row of a work that may have several names, if there is one."""
        return next((self.rows[title] for title in titles if title in self.rows), None)

    def row_of(self, *titles: str) -> Row:
        """Return the row of a work that may have several names; TextError when there is none."""
        row = self.find(*titles)
        if row is None:
            title = titles[0]
            raise TextError(f"{self.name}: does not name {title!r}; add a row for it ({nearest(title, self.rows)})")
        return row


def read_manifest(path: Path) -> Manifest:
    """Read a manifest in any encoding; TextError says what is wrong with it, and in which line."""
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), delimiter="\t")
    missing = [column for column in REQUIRED if column not in (reader.fieldnames or ())]
    if missing:
        raise TextError(f"{path}: no column {', '.join(missing)}; expected a line of names, with title and split")
    rows: dict[str, Row] = {}
    for cells in reader:
        row = _row(cells, f"{path}, line {reader.line_num}")
        if row.title in rows:
            raise TextError(f"{path}, line {reader.line_num}: {row.title!r} has a row already; give one to each title")
        rows[row.title] = row
    return Manifest(str(path), rows)


def _row(cells: Mapping[str, str | None], where: str) -> Row:
    said = {column: (cells.get(column) or "").strip() for column in (*Row.__dataclass_fields__, "chars")}
    if not said["title"]:
        raise TextError(f"{where}: has no title")
    if said["split"] and said["split"] not in SPLITS:
        raise TextError(f"{where}: split {said['split']!r}; expected one of {', '.join(SPLITS)}")
    number = said.pop("chars").replace(",", "")
    del said["characters"]
    if number and not number.isdecimal():
        raise TextError(f"{where}: chars {number!r}; expected a number of characters")
    return Row(**said, characters=int(number) if number else None)
