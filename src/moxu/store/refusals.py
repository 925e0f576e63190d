"""What the store refuses, beside what a database may fail at: what is not there, and what somebody else has changed."""

from moxu.errors import StoreError
from moxu.store.records import Chapter, Note


class Missing(StoreError):
    """A story, chapter, revision, note or candidate that never was, or was deleted."""


class Conflict(StoreError):
    """An edit of a text that has changed since it was read: nothing was written.

    ``current`` is what the store holds; ``revision`` and ``text`` are its own.
    """

    def __init__(self, current: Chapter | Note, base_revision: int) -> None:
        kind = "chapter" if isinstance(current, Chapter) else "note"
        super().__init__(
            f"{kind} {current.id} is at revision {current.revision}, and this edit was made to revision "
            f"{base_revision}; compare both texts and save again"
        )
        self.current = current
        self.revision = current.revision
        self.text = current.text
