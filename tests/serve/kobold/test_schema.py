import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kobold_client import ABORT, CHECK, GENERATE, LIMITS, STREAM
from mocks import ByteTokenizer, NgramModel
from moxu.serve.batching.scheduler import Scheduler
from servers import running, served


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a server whose model is quick."""
    model = served(Scheduler(NgramModel(), ByteTokenizer(), "mock"))
    with running(model, limits=LIMITS) as server, server.client() as one:
        yield one


WRONG: dict[str, list[Any]] = {
    "prompt": [None, 3, ["a"], "a" * 1001],
    "memory": [3, "a" * 1000],
    "max_length": [0, -1, 10**9, 10**400, 1.5, "30", True, [], {}],
    "max_context_length": [0, -5, 1, 2**60, "a", 2.5],
    "n": [0, -1, 5, 10**6, "2", True],
    "temperature": [-1, 11, "hot", True, [1]],
    "top_p": [-0.1, 1.1, "a"],
    "min_p": [-1, 2],
    "top_k": ["a", 1.5, True],
    "rep_pen": [0, -1, 100, "a"],
    "rep_pen_range": [-1, "a", 10**30],
    "sampler_seed": ["a", 1.5, True],
    "stop_sequence": [3, [3], {"a": 1}, ["a" * 201], [str(number) for number in range(65)]],
    "logit_bias": [[], {"a": 1}, {"258": 1}, {"-1": 1}, {"1": "a"}, {"1": 1000}],
    "banned_tokens": ["a", [3], ["ab"], ["a" * 300]],
    "sampler_order": ["6,0", [None], {}],
    "genkey": [3, [], "k" * 201],
    "singleline": ["perhaps", 3],
    "grammar": ['root ::= "a"'],
    "images": [["aGk="]],
    "soft_prompt": ["../mood"],
    "use_story": [True],
}
HOSTILE: list[Any] = [
    None,
    [],
    "abc",
    3,
    {},
    *({"prompt": "a", name: value} for name in WRONG for value in WRONG[name]),
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: json.dumps(body)[:50])
def test_what_cannot_be_granted_is_refused_with_kobolds_error(client: httpx.Client, body: Any) -> None:
    for path in (GENERATE, STREAM):
        answer = client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
        assert answer.status_code == 400, answer.text
        assert set(answer.json()) == {"detail"}
        assert set(answer.json()["detail"]) == {"msg", "type"}


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"prompt": "\\ud800"}', b'{"prompt": NaN}', b"[" * 100_000, b""])
def test_what_is_no_json_is_refused_with_kobolds_error(client: httpx.Client, body: bytes) -> None:
    for path in (GENERATE, STREAM, "/api/extra/tokencount"):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400, answer.text
        assert set(answer.json()["detail"]) == {"msg", "type"}


@pytest.mark.parametrize("path", [CHECK, ABORT])
@pytest.mark.parametrize("body", [{"genkey": 3}, {"genkey": "k" * 201}, [], "k"])
def test_a_key_is_a_short_text(client: httpx.Client, path: str, body: Any) -> None:
    assert client.post(path, json=body).status_code == 400
