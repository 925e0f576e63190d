import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from moxu.serve import logs
from moxu.serve.metrics import Metrics
from moxu.serve.outcomes import Outcomes
from moxu.serve.service import Service


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as ``moxu serve`` writes it."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.configure(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("moxu.serve").setLevel(logging.NOTSET)


class Answering:
    """An application that sends these messages, and then fails if it is to."""

    def __init__(self, *messages: Message, error: Exception | None = None) -> None:
        self.messages, self.error = messages, error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        for message in self.messages:
            await send(message)
        if self.error is not None:
            raise self.error


def ask(app: Answering, kind: str = "http", method: str = "GET") -> tuple[list[Message], str]:
    """Return what is sent through the middleware, and the figures afterwards."""
    sent: list[Message] = []
    metrics = Metrics(Service({}))

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope: Scope = {"type": kind, "method": method, "path": "/v1/x", "headers": []}
    asyncio.run(Outcomes(app, metrics)(scope, receive, send))
    return sent, metrics.exposition().decode()


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


START: Message = {"type": "http.response.start", "status": 201, "headers": []}


def test_a_request_is_logged_once_and_counted_once(log: io.StringIO) -> None:
    sent, figures = ask(Answering(START, {"type": "http.response.body", "body": b""}), method="MADE-UP")
    assert sent[0] is START
    (line,) = lines(log)
    assert (line["event"], line["method"], line["status"]) == ("request", "other", 201)
    assert 'moxu_requests_total{method="other",route="unmatched",status="201"} 1.0' in figures


def test_a_failure_is_answered_and_its_answer_logged_and_counted(log: io.StringIO) -> None:
    sent, figures = ask(Answering(error=ValueError("a secret")))
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["error"]["code"] == "internal_error"
    failed, line = lines(log)
    assert (failed["event"], failed["error"], line["status"]) == ("request failed", "ValueError", 500)
    assert 'status="500"} 1.0' in figures
    assert "secret" not in log.getvalue() + str(sent)


def test_a_failure_in_the_midst_of_an_answer_cuts_the_connection(log: io.StringIO) -> None:
    with pytest.raises(ValueError, match="secret"):
        ask(Answering(START, error=ValueError("a secret")))
    assert [line["event"] for line in lines(log)] == ["request failed", "request"]
    assert lines(log)[1]["status"] == 201


@pytest.mark.parametrize(("message", "status"), [("websocket.accept", 101), ("websocket.close", 403)])
def test_a_socket_is_logged_and_counts_as_no_request(log: io.StringIO, message: str, status: int) -> None:
    _, figures = ask(Answering({"type": message}), kind="websocket")
    (line,) = lines(log)
    assert (line["event"], line["status"]) == ("socket", status)
    assert "moxu_requests_total{" not in figures
