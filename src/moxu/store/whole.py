"""A story with all that is to be read of it: put on the shelf in one transaction, and read as it is at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moxu.store.chapters import chapter_record
from moxu.store.database import Database
from moxu.store.history import write_text
from moxu.store.lookup import live_story
from moxu.store.order import in_order
from moxu.store.records import Chapter, Story
from moxu.store.storable import storable_text
from moxu.store.stories import new_story, story_record
from moxu.store.tables import ChapterRow, SettingRow


@dataclass(frozen=True, slots=True)
class WholeStory:
    """A story, who wrote it, and its chapters with their texts."""

    story: Story
    author: str
    chapters: tuple[Chapter, ...]


class WholeStories:
    """What can be done with whole stories. The author is kept as a setting, where there is one."""

    database: Database

    def add_story(self, title: str, chapters: Sequence[tuple[str, str]], author: str = "") -> Story:
        """Put a new story on the shelf, last, with these chapters (title, text): all of them, or nothing at all."""
        storable_text(author, "the author")
        for number, (name, text) in enumerate(chapters, 1):
            storable_text(name, f"the title of chapter {number}")
            storable_text(text, f"the text of chapter {number}")
        with self.database.writing() as session:
            row = new_story(session, title, None)
            for position, (name, text) in enumerate(chapters):
                _add_chapter(session, row.id, position, name, text, row.created)
            if author:
                session.add(SettingRow(key=author_key(row.id), value=author))
            session.flush()
            return story_record(session, row)

    def whole_story(self, story: int) -> WholeStory:
        """Return a story as it is; Missing when there is none."""
        with self.database.reading() as session:
            record = story_record(session, live_story(session, story))
            of_story = select(ChapterRow).where(ChapterRow.story_id == story, ChapterRow.deleted.is_(None))
            chapters = in_order(session.scalars(of_story).all())
            setting = session.get(SettingRow, author_key(story))
            author = setting.value if setting is not None and isinstance(setting.value, str) else ""
            return WholeStory(record, author, tuple(map(chapter_record, chapters)))


def author_key(story: int) -> str:
    """Return the key of the setting that names the author of a story."""
    return f"story-{story}-author"


def _add_chapter(session: Session, story: int, position: int, title: str, text: str, moment: datetime) -> None:
    row = ChapterRow(story_id=story, title=title, position=position, revision=0, text="", characters=0)
    row.created, row.updated, row.deleted = moment, moment, None
    session.add(row)
    session.flush()
    write_text(session, row, text, None, moment)
