"""Continuations that were offered, and what became of them."""

from collections.abc import Sequence
from typing import get_args

from sqlalchemy import select

from moxu.errors import StoreError
from moxu.store.clock import now
from moxu.store.database import Database
from moxu.store.history import revision_row
from moxu.store.lookup import any_row, live_chapter
from moxu.store.records import Candidate, Draft, Verdict
from moxu.store.storable import storable_json, storable_number, storable_text
from moxu.store.tables import CandidateRow

_LARGEST_SEED = 2**63 - 1


class Candidates:
    """What can be done with candidates."""

    database: Database

    def add_candidates(self, chapter: int, revision: int, drafts: Sequence[Draft]) -> tuple[Candidate, ...]:
        """Remember what was offered for a revision of a chapter; Missing when there is no such revision."""
        settings = [storable_json(draft.settings, "the settings of a candidate") for draft in drafts]
        for draft in drafts:
            storable_text(draft.text, "the text of a candidate")
            storable_number(draft.seed, "the seed of a candidate", _LARGEST_SEED)
        moment = now()
        with self.database.writing() as session:
            live_chapter(session, chapter)
            revision_row(session, chapter, revision)
            rows = [
                CandidateRow(
                    chapter_id=chapter,
                    revision=revision,
                    text=draft.text,
                    seed=draft.seed,
                    settings=settings_,
                    verdict="offered",
                    created=moment,
                )
                for draft, settings_ in zip(drafts, settings, strict=True)
            ]
            session.add_all(rows)
            session.flush()
            return tuple(_record(row) for row in rows)

    def candidates(self, chapter: int, revision: int | None = None) -> tuple[Candidate, ...]:
        """Return what was offered for a chapter, or for one revision of it, oldest first."""
        rows = select(CandidateRow).where(CandidateRow.chapter_id == chapter).order_by(CandidateRow.id)
        if revision is not None:
            rows = rows.where(CandidateRow.revision == storable_number(revision, "revision"))
        with self.database.reading() as session:
            live_chapter(session, chapter)
            return tuple(_record(row) for row in session.scalars(rows))

    def judge_candidate(self, candidate: int, verdict: Verdict) -> Candidate:
        """Say what became of a candidate: kept, discarded, or offered again."""
        if verdict not in get_args(Verdict):
            raise StoreError(f"verdict is {verdict!r}; expected one of {', '.join(get_args(Verdict))}")
        with self.database.writing() as session:
            row = any_row(session, CandidateRow, candidate, "candidate", lock=True)
            row.verdict = verdict
            return _record(row)


def _record(row: CandidateRow) -> Candidate:
    return Candidate(row.id, row.chapter_id, row.revision, row.text, row.seed, row.settings, row.verdict, row.created)
