"""From nothing, or from older tables, to those of today."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from editors import PATIENCE, open_and_write, start
from moxu.errors import StoreError
from moxu.store.database import Database, parse_url
from moxu.store.schema import MIGRATIONS, upgrade
from moxu.store.store import Store
from moxu.store.tables import VERSION_TABLE, Base
from postgres import Cluster


def test_the_steps_build_the_tables_that_are_mapped(store: Store) -> None:
    with store.database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []


def test_every_step_follows_the_one_before() -> None:
    names = sorted(path.stem for path in (MIGRATIONS / "versions").glob("v*.py"))
    assert [name[:5] for name in names] == [f"v{number:04}" for number in range(1, len(names) + 1)]


def test_a_database_of_an_older_moxu_keeps_what_is_in_it(url: str) -> None:
    database = Database(parse_url(url))
    upgrade(database, "0001")
    with database.writing() as session:
        moment = "'2020-01-02 03:04:05.000000'"
        session.execute(
            text(f"INSERT INTO stories (title, position, created, updated) VALUES ('长夜行', 0, {moment}, {moment})")
        )
    database.close()
    with Store.open(url) as store:
        (story,) = store.stories()
        assert (story.title, story.chapters) == ("长夜行", 0)
        assert [(note.kind, note.content.text, note.revision) for note in store.notes(story.id)] == [
            ("memory", "", 1),
            ("author", "", 1),
        ]
        assert {note.created for note in store.notes(story.id)} == {story.created}


def test_a_database_of_a_newer_moxu_is_refused_and_left_alone(url: str) -> None:
    with Store.open(url) as store, store.database.writing() as session:
        session.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))
    with pytest.raises(StoreError, match=r"written by a newer moxu \(tables 0999, this one knows \d+\)") as error:
        Store.open(url)
    assert "\n" not in str(error.value)
    database = Database(parse_url(url))
    with database.reading() as session:
        assert session.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == "0999"
    database.close()


def test_tables_of_another_program_are_refused_and_left_alone(url: str) -> None:
    database = Database(parse_url(url))
    with database.writing() as session:
        session.execute(text("CREATE TABLE chapters (song TEXT)"))
    with pytest.raises(StoreError, match="another program has a table 'chapters' there; name another database"):
        Store.open(url)
    with database.reading() as session:
        assert inspect(session.connection()).get_table_names() == ["chapters"]
    database.close()


def test_steps_that_fail_leave_the_database_as_it_was(url: str) -> None:
    database = Database(parse_url(url))
    upgrade(database, "0001")
    with database.writing() as session:
        session.execute(text("CREATE TABLE settings (key TEXT)"))  # in the way of the last table of step 2
    with pytest.raises(Exception, match="settings"):
        upgrade(database)
    with database.reading() as session:
        tables = set(inspect(session.connection()).get_table_names())
        assert session.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == "0001"
    assert tables == {"stories", "chapters", "revisions", "settings", VERSION_TABLE}
    database.close()


def test_several_programs_may_open_a_new_database_at_once(url: str) -> None:
    titles = {f"故事{number}" for number in range(6)}
    programs = [start(open_and_write, url, title) for title in titles]
    for process, pipe in programs:
        assert pipe.poll(PATIENCE)
        pipe.close()
        process.join(PATIENCE)
        assert process.exitcode == 0
    with Store.open(url) as store:
        assert {story.title for story in store.stories()} == titles


def test_opening_again_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "stories.db"
    Store.open(file).close()
    before = file.read_bytes()
    Store.open(file).close()
    assert file.read_bytes() == before
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_postgresql_database_that_cannot_hold_chinese_is_refused(cluster: Cluster) -> None:
    url = cluster.new_database("ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StoreError, match="its encoding is LATIN1; create it with ENCODING 'UTF8'"):
        Store.open(url)
