"""What lies beside a story for the model to see: its memory, its author's note, the cards of its lore."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from moxu.errors import StoreError
from moxu.store.clock import now
from moxu.store.database import Database
from moxu.store.lookup import any_row, live_note, live_story
from moxu.store.order import in_order, place
from moxu.store.records import Note, NoteContent
from moxu.store.refusals import Conflict
from moxu.store.storable import storable_json, storable_number, storable_text
from moxu.store.tables import NoteRow


class Notes:
    """What can be done with notes. A story has one memory and one author's note from its beginning to its end."""

    database: Database

    def notes(self, story: int, *, deleted: bool = False) -> tuple[Note, ...]:
        """Return the notes of a story (memory, author's note, cards in their order), or those that were deleted."""
        with self.database.reading() as session:
            live_story(session, story)
            rows = in_order(_siblings(session, story))
            return tuple(_record(row) for row in rows if (row.deleted is not None) == deleted)

    def note(self, note: int) -> Note:
        """Return a note; Missing when there is none."""
        with self.database.reading() as session:
            return _record(live_note(session, note))

    def create_card(self, story: int, content: NoteContent) -> Note:
        """Add a card to the lore of a story, as the last."""
        _check(content)
        moment = now()
        with self.database.writing() as session:
            live_story(session, story, lock=True)
            siblings = _siblings(session, story)
            row = NoteRow(story_id=story, kind="lore", position=0, revision=1, created=moment, deleted=None)
            _write(row, content)
            row.updated = moment
            session.add(row)
            session.flush()
            place(row, [*siblings, row], None)
            return _record(row)

    def save_note(self, note: int, content: NoteContent, base_revision: int) -> Note:
        """Replace what is on a note; it was edited from ``base_revision``. Raises Conflict as ``save_chapter`` does.

        Only the newest content of a note is kept.
        """
        _check(content)
        with self.database.writing() as session:
            row = live_note(session, note, lock=True)
            if _content(row) != content:
                if row.revision != base_revision:
                    raise Conflict(_record(row), base_revision)
                _write(row, content)
                row.revision, row.updated = row.revision + 1, now()
            return _record(row)

    def move_card(self, note: int, index: int) -> None:
        """Put a card where ``index`` other cards come before it."""
        with self.database.writing() as session:
            story = live_note(session, note).story_id
            live_story(session, story, lock=True)
            row = live_note(session, note, lock=True)
            _check_card(row)
            siblings = _siblings(session, story)
            place(row, siblings, max(index, 0) + sum(sibling.kind != "lore" for sibling in siblings))

    def delete_card(self, note: int) -> None:
        """Take a card away; ``recover_card`` brings it back. Memory and author's note can only be emptied."""
        with self.database.writing() as session:
            row = live_note(session, note, lock=True)
            _check_card(row)
            row.deleted = now()

    def recover_card(self, note: int) -> Note:
        """Bring a deleted card back; Missing when its story was deleted, too."""
        with self.database.writing() as session:
            row = any_row(session, NoteRow, note, "note", lock=True)
            live_story(session, row.story_id)
            row.deleted = None
            return _record(row)


def _siblings(session: Session, story: int) -> Sequence[NoteRow]:
    return session.scalars(select(NoteRow).where(NoteRow.story_id == story)).all()


def _check(content: NoteContent) -> None:
    storable_text(content.name, "the name")
    storable_text(content.text, "the text")
    storable_json(content.aliases, "the aliases")
    if content.depth is not None:
        storable_number(content.depth, "depth")


def _check_card(row: NoteRow) -> None:
    if row.kind != "lore":
        raise StoreError(f"note {row.id} is the {row.kind} note of its story, not a card; its text can be emptied")


def _write(row: NoteRow, content: NoteContent) -> None:
    row.name, row.aliases, row.text = content.name, list(content.aliases), content.text
    row.always, row.depth = content.always, content.depth


def _content(row: NoteRow) -> NoteContent:
    return NoteContent(name=row.name, aliases=tuple(row.aliases), text=row.text, always=row.always, depth=row.depth)


def _record(row: NoteRow) -> Note:
    return Note(
        id=row.id,
        story=row.story_id,
        kind=row.kind,
        content=_content(row),
        revision=row.revision,
        created=row.created,
        updated=row.updated,
        deleted=row.deleted,
    )
