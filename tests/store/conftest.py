"""A store on each kind of database, fresh for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from editors import empty
from moxu.store.store import Store
from postgres import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server; tests that ask for it are skipped where there is none."""
    server = Cluster()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stories.db'}"
    server: Cluster = request.getfixturevalue("cluster")
    return server.empty_database()


@pytest.fixture(scope="session")
def desk(cluster: Cluster) -> Iterator[Store]:
    """A store on PostgreSQL that tests share, because making one takes a while."""
    with Store.open(cluster.new_database()) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "sqlite":
        with Store.open(tmp_path / "stories.db") as opened:
            yield opened
    else:
        shared: Store = request.getfixturevalue("desk")
        yield shared
        empty(shared)
