"""Write records as the original programs read them: a file of CSV, tab-separated lines, lyrics or lists as JSON.

| suffix          | of        |                                                                               |
|-----------------|-----------|-------------------------------------------------------------------------------|
| ``.csv``        | pairs     | Misaka-Writer's three columns, under a heading, which its program passes over |
| ``.tsv .txt``   | pairs     | a source and a target that ends in [EOS]                                      |
| ``.tsv .txt``   | dialogues | turns with tabs between them                                                  |
| ``.txt``        | lyrics    | each line ends in <eod>, an empty line after each song                        |
| ``.json``       | lyrics    | a list of lines for each song, as CPM-1's finetuning has it                   |
| ``.jsonl``      | all       | the lines of a folder of pairs                                                |

What a format cannot hold is refused, not changed: a tab within a turn would be another turn.
"""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Self

from moxu.corpus.pairs.formats import NEWLINE_OF_TABLES
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record, texts_of, to_json
from moxu.errors import SettingsError
from moxu.text.prepare import END_MARK, NEWLINE
from moxu.text.wordpiece import END
from moxu.text.wordpiece import NEWLINE as NEWLINE_SIGN

HEADING = "id,source,target\r\n"
LINE_END = "a line end or a tab within a text, which the file cannot hold"


class Export:
    """A file of records, whole or not there: it takes its name when it is closed without an error."""

    def __init__(self, path: Path, form: type[Record]) -> None:
        """Begin the file; SettingsError when its suffix is none for records of this form."""
        self.path, self.count = path, 0
        self._line = _layout(path, form)
        self._part = path.with_name(path.name + ".part")
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise SettingsError(f"--out {path}: {error.strerror or error}; name a file that can be written") from None
        if self._line is _csv:
            self._file.write(HEADING.encode())

    def add(self, record: Record) -> str:
        """Write a record; return why the file cannot hold it, empty where it can."""
        line = self._line(record, self.count)
        if line is None:
            return LINE_END if self._line is not _csv else f"{NEWLINE_SIGN} in a text, which stands for a line end"
        self._file.write(line.encode())
        self.count += 1
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink()


Layout = Callable[[Record, int], str | None]


def _layout(path: Path, form: type[Record]) -> Layout:
    layouts: dict[tuple[str, type[Record]], Layout] = {
        (".csv", Pair): _csv,
        (".tsv", Pair): _tabs,
        (".txt", Pair): _tabs,
        (".tsv", Dialogue): _tabs,
        (".txt", Dialogue): _tabs,
        (".txt", Lyric): _lyric,
        (".json", Lyric): _list,
    }
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return lambda record, _: to_json(record) + "\n"
    if (suffix, form) not in layouts:
        known = [".jsonl", *(suffix for suffix, of in layouts if of is form)]
        name = form.__name__.lower()
        raise SettingsError(f"--out {path}: {name}s are written to a folder, or a file of {', '.join(known)}")
    return layouts[suffix, form]


def _csv(record: Record, number: int) -> str | None:
    if any(NEWLINE_SIGN in text for text in texts_of(record)):
        return None
    line = io.StringIO()
    csv.writer(line).writerow([number, *(text.replace("\n", NEWLINE_OF_TABLES) for text in texts_of(record))])
    return line.getvalue()


def _tabs(record: Record, number: int) -> str | None:  # noqa: ARG001
    texts = [text.strip("\n") for text in texts_of(record)]
    if any(_breaks(text) for text in texts):
        return None
    return "\t".join(texts) + (END if isinstance(record, Pair) else "") + "\n"


def _lyric(record: Record, number: int) -> str | None:  # noqa: ARG001
    if any(_breaks(text) or END_MARK in text for text in texts_of(record)):
        return None
    return "".join(f"{text}{END_MARK}\n" for text in texts_of(record)) + "\n"


def _list(record: Record, number: int) -> str | None:  # noqa: ARG001
    return json.dumps(texts_of(record), ensure_ascii=False) + "\n"


def _breaks(text: str) -> bool:
    return "\t" in text or NEWLINE.search(text) is not None
