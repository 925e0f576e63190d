"""Databases that can be had, and those that cannot: each in one line."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import event, text

from moxu.errors import StoreError
from moxu.store.database import parse_url
from moxu.store.store import Store
from postgres import Cluster


def told(error: pytest.ExceptionInfo[StoreError]) -> str:
    line = str(error.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    "url", ["stories.db", Path("stories.db"), "sqlite:///stories.db", "sqlite+pysqlite:///stories.db"]
)
def test_a_file_is_a_database_of_sqlite(url: str | Path) -> None:
    assert parse_url(url).render_as_string() == "sqlite+pysqlite:///stories.db"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_reached_with_psycopg(scheme: str) -> None:
    assert parse_url(f"{scheme}://moxu@host/desk").render_as_string() == "postgresql+psycopg://moxu@host/desk"


@pytest.mark.parametrize(
    "url", ["mysql://host/desk", "http://host/", "sqlite://", "sqlite:///:memory:", "x://[", "://"]
)
def test_what_is_no_url_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="expected a file, sqlite:///FILE or postgresql://") as error:
        parse_url(url)
    told(error)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"stories.db: cannot be opened; expected a file in a folder that exists"
    ) as error:
        Store.open(tmp_path / "none" / "stories.db")
    told(error)


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "chapter.txt"
    file.write_text("雾从江上起来的时候。" * 100, "utf-8")
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"chapter.txt: is not a database") as error:
        Store.open(file)
    told(error)
    assert file.read_bytes() == before


def test_a_file_that_may_only_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "stories.db"
    with Store.open(file) as store:
        chapter = store.create_chapter(store.create_story().id, text="雾").id
    with Store.open(f"sqlite:///file:{file}?mode=ro&uri=true") as store:
        assert store.chapter(chapter).text == "雾"
        with pytest.raises(StoreError, match="cannot be written to; check the permissions") as error:
            store.save_chapter(chapter, "江", 1)
    told(error)


def test_a_locked_file_is_told_after_some_patience(tmp_path: Path) -> None:
    file = tmp_path / "stories.db"
    with Store.open(file, patience=0.1) as store:
        chapter = store.create_chapter(store.create_story().id, text="雾").id
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert store.chapter(chapter).text == "雾"  # readers do not wait
        with pytest.raises(StoreError, match="is locked by another program") as error:
            store.save_chapter(chapter, "江", 1)
        other.execute("ROLLBACK")
        other.close()
        assert store.save_chapter(chapter, "江", 1).revision == 2
    told(error)


def test_a_locked_row_of_postgresql_is_told_after_some_patience(cluster: Cluster) -> None:
    with Store.open(cluster.empty_database(), patience=0.1) as store:
        chapter = store.create_chapter(store.create_story().id, text="雾").id
        with store.database.writing() as other:
            other.execute(text("SELECT * FROM chapters FOR UPDATE"))
            with pytest.raises(StoreError, match="is locked by another program") as error:
                store.save_chapter(chapter, "江", 1)
        assert store.save_chapter(chapter, "江", 1).revision == 2
    told(error)


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "stories.db") as store:
        chapter = store.create_chapter(store.create_story().id, text="雾").id
        store.close()  # so that all connections are made anew
        event.listen(store.database.engine, "connect", lambda made, _: made.execute("PRAGMA max_page_count = 40"))
        with pytest.raises(StoreError, match="the disk is full, and nothing was changed") as error:
            store.save_chapter(chapter, "江" * 200_000, 1)
        assert store.chapter(chapter).text == "雾"
        assert store.save_chapter(chapter, "江", 1).revision == 2
    told(error)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "stories.db"
    with Store.open(file) as store:
        store.create_chapter(store.create_story().id, text="雾" * 5000)
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged; restore a copy") as error, Store.open(file) as store:
        store.stories()
    told(error)


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be reached") as error:
        Store.open(f"postgresql://moxu:secret@/desk?host={tmp_path}")
    assert "secret" not in told(error)


def test_a_database_that_the_server_has_not_is_told(cluster: Cluster) -> None:
    with pytest.raises(StoreError, match='database "nowhere" does not exist') as error:
        Store.open(cluster.url("nowhere"))
    told(error)


def test_a_read_only_database_of_postgresql_is_told(cluster: Cluster) -> None:
    url = cluster.new_database()
    with Store.open(url) as store:
        store.create_story("长夜行")
    cluster.execute(f"ALTER DATABASE {parse_url(url).database} SET default_transaction_read_only = on")
    with Store.open(url) as store:
        assert [story.title for story in store.stories()] == ["长夜行"]
        with pytest.raises(StoreError, match="the server is read-only") as error:
            store.create_story()
    told(error)


def test_a_user_of_postgresql_without_rights_is_told(cluster: Cluster) -> None:
    url = cluster.new_database()
    cluster.execute("DROP ROLE IF EXISTS visitor")
    cluster.execute("CREATE ROLE visitor LOGIN")
    with pytest.raises(StoreError, match="this user has no right to do that") as error:
        Store.open(url.replace("moxu@", "visitor@"))
    told(error)


def test_psycopg_that_is_not_installed_is_told() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from moxu.errors import StoreError; from moxu.store.store import Store\n"
        "try: Store.open('postgresql://host/desk')\n"
        "except StoreError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "postgresql+psycopg needs psycopg; run: pip install 'moxu[postgres]'\n"


def test_what_is_committed_waits_for_the_disk(tmp_path: Path) -> None:
    with Store.open(tmp_path / "stories.db") as store, store.database.writing() as session:
        settings = {name: session.scalar(text(f"PRAGMA {name}")) for name in ("synchronous", "foreign_keys")}
        assert settings == {"synchronous": 2, "foreign_keys": 1}
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"


@pytest.mark.parametrize(("of_server", "ours"), [("off", "on"), ("on", "on"), ("remote_apply", "remote_apply")])
def test_postgresql_waits_for_the_disk_whatever_its_default(cluster: Cluster, of_server: str, ours: str) -> None:
    url = cluster.new_database()
    cluster.execute(f"ALTER DATABASE {parse_url(url).database} SET synchronous_commit = {of_server}")
    with Store.open(url) as store, store.database.writing() as session:
        assert session.scalar(text("SHOW synchronous_commit")) == ours


def test_what_fails_halfway_changes_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.database.writing() as session:  # noqa: PT012
        session.execute(text("INSERT INTO settings (key, value) VALUES ('a', '1')"))
        raise ZeroDivisionError
    assert store.settings() == {}


def test_our_own_mistakes_are_not_told_as_the_users(store: Store) -> None:
    with pytest.raises(Exception, match="nonsense") as error, store.database.reading() as session:
        session.execute(text("SELECT nonsense FROM stories"))
    assert not isinstance(error.value, StoreError)


def test_many_threads_share_a_store(store: Store) -> None:
    story = store.create_story().id
    writers = [threading.Thread(target=store.create_chapter, args=(story, str(number))) for number in range(24)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {chapter.title for chapter in store.chapters(story)} == {str(number) for number in range(24)}
