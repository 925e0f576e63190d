"""Rows by their numbers, as long as they were not deleted; a row that is to be changed is locked."""

from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from moxu.store.refusals import Missing
from moxu.store.storable import LARGEST_ID
from moxu.store.tables import CandidateRow, ChapterRow, NoteRow, StoryRow

Row = TypeVar("Row", StoryRow, ChapterRow, NoteRow, CandidateRow)


def live_story(session: Session, story: int, *, lock: bool = False) -> StoryRow:
    """Return the story; Missing when there is none or it was deleted."""
    row = any_row(session, StoryRow, story, "story", lock=lock)
    if row.deleted:
        raise Missing(f"story {story} was deleted; recover it first")
    return row


def live_chapter(session: Session, chapter: int, *, lock: bool = False) -> ChapterRow:
    """Return the chapter; Missing when there is none, or it or its story was deleted."""
    row = any_row(session, ChapterRow, chapter, "chapter", lock=lock)
    if row.deleted:
        raise Missing(f"chapter {chapter} was deleted; recover it first")
    live_story(session, row.story_id)
    return row


def live_note(session: Session, note: int, *, lock: bool = False) -> NoteRow:
    """Return the note; Missing when there is none, or it or its story was deleted."""
    row = any_row(session, NoteRow, note, "note", lock=lock)
    if row.deleted:
        raise Missing(f"note {note} was deleted; recover it first")
    live_story(session, row.story_id)
    return row


def any_row(session: Session, table: type[Row], number: int, kind: str, *, lock: bool = False) -> Row:
    """Return the row, deleted or not; Missing when there is none."""
    rows: Select[Row] = select(table).where(table.id == number)
    if lock:  # and read anew what this session may have read before it had the lock
        rows = rows.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(rows) if 0 < number <= LARGEST_ID else None
    if found is None:
        raise Missing(f"{kind} {number}: there is none")
    return found
