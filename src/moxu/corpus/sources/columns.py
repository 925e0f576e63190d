"""What the columns of a table, or the names in a line of JSON, say of its rows."""

from typing import Any

from moxu.corpus.extras import import_extra
from moxu.errors import TextError

COLUMNS: dict[str, tuple[str, ...]] = {  # what may be said of a row, and by which names
    "text": ("text", "content"),
    "title": ("title", "book", "book_title"),
    "author": ("author",),
    "licence": ("licence", "license"),
    "group": ("group",),
    "work": ("work",),
    "heading": ("heading", "chapter", "chapter_title"),
    "number": ("number", "chapter_number"),
}


def columns_of(names: list[str], text_column: str | None) -> dict[str, str]:
    """Return which column says what; TextError where none holds the text."""
    found = {fact: next((name for name in known if name in names), None) for fact, known in COLUMNS.items()}
    if text_column is not None:
        found["text"] = text_column if text_column in names else None
    if found["text"] is None:
        wanted = text_column or " or ".join(COLUMNS["text"])
        told = ", ".join(names[:20]) or "none"
        raise TextError(f"no column {wanted}; its columns: {told}; moxu corpus build takes others: --text-column")
    return {fact: name for fact, name in found.items() if name is not None}


def tables_for(name: str) -> Any:
    """Return the module that reads tables, for the file of this name; SettingsError where pyarrow is missing."""
    return import_extra("moxu.corpus.sources.tables", "corpus", f"{name}: reading it")
