import socket
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from servers import Running, SlowModel, running, served, wait_until

ENDLESS = {"prompt": "ab", "stream": True, "max_tokens": 16000, "logit_bias": {"256": -100}}


@pytest.fixture
def server(new_scheduler: Callable[..., Scheduler]) -> Iterator[Running]:
    with running(served(new_scheduler(SlowModel()))) as one:
        yield one


def test_it_is_ready_while_its_scheduler_is_healthy(server: Running) -> None:
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
        server.scheduler.close()
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_without_a_model_it_is_alive_but_not_ready() -> None:
    with running() as server, server.client() as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        answer = client.post("/v1/completions", json={})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert "retry-after" in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/v1/nothing", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/v1/completions", 405),
        ("DELETE", "/v1/models", 405),
    ],
)
def test_what_is_not_there_is_told_with_the_error_object(server: Running, method: str, path: str, status: int) -> None:
    with server.client() as client:
        answer = client.request(method, path, json={} if method == "POST" else None)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_client_that_leaves_a_stream_frees_its_slots(server: Running) -> None:
    with server.client() as client, client.stream("POST", "/v1/completions", json=ENDLESS) as answer:
        lines = answer.iter_lines()  # closes the connection when it is dropped
        next(lines)
        assert server.service.readers
    wait_until(lambda: server.scheduler.stats().slots_used == 0 and not server.service.readers)


def test_a_client_that_leaves_before_its_answer_frees_its_slots(server: Running) -> None:
    with server.client() as client, pytest.raises(httpx.ReadTimeout):
        client.post("/v1/completions", json=ENDLESS | {"stream": False}, timeout=0.3)
    wait_until(lambda: server.scheduler.stats().slots_used == 0 and not server.service.readers)
    assert server.scheduler.stats().cancelled == 1


def test_a_client_that_reads_nothing_is_cut_off(new_scheduler: Callable[..., Scheduler]) -> None:
    limits = Limits(slow_reader_seconds=0.3, waiting_bytes=10**6, send_buffer=4096)
    with running(served(new_scheduler()), limits=limits) as server:
        parts = urlsplit(server.url)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((parts.hostname, parts.port))
            request = httpx.Request("POST", server.url + "/v1/completions", json=ENDLESS | {"logprobs": 20, "n": 16})
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            deaf.sendall(f"POST /v1/completions HTTP/1.1\r\n{head}\r\n".encode() + request.content)
            wait_until(lambda: server.scheduler.stats().cancelled == 1)
            wait_until(lambda: not server.server.server_state.connections and not server.service.readers)


def test_when_the_server_stops_every_stream_gets_its_end(server: Running) -> None:
    lines: list[str] = []
    begun = threading.Event()

    def read() -> None:
        with server.client() as client, client.stream("POST", "/v1/completions", json=ENDLESS) as answer:
            for line in answer.iter_lines():
                lines.append(line)
                begun.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(20)
    server.server.should_exit = True
    thread.join(20)
    assert [line for line in lines if line][-1] == "data: [DONE]"
    assert '"finish_reason":"length"' in lines[-4]


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_what_watches_a_server_may_ask_for_heads_alone(server: Running, path: str) -> None:
    with server.client() as client:
        answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
