import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from mocks import ByteTokenizer, NgramModel
from moxu.serve import logs
from moxu.serve.batching.scheduler import Scheduler
from servers import running, served, wait_until

SECRET = "月下的誓言"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as ``moxu serve`` writes it."""
    stream = io.StringIO()
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    level = root.level
    logs.configure(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("moxu.serve").setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class Parrot(NgramModel):
    """Writes the secret, over and over: each byte of it leads to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.next = dict(zip(SECRET.encode() + b"|", SECRET.encode()[1:] + b"|" + SECRET.encode()[:1], strict=True))

    def extend(self, ids: Any, state: Any) -> Any:
        logits, state = super().extend(ids, state)
        for row, tokens in enumerate(ids):
            for place, token in enumerate(tokens):
                logits[row, place, self.next.get(int(token), 124)] += 1000.0
        return logits, state


class Broken(NgramModel):
    """Fails, and quotes what it read."""

    def extend(self, ids: Any, state: Any = None) -> Any:  # noqa: ARG002
        raise ValueError(ByteTokenizer().decode(ids[0]))

    prefill = extend


def test_no_word_of_a_story_is_in_the_log(new_scheduler: Callable[..., Scheduler], log: io.StringIO) -> None:
    with running(served(new_scheduler(Parrot()))) as server, server.client() as client:
        body: dict[str, Any] = {"prompt": SECRET, "max_tokens": 60, "seed": 1}
        assert client.post("/v1/completions", json=body).status_code == 200
        assert client.post("/v1/completions", json=body | {"stream": True}).status_code == 200
        messages = [{"role": "user", "content": SECRET}]
        assert client.post("/v1/chat/completions", json={"messages": messages}).status_code == 200
        for wrong in (
            {"prompt": SECRET, SECRET: 1},
            {"prompt": SECRET, "n": 10**9},
            {"prompt": SECRET, "preset": SECRET},
            {"model": SECRET},
            {"prompt": [SECRET, 1]},
        ):
            assert client.post("/v1/completions", json=wrong).status_code in (400, 404)
        assert client.post("/v1/completions", content=SECRET.encode()).status_code == 415
        assert client.get(f"/v1/models/{SECRET}?q={SECRET}").status_code == 404
        assert client.get(f"/{SECRET}", headers={"x": "y"}).status_code == 404
    told = log.getvalue()
    assert told.count('"event": "request"') == 11
    assert SECRET not in told
    assert json.dumps(SECRET).strip('"') not in told
    assert quote(SECRET) not in told


def test_no_word_of_a_story_is_in_the_log_of_a_failure(
    new_scheduler: Callable[..., Scheduler], log: io.StringIO
) -> None:
    with running(served(new_scheduler(Broken()))) as server, server.client() as client:
        answer = client.post("/v1/completions", json={"prompt": SECRET})
        assert (answer.status_code, answer.json()["error"]["type"]) == (500, "server_error")
        streamed = client.post("/v1/completions", json={"prompt": SECRET, "stream": True}).text
        assert '"type":"server_error"' in streamed
        assert SECRET not in answer.text + streamed
    errors = [line for line in lines(log) if line["level"] == "error"]
    assert {line["error"] for line in errors} == {"ValueError", "WorkerError"}
    assert any("test_logs.py" in place for line in errors for place in line["raised"])
    assert SECRET not in log.getvalue()


def test_an_exception_that_nobody_expected_is_answered_and_logged_without_its_message(
    new_scheduler: Callable[..., Scheduler], log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(served(new_scheduler())) as server, server.client() as client:
        monkeypatch.setattr(server.service.model(None).tokenizer, "encode", lambda text: [][len(text)])
        answer = client.post("/v1/completions", json={"prompt": SECRET})
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
        wait_until(lambda: "IndexError" in log.getvalue())
    assert SECRET not in log.getvalue()


def test_a_request_is_one_line_of_numbers(new_scheduler: Callable[..., Scheduler], log: io.StringIO) -> None:
    with running(served(new_scheduler())) as server, server.client() as client:
        body = {"prompt": "ab", "max_tokens": 5, "n": 2, "logit_bias": {"256": -100}}
        client.post("/v1/completions", json=body)
    (line,) = lines(log)
    assert line["event"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/completions", 200)
    assert (line["model"], line["prompt_tokens"], line["written_tokens"], line["texts"]) == ("mock", 2, 10, 2)


def test_of_a_librarys_message_only_its_place_is_told(log: io.StringIO) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved: %s", SECRET)
    (line,) = lines(log)
    assert line["logger"] == "asyncio"
    assert line["place"].startswith("test_logs:")
    assert SECRET not in log.getvalue()
