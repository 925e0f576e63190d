"""Fixtures that any test may use."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests_paths import REPOSITORY

if TYPE_CHECKING:  # what these tests do not use need not be loaded for them
    from moxu.store.store import Store
    from postgres import Cluster

settings.register_profile("moxu", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("moxu")


@pytest.fixture(scope="session", autouse=True)
def stories_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let every server that is started as a user would keep its stories in a file of the tests', not in the user's."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MOXU_DATABASE", str(tmp_path_factory.mktemp("stories") / "moxu.sqlite"))
        yield


@pytest.fixture(scope="session")
def golden() -> Path:
    """The small golden sets in the repository."""
    return REPOSITORY / "tests" / "golden"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The full golden sets beside the repository; the test is skipped where they are not."""
    path = REPOSITORY.parent / "shared" / "reference"
    if not path.is_dir():
        pytest.skip("the reference data are not beside the repository")
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator["Cluster"]:
    """A PostgreSQL server; tests that ask for it are skipped where there is none."""
    from postgres import Cluster

    server = Cluster()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stories.db'}"
    server: Cluster = request.getfixturevalue("cluster")
    return server.empty_database()


@pytest.fixture(scope="session")
def shared_store(cluster: "Cluster") -> Iterator["Store"]:
    """A store on PostgreSQL that tests share, because making one takes a while."""
    from moxu.store.store import Store

    with Store.open(cluster.new_database()) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["Store"]:
    """An empty store, on each kind of database."""
    from editors import empty
    from moxu.store.store import Store

    if request.param == "sqlite":
        with Store.open(tmp_path / "stories.db") as opened:
            yield opened
    else:
        shared: Store = request.getfixturevalue("shared_store")
        yield shared
        empty(shared)
