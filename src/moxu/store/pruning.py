"""Making room: old revisions thinned out, what was deleted long ago deleted for good. Nothing here runs by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from moxu.errors import StoreError
from moxu.store.clock import now
from moxu.store.database import Database
from moxu.store.lookup import live_chapter
from moxu.store.tables import CandidateRow, ChapterRow, NoteRow, RevisionRow, StoryRow

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_Dated = Row[int, int | None, datetime]


@dataclass(frozen=True, slots=True)
class Thinning:
    """Which revisions are kept: all that are younger than ``all_for``, then the last of each hour, then of each day.

    The first and the newest are always kept, and so are those that others need to be read.
    """

    all_for: timedelta = timedelta(days=2)
    hourly_for: timedelta = timedelta(days=60)


class Pruning:
    """What can be done to make room."""

    database: Database

    def prune_revisions(self, chapter: int, thinning: Thinning | None = None, at: datetime | None = None) -> int:
        """Drop revisions of a chapter that are old and close to others; return how many."""
        moment = _moment(at)
        columns = (RevisionRow.number, RevisionRow.snapshot, RevisionRow.created)
        with self.database.writing() as session:
            live_chapter(session, chapter, lock=True)
            rows = session.execute(
                select(*columns).where(RevisionRow.chapter_id == chapter).order_by(RevisionRow.number)
            ).all()
            dropped = {row.number for row in rows} - _kept(rows, thinning or Thinning(), moment)
            for number in dropped:
                session.execute(
                    delete(RevisionRow).where(RevisionRow.chapter_id == chapter, RevisionRow.number == number)
                )
            return len(dropped)

    def prune_candidates(self, older_than: timedelta, at: datetime | None = None) -> None:
        """Forget candidates that were offered long ago and not kept."""
        before = _moment(at) - older_than
        with self.database.writing() as session:
            session.execute(delete(CandidateRow).where(CandidateRow.verdict != "kept", CandidateRow.created < before))

    def purge_deleted(self, older_than: timedelta, at: datetime | None = None) -> None:
        """Delete for good the stories, chapters and cards that were deleted long ago, with all that belongs to them."""
        before = _moment(at) - older_than
        with self.database.writing() as session:
            _purge(session, before)


def _purge(session: Session, before: datetime) -> None:
    session.execute(delete(StoryRow).where(StoryRow.deleted < before))
    session.execute(delete(ChapterRow).where(ChapterRow.deleted < before))
    session.execute(delete(NoteRow).where(NoteRow.deleted < before))


def _kept(rows: Sequence[_Dated], thinning: Thinning, at: datetime) -> set[int]:
    """Return the numbers that stay, of revisions (number, snapshot, created) in order."""
    last_of_its_time = {_time_of(row.created, thinning, at): row.number for row in rows}
    kept = {rows[0].number, rows[-1].number, *last_of_its_time.values()}
    return kept | {row.snapshot for row in rows if row.number in kept and row.snapshot is not None}


def _time_of(created: datetime, thinning: Thinning, at: datetime) -> tuple[int, datetime]:
    """Return the stretch of time of which one revision is kept."""
    age = at - created
    if age < thinning.all_for:
        return 0, created
    if age < thinning.hourly_for:
        return 1, created.replace(minute=0, second=0, microsecond=0)
    return 2, created.replace(hour=0, minute=0, second=0, microsecond=0)


def _moment(at: datetime | None) -> datetime:
    moment = at or now()
    if moment.tzinfo is None:
        raise StoreError(f"time {moment} has no time zone; expected one, such as UTC")
    return moment
