"""What databases say when they fail, as one line for a person."""

from sqlalchemy import exc

from moxu.errors import StoreError

_SQLITE = {
    "BUSY": "is locked by another program; close that program, or try again",
    "LOCKED": "is locked by another program; close that program, or try again",
    "READONLY": "cannot be written to; check the permissions of the file and of its folder",
    "PERM": "cannot be opened; check the permissions of the file and of its folder",
    "CANTOPEN": "cannot be opened; expected a file in a folder that exists and can be written to",
    "FULL": "the disk is full, and nothing was changed; make room and try again",
    "NOTADB": "is not a database; name another file, or a new one",
    "CORRUPT": "is damaged; restore a copy of it",
    "IOERR": "the disk failed to read or write; nothing was changed",
}

_POSTGRESQL = {  # by the class of the SQLSTATE, and before it by the whole
    "25006": "cannot be written to: the server is read-only",
    "40001": "another program changed the same rows; try again",
    "40P01": "another program changed the same rows; try again",
    "42501": "this user has no right to do that; grant it, or name another user",
    "53": "the server has no room left (disk, memory or connections); nothing was changed",
    "55P03": "is locked by another program; close that program, or try again",
    "57": "the server is shutting down or has ended the connection; try again",
    "58": "the disk of the server failed to read or write; nothing was changed",
}


class DatabaseFailure(StoreError):
    """A database that cannot do now what it is asked to; ``reason`` is the message without the name of the database."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(f"{database}: {reason}")
        self.reason = reason


def as_store_error(error: exc.SQLAlchemyError, database: str) -> DatabaseFailure | None:
    """Return what to tell the user, or None when it is not his mistake but ours."""
    if isinstance(error, exc.TimeoutError):
        return DatabaseFailure(database, "too many requests at once; try again")
    if not isinstance(error, exc.DBAPIError):
        return None
    said = _sqlite(error) if hasattr(error.orig, "sqlite_errorname") else _postgresql(error)
    return DatabaseFailure(database, said) if said else None


def _sqlite(error: exc.DBAPIError) -> str | None:
    name = str(getattr(error.orig, "sqlite_errorname", "")).removeprefix("SQLITE_")
    return _SQLITE.get(name.partition("_")[0])


def _postgresql(error: exc.DBAPIError) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    if isinstance(error, exc.OperationalError | exc.InterfaceError):
        return f"cannot be reached: {' '.join(str(error.orig).split())}"
    return None
