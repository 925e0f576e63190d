"""The Store: everything a writer keeps, in one SQLite file or on a PostgreSQL server.

Its methods return frozen records and may be called from any thread. When one that writes returns, what it wrote is on
the disk; when it raises, nothing was changed, but for a connection lost in the moment of the commit. Every method
raises StoreError when the database fails, and Missing or Conflict (moxu.store.refusals) where it says so.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

from moxu.store.candidates import Candidates
from moxu.store.chapters import Chapters
from moxu.store.database import PATIENCE, Database, parse_url
from moxu.store.notes import Notes
from moxu.store.preferences import Preferences
from moxu.store.pruning import Pruning
from moxu.store.schema import upgrade
from moxu.store.stories import Stories
from moxu.store.whole import WholeStories


class Store(Stories, Chapters, WholeStories, Notes, Candidates, Preferences, Pruning):
    """Stories, chapters, revisions, notes, candidates and settings; each kind has its methods in a file of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, url: str | Path, *, patience: float = PATIENCE) -> Self:
        """Open a database, making it or bringing it up to date; writers wait ``patience`` seconds for each other.

        ``url`` is a file, ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``. Raises StoreError for a
        database that cannot be had, is none, or belongs to a newer moxu or to another program.
        """
        database = Database(parse_url(url), patience)
        try:
            upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
