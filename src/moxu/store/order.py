"""The order of stories, chapters and notes: a position in each row, written anew whenever something is moved."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar


class Placed(Protocol):
    """A row with a place among its siblings; what was deleted keeps its place, too, and may come back to it."""

    id: int
    position: int
    deleted: datetime | None


PlacedRow = TypeVar("PlacedRow", bound=Placed)


def in_order(rows: Sequence[PlacedRow]) -> list[PlacedRow]:
    """Return the rows as they stand."""
    return sorted(rows, key=lambda row: (row.position, row.id))


def place(row: PlacedRow, siblings: Sequence[PlacedRow], index: int | None) -> None:
    """Put a row so that ``index`` siblings that are not deleted come before it (None: all), and number all of them."""
    others = in_order([sibling for sibling in siblings if sibling.id != row.id])
    live = [place for place, sibling in enumerate(others) if sibling.deleted is None]
    before = len(live) if index is None else max(index, 0)
    at = live[before] if before < len(live) else len(others)
    others.insert(at, row)
    for position, sibling in enumerate(others):
        if sibling.position != position:  # rows that stay where they are need not be written
            sibling.position = position
