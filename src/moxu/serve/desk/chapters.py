"""Chapters over HTTP, and the saving of their texts: whole, or only what was changed.

A save is answered when it is on the disk, with the new revision. One that was made from another revision than the
newest is answered with 409 and what is there now.
"""

from moxu.serve.desk.access import GivenLimits, OpenStore, conflict, may_conflict
from moxu.serve.desk.edits import Mismatch, apply, check_outcome
from moxu.serve.desk.paths import desk_router
from moxu.serve.desk.schema import ChapterConflict, ChapterPlace, EditedText, NewChapter, NewTitle, WholeText
from moxu.serve.desk.sizes import check_chapter
from moxu.store.records import Chapter, ChapterEntry, Revision
from moxu.store.refusals import Conflict, Missing
from moxu.store.store import Store

router = desk_router()


@router.get("/stories/{story}/chapters")
def list_chapters(story: int, store: OpenStore, deleted: bool = False) -> list[ChapterEntry]:
    """List the chapters of a story in their order, or those that were deleted."""
    return list(store.chapters(story, deleted=deleted))


@router.post("/stories/{story}/chapters", status_code=201)
def create_chapter(story: int, body: NewChapter, store: OpenStore, limits: GivenLimits) -> ChapterEntry:
    """Add a chapter to a story."""
    check_chapter(body.text, None, limits)
    return entry_of(store.create_chapter(story, body.title, body.text, index=body.index))


@router.get("/chapters/{chapter}")
def get_chapter(chapter: int, store: OpenStore) -> Chapter:
    """Give a chapter with its newest text."""
    return store.chapter(chapter)


@router.patch("/chapters/{chapter}")
def rename_chapter(chapter: int, body: NewTitle, store: OpenStore) -> ChapterEntry:
    """Give a chapter another title."""
    return entry_of(store.rename_chapter(chapter, body.title))


@router.post("/chapters/{chapter}/move", status_code=204)
def move_chapter(chapter: int, body: ChapterPlace, store: OpenStore) -> None:
    """Put a chapter at another place in its story, or in another story."""
    store.move_chapter(chapter, body.index, story=body.story)


@router.delete("/chapters/{chapter}", status_code=204)
def delete_chapter(chapter: int, store: OpenStore) -> None:
    """Take a chapter out of its story; it can be recovered."""
    store.delete_chapter(chapter)


@router.post("/chapters/{chapter}/recover")
def recover_chapter(chapter: int, store: OpenStore) -> ChapterEntry:
    """Put a deleted chapter back where it was, with all its revisions."""
    return entry_of(store.recover_chapter(chapter))


@router.put("/chapters/{chapter}/text", responses=may_conflict(ChapterConflict))
def save_text(chapter: int, body: WholeText, store: OpenStore, limits: GivenLimits) -> ChapterEntry:
    """Make a text the newest revision of a chapter."""
    check_chapter(body.text, body.spans, limits)
    return entry_of(store.save_chapter(chapter, body.text, body.base_revision, body.spans))


@router.patch("/chapters/{chapter}/text", responses=may_conflict(ChapterConflict))
def edit_text(chapter: int, body: EditedText, store: OpenStore, limits: GivenLimits) -> ChapterEntry:
    """Make what comes of these edits the newest revision of a chapter; 409 also where something else would come."""
    current = store.chapter(chapter)
    base = _base(store, current, body.base_revision)
    try:
        text = apply(body.edits, base.text)
        check_outcome(text, body.length, body.crc32)
    except Mismatch as mismatch:
        raise conflict(str(mismatch), "edits_mismatch", current) from None
    spans = body.spans if "spans" in body.model_fields_set else base.spans
    check_chapter(text, spans, limits)
    return entry_of(store.save_chapter(chapter, text, body.base_revision, spans))


def entry_of(chapter: Chapter) -> ChapterEntry:
    """Return a chapter without its text, which whoever sent it has."""
    return ChapterEntry(
        chapter.id,
        chapter.story,
        chapter.title,
        chapter.characters,
        chapter.revision,
        chapter.created,
        chapter.updated,
        chapter.deleted,
    )


def _base(store: Store, current: Chapter, revision: int) -> Chapter | Revision:
    """Return the revision that was edited; an older one, too, for a save whose answer was lost can be repeated."""
    if revision == current.revision:
        return current
    try:
        return store.revision(current.id, revision)
    except Missing:
        raise Conflict(current, revision) from None
