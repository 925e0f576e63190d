"""What lies beside a story, over HTTP: its memory, its author's note, the cards of its lore."""

from moxu.serve.desk.access import GivenLimits, OpenStore, may_conflict
from moxu.serve.desk.paths import desk_router
from moxu.serve.desk.schema import CardContent, NoteConflict, Place, SavedContent
from moxu.serve.desk.sizes import check_note
from moxu.store.records import Note

router = desk_router()


@router.get("/stories/{story}/notes")
def list_notes(story: int, store: OpenStore, deleted: bool = False) -> list[Note]:
    """List the memory, the author's note and the cards of a story in their order, or the cards that were deleted."""
    return list(store.notes(story, deleted=deleted))


@router.post("/stories/{story}/notes", status_code=201)
def create_card(story: int, body: CardContent, store: OpenStore, limits: GivenLimits) -> Note:
    """Add a card to the lore of a story."""
    check_note(body.text, limits)
    return store.create_card(story, body.content)


@router.get("/notes/{note}")
def get_note(note: int, store: OpenStore) -> Note:
    """Give a note."""
    return store.note(note)


@router.put("/notes/{note}", responses=may_conflict(NoteConflict))
def save_note(note: int, body: SavedContent, store: OpenStore, limits: GivenLimits) -> Note:
    """Replace what is on a note."""
    check_note(body.text, limits)
    return store.save_note(note, body.content, body.base_revision)


@router.post("/notes/{note}/move", status_code=204)
def move_card(note: int, body: Place, store: OpenStore) -> None:
    """Put a card at another place among the cards."""
    store.move_card(note, body.index)


@router.delete("/notes/{note}", status_code=204)
def delete_card(note: int, store: OpenStore) -> None:
    """Take a card away; it can be recovered. Memory and author's note can only be emptied."""
    store.delete_card(note)


@router.post("/notes/{note}/recover")
def recover_card(note: int, store: OpenStore) -> Note:
    """Bring a deleted card back."""
    return store.recover_card(note)
