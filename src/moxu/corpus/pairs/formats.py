"""Read pairs, dialogues and lyrics from the files that the original programs' users have.

- Misaka-Writer: CSV files whose columns are a number that nobody reads, the source and the target, 氼 or 氼。 for a
  newline. Its program took the first row for a heading; here it is one only if it names the columns.
- UniLM's program: a pair a line, with a tab between; the target may end in ``[EOS]``.
- CPM-1's finetuning for lyrics: songs with empty lines between them, a line each, with or without ``<eod>``; or a list
  of lines as JSON for each song. Other tasks filled a template with the fields of a record.
- The GPT course's bot: a dialogue a line, with a tab between its turns.

Every reader goes through a file, or through the files of a folder in the order of their names, a record at a time. A
record that cannot be used is told to ``damaged``; without one it is a TextError.
"""

import itertools
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record, from_json, problem_of
from moxu.corpus.pairs.tables import Damaged, Row, csv_rows, json_rows, read_lines, refuse, tab_rows
from moxu.corpus.sources.columns import COLUMNS
from moxu.errors import SettingsError, TextError
from moxu.text.prepare import END_MARK, lyric_parts
from moxu.text.wordpiece import END, NEWLINE

NEWLINE_OF_TABLES = NEWLINE + "。"  # as the demo of Misaka-Writer V3 has it
SOURCES = ("source", "input", "inputs", "prompt", "outline", "question", "大纲", "梗概", "输入", "上文", "问题")
TARGETS = ("target", "output", "outputs", "completion", "continuation", "answer", "正文", "输出", "下文", "回答")
JSON = (".jsonl", ".json")
TABLES = (".csv", ".tsv", *JSON)

Rows = Iterator[Row]


def read_pairs(path: Path, columns: Sequence[str] = (), damaged: Damaged = refuse) -> Iterator[Pair]:
    """Yield the pairs of CSV, TSV (``.tsv``, ``.txt``) or JSON lines.

    ``columns`` names those of source and target, by heading or by number from 1. Without it they are told by their
    headings (SOURCES, TARGETS); in a table without headings they are the second and third, or the only two.
    """
    for file in _files(path, (*TABLES, ".txt")):
        is_json = file.suffix.lower() in JSON
        found = _pairs_of_json(file, columns, damaged) if is_json else _pairs_of_rows(file, columns, damaged)
        for line, pair in found:
            reason = pair if isinstance(pair, str) else problem_of(pair)
            if isinstance(pair, str) or reason:
                damaged(f"{file}:{line}: {reason}")
            else:
                yield pair


def read_dialogues(path: Path, damaged: Damaged = refuse) -> Iterator[Dialogue]:
    """Yield the dialogues of tab-separated lines (``.tsv``, ``.txt``) or JSON lines of ``turns``."""
    for file in _files(path, (".tsv", ".txt", *JSON)):
        for row in _rows(file, damaged):
            if isinstance(row.fields, list) and row.fields and not row.fields[-1]:
                row.fields.pop()  # a tab at the end of the line
            yield from _checked(row, file, Dialogue, damaged)  # type: ignore[misc]


def read_lyrics(path: Path, template: str = "", damaged: Damaged = refuse, *, whole: bool = False) -> Iterator[Lyric]:
    """Yield the songs of ``.txt`` files, of JSON lines, or what a ``template`` makes of the records of a table.

    Of a text each group of lines between empty lines is a song; with ``whole`` it is one song. Lines that have
    ``<eod>`` are cut there.
    """
    for file in _files(path, (*TABLES, ".txt")):
        if template:
            yield from _filled(file, template, damaged)
        elif file.suffix.lower() == ".txt":
            yield from _songs(file, whole)
        else:
            for row in json_rows(file, damaged):
                yield from _checked(row, file, Lyric, damaged)  # type: ignore[misc]


def is_turns(path: Path) -> bool:
    """Say whether the first line of a text has turns: tabs between words, not before them."""
    first = next((line for line in read_lines(path) if line.strip()), "")
    return "\t" in first.strip()


def has_texts(path: Path) -> bool:
    """Say whether this is a file of JSON whose first line has a text, and no part of a record."""
    first = next(json_rows(path, lambda _: None), None) if path.suffix.lower() in JSON else None
    if first is None or not isinstance(first.fields, dict):
        return False
    names = {name.strip().lower() for name in first.fields}
    return not names.isdisjoint(COLUMNS["text"]) and names.isdisjoint({*SOURCES, *TARGETS, "turns", "lines"})


def _files(path: Path, suffixes: Sequence[str]) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes and file.is_file())


def _rows(path: Path, damaged: Damaged) -> Rows:
    match path.suffix.lower():
        case ".csv":
            return csv_rows(path, damaged)
        case ".json" | ".jsonl":
            return json_rows(path, damaged)
        case _:
            return tab_rows(path, damaged)


def _checked(row: Row, path: Path, form: type[Record], damaged: Damaged) -> Iterator[Record]:
    """Yield the record that a row is, unless it is damaged: a list, or an object with the field of that name."""
    field = "turns" if form is Dialogue else "lines"
    fields = {field: row.fields} if isinstance(row.fields, list) else row.fields
    try:
        if not isinstance(fields, dict):
            raise TextError(f"is no list and no object with {field!r}")
        record = from_json(form, fields)
        if reason := problem_of(record):
            raise TextError(reason)
    except TextError as error:
        damaged(f"{path}:{row.line}: {error}")
    else:
        yield record


def _pairs_of_rows(path: Path, named: Sequence[str], damaged: Damaged) -> Iterator[tuple[int, Pair | str]]:
    """Yield the line of each row, and its pair or what is wrong with it; the first row may be a heading."""
    rows = _rows(path, damaged)
    first = next(rows, None)
    if first is None:
        return
    heading = [name.strip().lower() for name in first.fields]
    columns, is_heading = _columns(heading, path, named)
    unescape = _newlines if path.suffix.lower() == ".csv" else _without_end
    for row in rows if is_heading else itertools.chain([first], rows):
        if len(row.fields) > len(heading):
            reason = f"{len(row.fields)} columns where the first row has {len(heading)}"
            yield row.line, reason + "; put texts that have the delimiter in quotes"
        elif len(row.fields) <= max(columns):
            yield row.line, f"{len(row.fields)} columns; source and target are {columns[0] + 1} and {columns[1] + 1}"
        else:
            source, target = (unescape(row.fields[place]) for place in columns)
            yield row.line, Pair(source, target)


def _pairs_of_json(path: Path, named: Sequence[str], damaged: Damaged) -> Iterator[tuple[int, Pair | str]]:
    """Yield the line of each object, and its pair or what is wrong with it."""
    sources, targets = ((named[0].strip().lower(),), (named[1].strip().lower(),)) if named else (SOURCES, TARGETS)
    for row in json_rows(path, damaged):
        if not isinstance(row.fields, dict):
            yield row.line, "is no object"
            continue
        texts = {name.strip().lower(): text for name, text in row.fields.items() if isinstance(text, str)}
        source = next((texts[name] for name in sources if name in texts), None)
        target = next((texts[name] for name in targets if name in texts), None)
        if source is None or target is None:
            yield row.line, f"no text {(sources if source is None else targets)[0]!r}"
        else:
            yield row.line, Pair(source, target, texts.get("work", ""))


def _columns(heading: Sequence[str], path: Path, named: Sequence[str]) -> tuple[tuple[int, int], bool]:
    """Return the places of source and target, and whether the first row is a heading."""
    if named:
        places = [_place(name, heading, path) for name in named]
        return (places[0], places[1]), any(name.strip().lower() in heading for name in named)
    sources = [place for place, name in enumerate(heading) if name in SOURCES]
    targets = [place for place, name in enumerate(heading) if name in TARGETS]
    if sources and targets:
        return (sources[0], targets[0]), True
    if len(heading) < 2:
        raise TextError(f"{path}: has one column; expected a source and a target")
    return ((0, 1) if len(heading) == 2 else (1, 2)), False


def _place(name: str, heading: Sequence[str], path: Path) -> int:
    wanted = name.strip().lower()
    if wanted in heading:
        return heading.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(heading):
        return int(wanted) - 1
    raise TextError(f"{path}: no column {name!r}; it has {', '.join(heading)[:200]}")


def _newlines(text: str) -> str:
    return text.replace(NEWLINE_OF_TABLES, "\n").replace(NEWLINE, "\n")


def _without_end(text: str) -> str:
    return text.removesuffix(END)


def _songs(path: Path, whole: bool) -> Iterator[Lyric]:
    song: list[str] = []
    for line in read_lines(path):
        if line.strip() or whole:
            song.append(line)
            continue
        yield from _song("".join(song))
        song = []
    yield from _song("".join(song))


def _song(text: str) -> Iterator[Lyric]:
    lines = lyric_parts(text)
    if END_MARK in text:  # a part may still be several lines where some of them have no mark
        lines = [line for part in lines for line in lyric_parts(part)]
    if lines:
        yield Lyric(tuple(lines))


def _filled(path: Path, template: str, damaged: Damaged) -> Iterator[Lyric]:
    """Yield the template filled with each record of a table that has a heading."""
    parts = _parsed(template)
    for row in _named(_rows(path, damaged)):
        missing = [name for _, name in parts if name is not None and not isinstance(row.fields.get(name), str)]
        if missing:
            damaged(f"{path}:{row.line}: no field {missing[0]!r} for the template")
            continue
        text = "".join(before + (row.fields[name] if name is not None else "") for before, name in parts)
        lines = tuple(lyric_parts(text))
        if reason := problem_of(Lyric(lines)):
            damaged(f"{path}:{row.line}: {reason}")
        else:
            yield Lyric(lines)


def _parsed(template: str) -> list[tuple[str, str | None]]:
    """Return the texts of a template, each with the name of the field behind it."""
    try:
        pieces = list(string.Formatter().parse(template.replace("\\n", "\n")))
    except ValueError as error:
        raise SettingsError(f"the template {template!r}: {error}; write fields as {{name}}") from None
    if any(name == "" or spec or change for _, name, spec, change in pieces):
        raise SettingsError(f"the template {template!r}: write fields as {{name}}, and nothing else between braces")
    return [(before, name) for before, name, _, _ in pieces]


def _named(rows: Rows) -> Iterator[Row]:
    """Yield rows whose fields have names: those of a heading where they have none of their own."""
    heading: list[str] | None = None
    for row in rows:
        if isinstance(row.fields, Mapping):
            yield row
        elif heading is None:
            heading = [str(name).strip() for name in row.fields]
        else:
            yield Row(row.line, dict(zip(heading, row.fields, strict=False)))
