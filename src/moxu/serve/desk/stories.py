"""The shelf over HTTP: stories in an order of their own."""

from moxu.serve.desk.access import OpenStore
from moxu.serve.desk.paths import desk_router
from moxu.serve.desk.schema import NewStory, NewTitle, Place
from moxu.store.records import Story

router = desk_router("/stories")


@router.get("")
def list_stories(store: OpenStore, deleted: bool = False) -> list[Story]:
    """List the stories in their order, or those that were deleted."""
    return list(store.stories(deleted=deleted))


@router.post("", status_code=201)
def create_story(body: NewStory, store: OpenStore) -> Story:
    """Put a new story on the shelf."""
    return store.create_story(body.title, index=body.index)


@router.get("/{story}")
def get_story(story: int, store: OpenStore) -> Story:
    """Show one story, without its chapters."""
    return store.story(story)


@router.patch("/{story}")
def rename_story(story: int, body: NewTitle, store: OpenStore) -> Story:
    """Give a story another title."""
    return store.rename_story(story, body.title)


@router.post("/{story}/move", status_code=204)
def move_story(story: int, body: Place, store: OpenStore) -> None:
    """Put a story at another place on the shelf."""
    store.move_story(story, body.index)


@router.delete("/{story}", status_code=204)
def delete_story(story: int, store: OpenStore) -> None:
    """Take a story from the shelf; it can be recovered."""
    store.delete_story(story)


@router.post("/{story}/recover")
def recover_story(story: int, store: OpenStore) -> Story:
    """Put a deleted story back where it was, with all that was in it."""
    return store.recover_story(story)
