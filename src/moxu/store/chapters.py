"""The chapters of a story, and the saving of their texts: every accepted edit is a revision, and none is lost."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from moxu.store.clock import now
from moxu.store.database import Database
from moxu.store.history import revision_row, text_of, write_text
from moxu.store.lookup import any_row, live_chapter, live_story
from moxu.store.order import in_order, place
from moxu.store.records import Chapter, ChapterEntry, Json, Revision, RevisionEntry
from moxu.store.refusals import Conflict
from moxu.store.storable import storable_json, storable_text
from moxu.store.tables import ChapterRow, RevisionRow


class Chapters:
    """What can be done with chapters. A deleted one is kept until it is purged, and can be recovered."""

    database: Database

    def chapters(self, story: int, *, deleted: bool = False) -> tuple[ChapterEntry, ...]:
        """Return the chapters of a story in their order, without their texts, or those that were deleted."""
        with self.database.reading() as session:
            live_story(session, story)
            rows = session.scalars(_of_story(story).options(defer(ChapterRow.text), defer(ChapterRow.spans))).all()
            return tuple(_entry(row) for row in in_order(rows) if (row.deleted is not None) == deleted)

    def chapter(self, chapter: int) -> Chapter:
        """Return a chapter with its newest text; Missing when there is none."""
        with self.database.reading() as session:
            return chapter_record(live_chapter(session, chapter))

    def create_chapter(self, story: int, title: str = "", text: str = "", *, index: int | None = None) -> Chapter:
        """Add a chapter to a story, last or with ``index`` before it; its text is revision 1."""
        storable_text(title, "the title")
        storable_text(text, "the text")
        moment = now()
        with self.database.writing() as session:
            live_story(session, story, lock=True)
            siblings = _siblings(session, story)
            row = ChapterRow(story_id=story, title=title, position=0, revision=0, text="", characters=0)
            row.created, row.updated, row.deleted = moment, moment, None
            session.add(row)
            session.flush()
            place(row, [*siblings, row], index)
            write_text(session, row, text, None, moment)
            return chapter_record(row)

    def rename_chapter(self, chapter: int, title: str) -> Chapter:
        """Give a chapter another title."""
        storable_text(title, "the title")
        with self.database.writing() as session:
            row = live_chapter(session, chapter, lock=True)
            row.title, row.updated = title, now()
            return chapter_record(row)

    def move_chapter(self, chapter: int, index: int, *, story: int | None = None) -> None:
        """Put a chapter where ``index`` others come before it, in its own story or in another."""
        with self.database.writing() as session:
            home = live_chapter(session, chapter).story_id
            target = home if story is None else story
            for number in sorted({home, target}):  # in one order, so that two who do this cannot wait for each other
                live_story(session, number, lock=True)
            row = live_chapter(session, chapter, lock=True)
            row.story_id = target
            place(row, _siblings(session, target), index)

    def delete_chapter(self, chapter: int) -> None:
        """Take a chapter out of its story; ``recover_chapter`` puts it back where it was."""
        with self.database.writing() as session:
            live_chapter(session, chapter, lock=True).deleted = now()

    def recover_chapter(self, chapter: int) -> Chapter:
        """Put a deleted chapter back, with all its revisions; Missing when its story was deleted, too."""
        with self.database.writing() as session:
            row = any_row(session, ChapterRow, chapter, "chapter", lock=True)
            live_story(session, row.story_id)
            row.deleted = None
            return chapter_record(row)

    def save_chapter(self, chapter: int, text: str, base_revision: int, spans: Json = None) -> Chapter:
        """Make ``text`` the newest revision, on the disk when this returns; it was edited from ``base_revision``.

        Raises Conflict when that is no longer the newest. What is saved already is not saved again, from whatever
        revision: so a save whose answer was lost on the way can be repeated.
        """
        storable_text(text, "the text")
        spans = storable_json(spans, "the spans")
        with self.database.writing() as session:
            return _save(session, chapter, text, base_revision, spans)

    def revisions(self, chapter: int) -> tuple[RevisionEntry, ...]:
        """Return the revisions of a chapter that were not pruned, oldest first, without their texts."""
        with self.database.reading() as session:
            live_chapter(session, chapter)
            columns = (RevisionRow.chapter_id, RevisionRow.number, RevisionRow.characters, RevisionRow.created)
            rows = select(*columns).where(RevisionRow.chapter_id == chapter).order_by(RevisionRow.number)
            return tuple(RevisionEntry(*row) for row in session.execute(rows))

    def revision(self, chapter: int, number: int) -> Revision:
        """Return one revision of a chapter with its text; Missing when there is none, or it was pruned."""
        with self.database.reading() as session:
            live_chapter(session, chapter)
            row = revision_row(session, chapter, number)
            text = text_of(session, chapter, number)
            return Revision(chapter, number, row.characters, row.created, text, row.spans)

    def restore(self, chapter: int, number: int, base_revision: int) -> Chapter:
        """Save the text of an earlier revision as the newest; Conflict and Missing as for those two."""
        with self.database.writing() as session:
            live_chapter(session, chapter, lock=True)
            spans = revision_row(session, chapter, number).spans
            return _save(session, chapter, text_of(session, chapter, number), base_revision, spans)


def _save(session: Session, chapter: int, text: str, base_revision: int, spans: Json) -> Chapter:
    row = live_chapter(session, chapter, lock=True)  # from here on nobody else can change it
    if (row.text, row.spans) != (text, spans):
        if row.revision != base_revision:
            raise Conflict(chapter_record(row), base_revision)
        write_text(session, row, text, spans, now())
    return chapter_record(row)


def _of_story(story: int) -> Select[ChapterRow]:
    return select(ChapterRow).where(ChapterRow.story_id == story)


def _siblings(session: Session, story: int) -> Sequence[ChapterRow]:
    """Return all chapters of a locked story, without their texts."""
    return session.scalars(_of_story(story).options(defer(ChapterRow.text), defer(ChapterRow.spans))).all()


def _entry(row: ChapterRow) -> ChapterEntry:
    return ChapterEntry(
        row.id, row.story_id, row.title, row.characters, row.revision, row.created, row.updated, row.deleted
    )


def chapter_record(row: ChapterRow) -> Chapter:
    """Return what a row says."""
    return Chapter(
        id=row.id,
        story=row.story_id,
        title=row.title,
        characters=row.characters,
        revision=row.revision,
        created=row.created,
        updated=row.updated,
        deleted=row.deleted,
        text=row.text,
        spans=row.spans,
    )
