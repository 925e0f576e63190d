"""The tables, as SQLAlchemy maps them; outside this package nobody sees a row, only the records made of it.

A change here needs a step in ``migrations/versions``; a test compares what the steps build with what is written here.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, ForeignKey, LargeBinary, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from moxu.store.records import NoteKind, Verdict

VERSION_TABLE = "moxu_version"  # not Alembic's own name: a PostgreSQL database may serve other programs, too


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no time zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Store what is known to be UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return what was stored, as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_TYPES = {datetime: Moment, str: Text, bytes: LargeBinary, NoteKind: Text, Verdict: Text}
_AN_ID_IS_NEVER_GIVEN_TWICE = ({"sqlite_autoincrement": True},)  # PostgreSQL never does


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData()
    type_annotation_map = _TYPES


class StoryRow(Base):
    """A story. Rows with a time in ``deleted`` are kept for whoever changes his mind."""

    __tablename__ = "stories"
    __table_args__ = _AN_ID_IS_NEVER_GIVEN_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    position: Mapped[int]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    deleted: Mapped[datetime | None]


class ChapterRow(Base):
    """A chapter with its newest text; ``revision`` is the number of that text in the table of revisions."""

    __tablename__ = "chapters"
    __table_args__ = _AN_ID_IS_NEVER_GIVEN_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    position: Mapped[int]
    text: Mapped[str]
    spans: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    characters: Mapped[int]
    revision: Mapped[int]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    deleted: Mapped[datetime | None]


class RevisionRow(Base):
    """One text of a chapter: all of it, or how it differs from a ``snapshot`` (moxu.store.difference)."""

    __tablename__ = "revisions"

    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapters.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    snapshot: Mapped[int | None]
    start: Mapped[int]
    stop: Mapped[int]
    content: Mapped[bytes]
    spans: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    characters: Mapped[int]
    created: Mapped[datetime]


class NoteRow(Base):
    """A story's memory, its author's note, or a card of its lore."""

    __tablename__ = "notes"
    __table_args__ = _AN_ID_IS_NEVER_GIVEN_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)
    kind: Mapped[NoteKind]
    position: Mapped[int]
    name: Mapped[str]
    aliases: Mapped[Any] = mapped_column(JSON)
    text: Mapped[str]
    always: Mapped[bool]
    depth: Mapped[int | None]
    revision: Mapped[int]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    deleted: Mapped[datetime | None]


class CandidateRow(Base):
    """A continuation that was offered."""

    __tablename__ = "candidates"
    __table_args__ = _AN_ID_IS_NEVER_GIVEN_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapters.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    text: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    settings: Mapped[Any] = mapped_column(JSON)
    verdict: Mapped[Verdict]
    created: Mapped[datetime]


class SettingRow(Base):
    """A setting of the desk."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
