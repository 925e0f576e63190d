"""What a model learns from at once: a pair, a dialogue or a lyric; and the line of JSON that each of them is.

    {"source": "他推开门。", "target": "院子里没有人。", "work": "first"}
    {"turns": ["谁在那里？", "是我。"]}
    {"lines": ["夜里下了一场雨", "院子里静悄悄的"]}

``work`` is the id of the work it was taken from, and is left out where there is none. A dialogue or lyric of a user's
own has no work.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moxu.errors import TextError


@dataclass(frozen=True, slots=True)
class Pair:
    """A source, and the target that a model is to write after it has read the source.

    The mark that ends a target ([EOS], [SEP]) is no text: training adds the one of its tokenizer.
    """

    source: str
    target: str
    work: str = ""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The turns of one conversation, of two speakers who alternate."""

    turns: tuple[str, ...]
    work: str = ""


@dataclass(frozen=True, slots=True)
class Lyric:
    """The lines of one song, or the parts of one filled template; training ends each with ``<eod>``."""

    lines: tuple[str, ...]
    work: str = ""


Record = Pair | Dialogue | Lyric


def texts_of(record: Record) -> tuple[str, ...]:
    """Return the texts of a record: source and target, turns, or lines."""
    match record:
        case Pair(source, target):
            return source, target
        case Dialogue(turns):
            return turns
        case Lyric(lines):
            return lines


def key_of(record: Record) -> str:
    """Return what must stand on one side of a split: one source may have several targets, one question answers."""
    return texts_of(record)[0]


def problem_of(record: Record) -> str:
    """Say why nothing can be learned from a record; empty where something can."""
    texts = texts_of(record)
    if isinstance(record, Dialogue) and len(texts) < 2:
        return "a dialogue of one turn; expected two at least, with a tab between them"
    if not texts or not all(text.strip() for text in texts):
        return f"an empty {_name_of_empty(record)}"
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        return "half of a character (a lone surrogate)"
    return ""


def to_json(record: Record) -> str:
    """Return the record as a line of JSON, without the line end."""
    match record:
        case Pair(source, target, work):
            fields: dict[str, Any] = {"source": source, "target": target}
        case Dialogue(turns, work):
            fields = {"turns": list(turns)}
        case Lyric(lines, work):
            fields = {"lines": list(lines)}
    return json.dumps(fields | ({"work": work} if work else {}), ensure_ascii=False)


def from_json(form: type[Record], fields: Mapping[str, Any]) -> Record:
    """Return the record that an object of JSON is; TextError says what is missing or no text."""
    work = fields.get("work", "")
    if form is Pair:
        return Pair(_text(fields, "source"), _text(fields, "target"), str(work))
    if form is Dialogue:
        return Dialogue(_texts(fields, "turns"), str(work))
    return Lyric(_texts(fields, "lines"), str(work))


def _name_of_empty(record: Record) -> str:
    match record:
        case Pair(source, _):
            return "target" if source.strip() else "source"
        case Dialogue():
            return "turn"
        case Lyric():
            return "line"


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise TextError(f"no text {name!r}" if value is None else f"{name!r} is no text")
    return value


def _texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TextError(f"no list {name!r}" if value is None else f"{name!r} is no list of texts")
    return tuple(value)
