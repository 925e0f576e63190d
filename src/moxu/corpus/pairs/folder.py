"""The folder that training reads: a line of JSON for each record, a file for each split, and ``pairs.json``.

    pairs.json            what kind of records, made how from what, how many
    train.jsonl           {"source": …, "target": …, "work": …}, or turns, or lines
    validation.jsonl

Validation records come from validation works only. JSON lines hold every text as it is, and every program reads them.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record, from_json, problem_of, to_json
from moxu.corpus.pairs.tables import Damaged, json_rows, refuse
from moxu.corpus.target import check_target, claim, clear, part_of, take_place
from moxu.corpus.work import SPLITS
from moxu.errors import TextError

INDEX_FILE = "pairs.json"
FORMS: dict[str, type[Record]] = {"pair": Pair, "dialogue": Dialogue, "lyric": Lyric}


class PairFolder:
    """A folder of pairs, dialogues or lyrics, opened for reading; TextError when there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / INDEX_FILE
        try:
            self.index: dict[str, Any] = json.loads(path.read_bytes())
            self.form = FORMS[self.index["form"]]
            self.kind = str(self.index["kind"])
            self.counts: dict[str, int] = {split: int(count) for split, count in self.index["records"].items()}
        except (FileNotFoundError, NotADirectoryError):
            raise TextError(f"{folder}: no pairs here (no {INDEX_FILE}); make them with: moxu corpus pairs") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TextError(f"{path}: damaged: {type(error).__name__}: {error}") from None

    def records(self, split: str, damaged: Damaged = refuse) -> Iterator[Record]:
        """Give the records of a split, none if it has none; damaged ones are told, or a TextError without that."""
        path = self.folder / f"{split}.jsonl"
        if not self.counts.get(split):
            return
        for row in json_rows(path, damaged):
            try:
                record = from_json(self.form, row.fields if isinstance(row.fields, dict) else {})
            except TextError as error:
                damaged(f"{path}:{row.line}: {error}")
                continue
            if reason := problem_of(record):
                damaged(f"{path}:{row.line}: {reason}")
            else:
                yield record


class FolderWriter:
    """Writes a folder of records beside its place; it takes its place when it is closed without an error."""

    def __init__(self, folder: Path, form: type[Record]) -> None:
        """Begin; SettingsError where something else stands that would be lost."""
        check_target(folder, [INDEX_FILE], "folder of pairs")
        self.folder, self.form = folder, form
        self.index: dict[str, Any] = {}
        self._part, self._claim = part_of(folder), claim(folder)
        self._files: dict[str, BinaryIO] = {}
        clear(self._part)

    def add(self, record: Record, split: str) -> None:
        """Write a record to a split."""
        if split not in self._files:
            assert split in SPLITS
            self._files[split] = (self._part / f"{split}.jsonl").open("wb")
        self._files[split].write(to_json(record).encode() + b"\n")

    def finish(self, index: Mapping[str, Any]) -> None:
        """Take over what the index says beside the form."""
        name = next(name for name, form in FORMS.items() if form is self.form)
        self.index = {"form": name, **index}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        for file in self._files.values():
            file.close()
        self._claim.close()
        if kind is not None:
            shutil.rmtree(self._part)
            return
        text = json.dumps(self.index, ensure_ascii=False, indent=1)
        (self._part / INDEX_FILE).write_text(text + "\n", "utf-8")
        take_place(self._part, self.folder)
