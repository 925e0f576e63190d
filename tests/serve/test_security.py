import contextlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.serve.security import is_loopback, origin_host
from servers import Running, SlowModel, running, served, wait_until

KEY = "a-long-enough-key"
SMALL = Limits(body_bytes=2000, header_bytes=4000, arrival_seconds=0.5, requests=2)


@pytest.fixture
def small(new_scheduler: Callable[..., Scheduler]) -> Iterator[Running]:
    """A server that bears little."""
    with running(served(new_scheduler(SlowModel())), limits=SMALL) as one:
        yield one


@pytest.fixture
def locked(new_scheduler: Callable[..., Scheduler]) -> Iterator[Running]:
    """A server with a key."""
    with running(served(new_scheduler()), keys=("another-key", KEY)) as one:
        yield one


def script_of(client: httpx.Client) -> str:
    """Return the address of the page's script."""
    return client.get("/").text.partition('src="')[2].partition('"')[0]


def ask(server: Running, head: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Send a request exactly so, and return the status and the error object, or {}."""
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
        connection.sendall(head.replace("\n", "\r\n").replace("HOST", parts.netloc).encode() + b"\r\n\r\n" + body)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, json.loads(answer.read()).get("error", {})


HOSTS = ("evil.example", "127.0.0.1.evil.example", "8.8.8.8", "", "localhost.evil", "localhost:1@evil", "[::1")


@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_is_refused(small: Running, host: str) -> None:
    status, error = ask(small, f"GET /healthz HTTP/1.1\nHost: {host}")
    assert status == 403
    assert error["code"] == "foreign_host"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "LocalHost:99", "[::1]:8265"])
def test_loopback_has_several_names(small: Running, host: str) -> None:
    assert ask(small, f"GET /healthz HTTP/1.1\nHost: {host}")[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "http://HOST/x"])
def test_a_page_of_another_origin_is_refused(small: Running, origin: str) -> None:
    status, error = ask(small, f"GET /v1/models HTTP/1.1\nHost: HOST\nOrigin: {origin}")
    assert (status, error["code"]) == (403, "foreign_origin")


def test_the_page_of_the_server_itself_is_answered(small: Running) -> None:
    assert ask(small, "GET /v1/models HTTP/1.1\nHost: HOST\nOrigin: http://HOST")[0] == 200


def test_a_server_with_keys_answers_only_who_brings_one(locked: Running) -> None:
    for header in ("", "\nAuthorization: Bearer wrong", f"\nAuthorization: Basic {KEY}", "\nAuthorization: Bearer "):
        status, error = ask(locked, f"GET /v1/models HTTP/1.1\nHost: HOST{header}")
        assert (status, error["code"]) == (401, "invalid_api_key")
    for key in (KEY, "another-key"):
        assert ask(locked, f"GET /v1/models HTTP/1.1\nHost: HOST\nAuthorization: Bearer {key}")[0] == 200


def test_health_and_the_page_need_no_key_but_figures_do(locked: Running) -> None:
    with locked.client() as client:
        statuses = {path: client.get(path).status_code for path in ("/", "/healthz", "/readyz", script_of(client))}
        assert set(statuses.values()) == {200}
        assert {client.get(path).status_code for path in ("/metrics", "/openapi.json", "/v1/nothing")} == {401}


def test_keys_are_kept_as_digests_only(locked: Running) -> None:
    assert KEY.encode() not in b"".join(locked.service.keys)
    assert all(len(kept) == 32 for kept in locked.service.keys)


JSON_POST = "POST /v1/completions HTTP/1.1\nHost: HOST\nContent-Type: application/json\n"


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(small: Running) -> None:
    status, error = ask(small, JSON_POST + "Content-Length: 99999999")
    assert (status, error["code"]) == (413, "body_too_large")


def test_a_body_in_pieces_is_refused_when_it_becomes_too_large(small: Running) -> None:
    chunks = b"3e8\r\n" + b"a" * 1000 + b"\r\n"
    status, error = ask(small, JSON_POST + "Transfer-Encoding: chunked", chunks * 3)
    assert (status, error["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "header", ["", "Content-Type: text/plain\n", "Content-Type: application/x-www-form-urlencoded\n"]
)
def test_what_a_form_of_another_page_could_send_is_refused(small: Running, header: str) -> None:
    head = f"POST /v1/completions HTTP/1.1\nHost: HOST\n{header}Content-Length: 2"
    status, error = ask(small, head, b"{}")
    assert (status, error["code"]) == (415, "unsupported_type")


@pytest.mark.parametrize(
    ("path", "header", "expected"),
    [
        ("/api/extra/abort", "", 200),
        ("/api/extra/abort", "Content-Type: \n", 415),
        ("/api/extra/abort", "Content-Type: application/x-www-form-urlencoded\n", 415),
        ("/v1/completions", "", 400),
    ],
)
def test_only_where_nothing_is_sent_a_post_may_have_no_type(
    small: Running, path: str, header: str, expected: int
) -> None:
    head = f"POST {path} HTTP/1.1\nHost: HOST\n{header}Content-Length: "
    assert ask(small, head + "0")[0] == expected
    assert ask(small, head + "2", b"{}")[0] == 415


def test_a_head_that_is_too_long_is_refused(small: Running) -> None:
    status, error = ask(small, "GET /healthz HTTP/1.1\nHost: HOST\nX: " + "a" * 9000)
    assert (status, error["code"]) == (431, "head_too_large")
    status, error = ask(small, "GET /healthz HTTP/1.1\nHost: HOST\nX: " + "a" * 200_000)
    assert (status, error["code"]) == (400, "invalid_http")


def test_what_is_no_http_is_refused(small: Running) -> None:
    assert ask(small, "nothing known")[1]["code"] == "invalid_http"


def test_a_body_that_does_not_come_is_not_waited_for(small: Running) -> None:
    parts = urlsplit(small.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
        connection.sendall(
            (JSON_POST.replace("HOST", parts.netloc).replace("\n", "\r\n") + "Content-Length: 100\r\n\r\n{").encode()
        )
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (408, "timeout")


def test_a_head_that_does_not_come_whole_is_not_waited_for(small: Running) -> None:
    parts = urlsplit(small.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
        connection.sendall(b"GET /healthz HT")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (408, "timeout")


def test_a_connection_that_says_nothing_is_closed(small: Running) -> None:
    parts = urlsplit(small.url)
    with (
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection,
        contextlib.suppress(ConnectionResetError),  # it may be closed either way
    ):
        assert connection.recv(100) == b""


@pytest.mark.parametrize("body", [b'{"prompt": "\xff"}', '{"prompt": "x"}'.encode("utf-16")])
def test_a_body_that_is_not_utf_8_is_refused(small: Running, body: bytes) -> None:
    status, error = ask(small, JSON_POST + f"Content-Length: {len(body)}", body)
    assert (status, error["code"]) == (400, "invalid_json")


def test_browsers_are_told_what_they_may_do(small: Running) -> None:
    with small.client() as client:
        for path in ("/", script_of(client), "/nothing", "/v1/models"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"


def test_more_requests_than_can_be_answered_are_told_to_come_again(small: Running) -> None:
    endless = {"stream": True, "max_tokens": 16000, "logit_bias": {"256": -100}}
    with (
        small.client() as client,
        client.stream("POST", "/v1/completions", json=endless) as one,
        client.stream("POST", "/v1/completions", json=endless) as other,
    ):
        assert (one.status_code, other.status_code) == (200, 200)
        refused = client.get("/v1/models")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["code"] == "unavailable"
        assert client.get("/healthz").status_code == 200
    wait_until(lambda: small.scheduler.stats().slots_used == 0)


def test_more_connections_than_may_be_open_are_told_to_come_again(new_scheduler: Callable[..., Scheduler]) -> None:
    with (
        running(served(new_scheduler()), limits=Limits(connections=2)) as server,
        server.client() as first,
        server.client() as second,
        server.client() as third,
    ):
        assert [client.get("/healthz").status_code for client in (first, second)] == [200, 200]
        refused = third.get("/v1/models")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["code"] == "unavailable"
        assert first.get("/v1/models").status_code == 200  # who was here before is answered
        second.close()
        wait_until(lambda: len(server.server.server_state.connections) == 1)
        assert third.get("/v1/models").status_code == 200


def test_a_connection_too_many_that_says_nothing_is_closed_at_once(new_scheduler: Callable[..., Scheduler]) -> None:
    with running(served(new_scheduler()), limits=Limits(connections=0, arrival_seconds=1e6)) as server:
        parts = urlsplit(server.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
            assert connection.recv(100) == b""


@pytest.mark.parametrize("name", ["..", "../../etc/passwd", "/etc/passwd", "%2e%2e%2fetc", "C:\\x", "a\x00b"])
def test_a_model_name_is_never_a_path(small: Running, name: str) -> None:
    with small.client() as client:
        answer = client.post("/v1/completions", json={"model": name})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    status, error = ask(small, f"GET /static/{name.replace(chr(0), '%00')} HTTP/1.1\nHost: HOST")
    assert status in (400, 404)
    assert error["type"] == "invalid_request_error"


def test_loopback_is_told_from_other_addresses() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.3", "example.org", "")))


def test_only_pages_have_a_host() -> None:
    assert origin_host("https://A.example:8") == "a.example:8"
    assert [origin_host(one) for one in ("null", "file:///x", "", "http://[x", "ftp://a")] == [None] * 5
