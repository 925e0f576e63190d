"""The shelf: stories in an order of their own."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from moxu.store.clock import now
from moxu.store.database import Database
from moxu.store.lookup import any_row, live_story
from moxu.store.order import place
from moxu.store.records import Story
from moxu.store.storable import storable_text
from moxu.store.tables import ChapterRow, NoteRow, StoryRow


class Stories:
    """What can be done with stories. A deleted one is kept until it is purged, and can be recovered."""

    database: Database

    def stories(self, *, deleted: bool = False) -> tuple[Story, ...]:
        """Return the stories in their order, or those that were deleted."""
        with self.database.reading() as session:
            return _records(session, StoryRow.deleted.is_not(None) if deleted else StoryRow.deleted.is_(None))

    def story(self, story: int) -> Story:
        """Return a story; Missing when there is none."""
        with self.database.reading() as session:
            return story_record(session, live_story(session, story))

    def create_story(self, title: str = "", *, index: int | None = None) -> Story:
        """Put a new story on the shelf, with an empty memory and author's note: last, or with ``index`` before it."""
        with self.database.writing() as session:
            return story_record(session, new_story(session, title, index))

    def rename_story(self, story: int, title: str) -> Story:
        """Give a story another title."""
        storable_text(title, "the title")
        with self.database.writing() as session:
            row = live_story(session, story, lock=True)
            row.title, row.updated = title, now()
            return story_record(session, row)

    def move_story(self, story: int, index: int) -> None:
        """Put a story where ``index`` others come before it."""
        with self.database.writing() as session:
            rows = _all_locked(session)
            place(live_story(session, story), rows, index)

    def delete_story(self, story: int) -> None:
        """Take a story from the shelf; ``recover_story`` puts it back where it was."""
        with self.database.writing() as session:
            live_story(session, story, lock=True).deleted = now()

    def recover_story(self, story: int) -> Story:
        """Put a deleted story back, with all that was in it."""
        with self.database.writing() as session:
            row = any_row(session, StoryRow, story, "story", lock=True)
            row.deleted = None
            return story_record(session, row)


def new_story(session: Session, title: str, index: int | None) -> StoryRow:
    """Put a row with empty notes on the shelf, last, or with ``index`` others before it."""
    moment = now()
    row = StoryRow(title=storable_text(title, "the title"), position=0, created=moment, updated=moment, deleted=None)
    others = _all_locked(session)
    session.add(row)
    session.flush()
    place(row, [*others, row], index)
    session.add_all(empty_notes(row))
    return row


def empty_notes(story: StoryRow) -> list[NoteRow]:
    """Return the notes that every story has: its memory and its author's note."""
    return [
        NoteRow(
            story_id=story.id,
            kind=kind,
            position=position,
            name="",
            aliases=[],
            text="",
            always=False,
            depth=None,
            revision=1,
            created=story.created,
            updated=story.created,
            deleted=None,
        )
        for position, kind in enumerate(("memory", "author"))
    ]


def _all_locked(session: Session) -> Sequence[StoryRow]:
    """Return all stories, locked in the order of their ids, so that two who do this cannot wait for each other."""
    return session.scalars(select(StoryRow).order_by(StoryRow.id).with_for_update()).all()


def story_record(session: Session, row: StoryRow) -> Story:
    """Return what a row says, with the counts of its chapters."""
    (record,) = _records(session, StoryRow.id == row.id)
    return record


def _records(session: Session, condition: ColumnElement[bool]) -> tuple[Story, ...]:
    of_story = and_(ChapterRow.story_id == StoryRow.id, ChapterRow.deleted.is_(None))
    rows = session.execute(
        select(
            StoryRow,
            func.count(ChapterRow.id),
            func.coalesce(func.sum(ChapterRow.characters), 0),
            func.max(ChapterRow.updated),
        )
        .outerjoin(ChapterRow, of_story)
        .where(condition)
        .group_by(StoryRow.id)
        .order_by(StoryRow.position, StoryRow.id)
    )
    return tuple(
        Story(
            id=row.id,
            title=row.title,
            chapters=chapters,
            characters=characters,
            created=row.created,
            updated=max(row.updated, edited or row.updated),
            deleted=row.deleted,
        )
        for row, chapters, characters, edited in rows
    )
