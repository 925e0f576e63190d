"""Bringing a database to the tables of this moxu, from none or from those of an older one; all steps or none."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.orm import Session

from moxu.errors import StoreError
from moxu.store.database import Database
from moxu.store.tables import VERSION_TABLE, Base

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6D6F7875  # "moxu": the advisory lock under which PostgreSQL lets one program at a time upgrade


def upgrade(database: Database, to: str = "head") -> None:
    """Make the steps that the database has not had; several programs may try at once.

    Raises StoreError for a database of a newer moxu, or of another program.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    steps = ScriptDirectory.from_config(config)
    with database.reading() as session:
        _check_encoding(database, session)
        if _version(session.connection()) == steps.get_current_head():
            return
    with database.writing() as session:
        connection = session.connection()
        if not database.is_sqlite:  # SQLite has let nobody else write since BEGIN IMMEDIATE
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _check_ours(database, connection, steps)
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _check_ours(database: Database, connection: Connection, steps: ScriptDirectory) -> None:
    version = _version(connection)
    known = {step.revision for step in steps.walk_revisions()}
    if version is None:
        strangers = set(inspect(connection).get_table_names()) & set(Base.metadata.tables)
        if strangers:
            raise StoreError(
                f"{database.name}: another program has a table {min(strangers)!r} there; name another database"
            )
    elif version not in known:
        raise StoreError(
            f"{database.name}: was written by a newer moxu (tables {version}, this one knows {max(known)}); "
            "run: pip install --upgrade moxu"
        )


def _check_encoding(database: Database, session: Session) -> None:
    """Raise StoreError for a PostgreSQL database that cannot hold every text."""
    if not database.is_sqlite:
        encoding = session.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise StoreError(f"{database.name}: its encoding is {encoding}; create it with ENCODING 'UTF8'")
