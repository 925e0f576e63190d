"""The document that describes the whole server, and what it answers to whatever that allows, or does not."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from mocks import ByteTokenizer, NgramModel
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.store.store import Store
from servers import Running, running, served

BOUNDED = settings(
    max_examples=2,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SHORT = Limits(max_tokens=8, max_chars=8, n=2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    scheduler = Scheduler(NgramModel(), ByteTokenizer(), "mock")
    with running(served(scheduler), limits=SHORT, store=Store.open(tmp_path_factory.mktemp("desk") / "desk.db")) as one:
        yield one


def statuses(server: Running, mode: GenerationMode) -> Counter[tuple[str, int]]:
    """Return how often each operation gave each status to requests that are as described, or that are not."""
    told: Counter[tuple[str, int]] = Counter()
    for found in schemathesis.openapi.from_url(f"{server.url}/openapi.json").get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case[Any]) -> None:
            told[case.operation.label, case.call(timeout=30).status_code] += 1

        try:
            ask()
        except Unsatisfiable:  # nothing can be wrong with a request that has no parameters and no body
            continue
    return told


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_makes_the_server_fail(server: Running, mode: GenerationMode) -> None:
    told = statuses(server, mode)
    assert told
    assert [asked for asked in told if asked[1] >= 500] == []


def test_what_is_refused_is_described_as_it_is_answered(server: Running) -> None:
    with server.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    answers = [operation["responses"].keys() for path in paths.values() for operation in path.values()]
    assert all("4XX" in one and "422" not in one for one in answers)  # the framework's own would be 422
