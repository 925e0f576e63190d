"""A database by its URL, and the two ways to use it: a transaction that reads, and one that writes.

What is committed is on the disk: SQLite writes ahead with ``synchronous=FULL``, PostgreSQL is told to wait for its
disk. Writers of one SQLite file take turns from their first statement on (``BEGIN IMMEDIATE``), because a transaction
that has read cannot begin to write after somebody else did. PostgreSQL locks the rows that are selected for an update.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.orm import Session

from moxu.errors import StoreError
from moxu.store.failures import as_store_error

PATIENCE = 10.0  # seconds to wait for another writer
_PRAGMAS = (
    "synchronous = FULL",
    "fullfsync = ON",  # macOS needs these two for what FULL means elsewhere
    "checkpoint_fullfsync = ON",
    "foreign_keys = ON",
)
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Database:
    """The connections to one database; ``name`` is its URL without the password, or the file."""

    def __init__(self, url: URL, patience: float = PATIENCE) -> None:
        self.is_sqlite = url.drivername == _DRIVERS["sqlite"]
        self.name = str(url.database) if self.is_sqlite else url.render_as_string(hide_password=True)
        self._engine = _sqlite_engine(url, patience) if self.is_sqlite else _postgresql_engine(url, patience)
        self._writer = self._engine.execution_options(writes=True)
        self._reader = self._engine
        if not self.is_sqlite:
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """Look at the database as it is at one moment."""
        with self._telling(), Session(self._reader) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """Change all or nothing; when this ends without an error, the change is on the disk."""
        with self._telling(), Session(self._writer) as session, session.begin():
            yield session

    @property
    def engine(self) -> Engine:
        """What SQLAlchemy connects with."""
        return self._engine

    def close(self) -> None:
        """Close all connections."""
        with self._telling():
            self._engine.dispose()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise what a database failed at as a StoreError of one line."""
        try:
            yield
        except exc.SQLAlchemyError as error:
            told = as_store_error(error, self.name)
            if told is None:
                raise
            raise told from error


def parse_url(url: str | Path) -> URL:
    """Return the URL with the driver moxu uses; a path, or a text without ``://``, is a file of SQLite.

    Raises StoreError for any other database.
    """
    if isinstance(url, Path) or "://" not in url:
        return URL.create(_DRIVERS["sqlite"], database=str(url))
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise StoreError(f"database {url.partition(':')[0]}://…: not a URL; {_EXPECTED}") from None
    scheme = parsed.drivername
    driver = scheme if scheme in _DRIVERS.values() else _DRIVERS.get(scheme)
    if driver is None:
        raise StoreError(f"database {scheme}://…: unknown kind of database; {_EXPECTED}")
    if driver == _DRIVERS["sqlite"] and parsed.database in (None, "", ":memory:"):
        raise StoreError(f"database {url}: would keep nothing; {_EXPECTED}")
    return parsed.set(drivername=driver)


_EXPECTED = "expected a file, sqlite:///FILE or postgresql://USER@HOST/NAME"


def _sqlite_engine(url: URL, patience: float) -> Engine:
    engine = _engine(url, connect_args={"timeout": patience})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not before the first INSERT
        _write_ahead(connection, patience)
        for setting in _PRAGMAS:
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Switch the file to WAL, which it remembers: then readers and the writer do not wait for each other.

    While another program makes the same switch, SQLite refuses at once, without the patience it has elsewhere.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _postgresql_engine(url: URL, patience: float) -> Engine:
    engine = _engine(url, isolation_level="READ COMMITTED", pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false), set_config('synchronous_commit', "
                "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
                "ELSE current_setting('synchronous_commit') END, false)",
                (f"{patience * 1000:.0f}ms",),
            )
        connection.commit()

    return engine


def _engine(url: URL, **options: Any) -> Engine:
    try:
        return create_engine(url, json_serializer=partial(json.dumps, ensure_ascii=False), **options)
    except ModuleNotFoundError as error:
        raise StoreError(f"{url.drivername} needs {error.name}; run: pip install 'moxu[postgres]'") from None
