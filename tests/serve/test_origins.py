from collections.abc import Callable, Iterator

import httpx
import pytest

from moxu.errors import SettingsError
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.serve.origins import origins_of
from servers import Running, SlowModel, running, served

LITE, OWN = "https://lite.koboldai.net", "http://127.0.0.1:9999"
KEY = "a-long-enough-key"


@pytest.fixture
def server(new_scheduler: Callable[..., Scheduler]) -> Iterator[Running]:
    """A server with a key, for the pages of two other origins, which bears little."""
    limits = Limits(body_bytes=2000, requests=1)
    with running(served(new_scheduler(SlowModel())), limits=limits, keys=(KEY,), origins=(LITE, OWN)) as one:
        yield one


def preflight(client: httpx.Client, origin: str, path: str = "/v1/completions", **more: str) -> httpx.Response:
    headers = {"origin": origin, "access-control-request-method": "POST", **more}
    return client.options(path, headers=headers)


@pytest.mark.parametrize("origin", [LITE, OWN])
def test_a_browser_that_asks_for_an_allowed_page_is_told_what_it_may_send(server: Running, origin: str) -> None:
    with server.client() as client:
        answer = preflight(client, origin, **{"access-control-request-headers": "authorization,content-type"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == origin
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-credentials" not in answer.headers
    assert "access-control-allow-private-network" not in answer.headers


def test_an_allowed_page_may_reach_from_the_network_into_this_machine(server: Running) -> None:
    asks = {"access-control-request-private-network": "true"}
    with server.client() as client:
        assert preflight(client, LITE, **asks).headers["access-control-allow-private-network"] == "true"
        assert "access-control-allow-private-network" not in preflight(client, "https://evil.example", **asks).headers


def test_an_allowed_page_reads_its_answers(server: Running) -> None:
    with server.client(origin=LITE, authorization=f"Bearer {KEY}") as client:
        answers = [client.get("/v1/models"), client.post("/v1/completions", json={"prompt": "a", "max_tokens": 3})]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == LITE
        assert answer.headers["access-control-expose-headers"] == "moxu-ignored, retry-after"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


def test_an_allowed_page_reads_why_it_was_refused(server: Running) -> None:
    endless = {"stream": True, "max_tokens": 16000, "logit_bias": {"256": -100}}
    with server.client(origin=LITE) as stranger, server.client(origin=LITE, authorization=f"Bearer {KEY}") as client:
        answers = [
            stranger.get("/v1/models"),
            client.get("/nothing"),
            client.post("/v1/completions", json={"prompt": "a" * 3000}),
            client.post("/v1/completions", content=b"{}"),
            client.post("/v1/completions", json={"n": 0}),
        ]
        with client.stream("POST", "/v1/completions", json=endless) as streamed:
            answers += [streamed, client.get("/v1/models")]
    assert [answer.status_code for answer in answers] == [401, 404, 413, 415, 400, 200, 503]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {LITE}


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://lite.koboldai.net", LITE + ":444", LITE + ".evil.example", LITE + "/"],
)
def test_the_pages_of_all_other_origins_are_refused(server: Running, origin: str) -> None:
    with server.client(authorization=f"Bearer {KEY}") as client:
        for answer in (client.get("/v1/models", headers={"origin": origin}), preflight(client, origin)):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["vary"] == "Origin"


def test_nobody_but_an_allowed_page_is_told_what_it_may_send(server: Running) -> None:
    with server.client() as client:
        for answer in (
            preflight(client, server.url),
            client.options("/", headers={"access-control-request-method": ""}),
        ):
            assert answer.status_code in (401, 405)
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_an_allowed_origin_opens_no_foreign_host(server: Running) -> None:
    with server.client() as client:
        answer = preflight(client, LITE, host="evil.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_host")


def test_no_origin_is_allowed_by_itself(new_scheduler: Callable[..., Scheduler]) -> None:
    with running(served(new_scheduler())) as server, server.client() as client:
        assert preflight(client, LITE).status_code == 403
        plain = client.get("/v1/models", headers={"origin": server.url})
        assert plain.status_code == 200
        assert not [name for name in plain.headers if name.startswith("access-control") or name == "vary"]


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        (LITE, LITE),
        ("HTTPS://Lite.KoboldAI.net:443", LITE),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://例子.example", "https://xn--fsqu00a.example"),
    ],
)
def test_an_origin_is_taken_as_browsers_write_it(value: str, origin: str) -> None:
    assert origins_of([value]) == {origin}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("*", "would let every page in"),
        ("null", "opened as a file or in a sandbox"),
        ("https://lite.koboldai.net/", "an origin has no path; give https://lite.koboldai.net$"),
        ("https://a.example/page?x=1", "give https://a.example$"),
        ("https://a.example?x", "give https://a.example$"),
        ("https://a.example#", "give https://a.example$"),
        *((value, "is no origin of web pages") for value in ("", "a.example", "file:///x", "ftp://a.example")),
        *((value, "is no origin of web pages") for value in ("https://", "https://*.example", "https://u@a.example")),
        *((value, "is no origin of web pages") for value in ("https://a.example:99999", "https://[x", "https://a b")),
        *(
            (value, "is no origin of web pages")
            for value in ("https://a\\b", "https://a..\u3002example", "//a.example")
        ),
    ],
)
def test_what_is_no_origin_is_told_in_one_line(value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        origins_of([LITE, value])
    assert "\n" not in str(caught.value)


def test_an_allowed_page_may_send_the_headers_that_it_asks_for() -> None:
    with running(origins=(LITE,)) as server, server.client() as client:
        asked = preflight(client, LITE, **{"access-control-request-headers": "content-type, x-stainless-os"})
        assert asked.headers["access-control-allow-headers"] == "content-type, x-stainless-os"
        strange = preflight(client, LITE, **{"access-control-request-headers": "a: b"})
        assert strange.headers["access-control-allow-headers"] == "authorization, content-type"
