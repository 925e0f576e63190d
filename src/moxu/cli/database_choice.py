"""Where the stories of the desk are kept: a database that was named, or a file of the user's own."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from moxu.cli.terminal import say
from moxu.errors import StoreError

if TYPE_CHECKING:  # what imports SQLAlchemy is imported where it is used
    from moxu.store.store import Store


def user_file() -> Path:
    """Return the file of the user's own stories, where programs keep their data here."""
    return Path(click.get_app_dir("moxu")) / "moxu.sqlite"


def open_store(url: str | None) -> "Store":
    """Open the database of this URL or file, by default the user's own, and say on standard error which it is."""
    from moxu.store.store import Store

    if not url:
        _make_folder(user_file().parent)
    store = Store.open(url or user_file())
    say(f"stories are kept in {store.database.name}")
    return store


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{folder}: {reason}; name a file for the stories with --database") from None
