"""What is too long, or too deep, to be kept."""

import json

from moxu.serve.limits import Limits
from moxu.serve.problems import Problem
from moxu.store.records import Json


def check_chapter(text: str, spans: Json, limits: Limits) -> None:
    """Raise Problem 413 for a text or spans that are too long for a chapter."""
    _check_text(text, "text", limits.chapter_characters)
    check_json(spans, "spans", limits)


def check_note(text: str, limits: Limits) -> None:
    """Raise Problem 413 for a text that is too long for a note, or a candidate."""
    _check_text(text, "text", limits.note_characters)


def check_json(value: Json, name: str, limits: Limits) -> None:
    """Raise Problem 413 for JSON that is too long, and 400 for lists in lists in lists … without an end."""
    layer, depth = [value], 0
    while layer:
        depth += 1
        if depth > limits.json_depth:
            raise Problem(400, f"{name}: more than {limits.json_depth} levels deep", param=name, code="too_deep")
        lists = [list(one.values()) if isinstance(one, dict) else one for one in layer if isinstance(one, dict | list)]
        layer = [inner for one in lists for inner in one]
    if len(json.dumps(value, ensure_ascii=False)) > limits.json_characters:
        raise Problem(
            413, f"{name}: more than {limits.json_characters:,} characters of JSON", param=name, code="too_long"
        )


def _check_text(text: str, name: str, most: int) -> None:
    if len(text) > most:
        message = f"{name}: has {len(text):,} characters; at most {most:,} can be kept in one piece"
        raise Problem(413, message, param=name, code="too_long")
