"""The revisions of a chapter: how one is written down, and how its text is had again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moxu.store.difference import Difference, compress, difference, expand
from moxu.store.records import Json
from moxu.store.refusals import Missing
from moxu.store.storable import LARGEST_ID
from moxu.store.tables import ChapterRow, RevisionRow


def write_text(session: Session, chapter: ChapterRow, text: str, spans: Json, moment: datetime) -> None:
    """Make a text the newest revision of a chapter that is locked."""
    latest = session.get(RevisionRow, (chapter.id, chapter.revision)) if chapter.revision else None
    snapshot = None if latest is None else latest.snapshot or latest.number
    changed = None if snapshot is None else difference(text_of(session, chapter.id, snapshot), text)
    chapter.text, chapter.spans, chapter.characters = text, spans, count(text)
    chapter.revision, chapter.updated = chapter.revision + 1, moment
    session.add(
        RevisionRow(
            chapter_id=chapter.id,
            number=chapter.revision,
            snapshot=snapshot if changed else None,
            start=changed.start if changed else 0,
            stop=changed.stop if changed else 0,
            content=compress(changed.inserted if changed else text),
            spans=spans,
            characters=chapter.characters,
            created=moment,
        )
    )


def revision_row(session: Session, chapter: int, number: int) -> RevisionRow:
    """Return a revision; Missing when there is none, or it was pruned."""
    row = session.get(RevisionRow, (chapter, number)) if 0 < number <= LARGEST_ID else None
    if row is None:
        newest = session.scalar(select(ChapterRow.revision).where(ChapterRow.id == chapter))
        raise Missing(f"chapter {chapter} has no revision {number}; its newest is {newest}, and old ones may be pruned")
    return row


def text_of(session: Session, chapter: int, number: int) -> str:
    """Return the text of a revision."""
    row = revision_row(session, chapter, number)
    if row.snapshot is None:
        return expand(row.content)
    whole = revision_row(session, chapter, row.snapshot)
    return Difference(row.start, row.stop, expand(row.content)).apply(expand(whole.content))


def count(text: str) -> int:
    """Return how many characters a text has, as writers count them: blanks and line breaks are none."""
    return len("".join(text.split()))
