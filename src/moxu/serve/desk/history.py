"""The history of a chapter over HTTP: every revision, how two of them differ, and the way back."""

from typing import Annotated

from fastapi import Query

from moxu.serve.desk.access import OpenStore, may_conflict
from moxu.serve.desk.changes import Hunk, changes
from moxu.serve.desk.paths import desk_router
from moxu.serve.desk.schema import Base, ChapterConflict, Pruned
from moxu.store.records import Chapter, Revision, RevisionEntry

router = desk_router("/chapters/{chapter}")


@router.get("/revisions")
def list_revisions(
    chapter: int, store: OpenStore, last: Annotated[int | None, Query(ge=1, description="Only so many.")] = None
) -> list[RevisionEntry]:
    """List the revisions of a chapter, oldest first, or the last of them."""
    entries = store.revisions(chapter)
    return list(entries if last is None else entries[-last:])


@router.get("/revisions/{number}")
def get_revision(chapter: int, number: int, store: OpenStore) -> Revision:
    """Give a revision with its text."""
    return store.revision(chapter, number)


@router.get("/revisions/{number}/changes")
def compare_revisions(
    chapter: int, number: int, store: OpenStore, since: Annotated[int, Query(description="The revision before.")]
) -> list[Hunk]:
    """Tell how a revision differs from an earlier one, or from any other."""
    return changes(store.revision(chapter, since).text, store.revision(chapter, number).text)


@router.post("/revisions/{number}/restore", responses=may_conflict(ChapterConflict))
def restore_revision(chapter: int, number: int, body: Base, store: OpenStore) -> Chapter:
    """Make the text of a revision the newest; nothing of what was between is lost."""
    return store.restore(chapter, number, body.base_revision)


@router.post("/prune")
def prune_revisions(chapter: int, store: OpenStore) -> Pruned:
    """Drop old revisions that lie close to others: kept are all of two days, then one an hour, then one a day."""
    return Pruned(dropped=store.prune_revisions(chapter))
