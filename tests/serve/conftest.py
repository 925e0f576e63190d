"""Fixtures for everything that serves."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from editors import empty
from mocks import ByteTokenizer, NgramModel
from moxu.language_model import LanguageModel
from moxu.serve.batching.scheduler import Scheduler
from moxu.store.store import Store
from moxu.text.tokenizer import Tokenizer
from servers import Running, running

NewScheduler = Callable[..., Scheduler]


@pytest.fixture
def new_scheduler() -> Iterator[NewScheduler]:
    """Make schedulers over a model (by default one that counts what it reads); all are closed after the test."""
    made: list[Scheduler] = []

    def make(
        model: LanguageModel | None = None, tokenizer: Tokenizer | None = None, name: str = "mock", **options: Any
    ) -> Scheduler:
        made.append(Scheduler(model or NgramModel(), tokenizer or ByteTokenizer(), name, **options))
        return made[-1]

    yield make
    for scheduler in made:
        scheduler.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server without a model, over a store on each kind of database."""
    if request.param == "sqlite":
        store = Store.open(tmp_path_factory.mktemp("desk") / "stories.db")
    else:
        store = request.getfixturevalue("shared_store")  # whose connections are made anew after each server
    with running(store=store) as server:
        yield server


@pytest.fixture
def desk(desk_server: Running) -> Iterator[httpx.Client]:
    """A client of a desk on which there is nothing yet."""
    with desk_server.client() as client:
        yield client
    assert desk_server.service.store is not None
    empty(desk_server.service.store)


@pytest.fixture
def story(desk: httpx.Client) -> int:
    """A story on that desk."""
    return int(desk.post("/desk/stories", json={"title": "长夜行"}).json()["id"])


@pytest.fixture
def chapter(desk: httpx.Client, story: int) -> int:
    """Its first chapter: revision 1 is 雾."""
    answer = desk.post(f"/desk/stories/{story}/chapters", json={"title": "渡口", "text": "雾"})
    return int(answer.json()["id"])
