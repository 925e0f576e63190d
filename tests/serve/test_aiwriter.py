import io
import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode

from aiwriter_page import Letters, Page, closed_with, get, page
from mocks import ByteTokenizer, NgramModel
from moxu.decode.options import PRESETS
from moxu.serve import logs
from moxu.serve.aiwriter import CHARACTERS, asked_in, request_for
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.serve.problems import Problem
from moxu.writers.base import write_texts
from moxu.writers.manners import BY_ARCHITECTURE
from servers import PATIENCE, Running, running, served, wait_until

NewScheduler = Callable[..., Scheduler]


@pytest.fixture
def server(new_scheduler: NewScheduler) -> Iterator[Running]:
    with running(served(new_scheduler(Letters()))) as one:
        yield one


def test_the_page_is_greeted_and_what_it_asks_for_is_appended(server: Running) -> None:
    with Page(server, "ab") as one:
        assert isinstance(one.greeting, str)
        assert re.fullmatch("id_[0-9a-f]{20}", one.greeting)
        one.click_continue()
        message = one.take()
        assert json.loads(message) == {"op": "TXT", "txt": "cdefghijklmnopqrstuv"}
        one.click_continue()
        one.take()
        assert one.text == "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop"


def test_a_rewritten_text_takes_the_place_of_the_last(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler())) as server, Page(server, "ab") as one:
        texts = set[str]()
        for _ in range(4):
            one.click_rewrite()
            one.take()
            assert one.text.startswith("ab")
            texts.add(one.text)
        assert len(texts) > 1


def test_every_page_has_a_number_of_its_own(server: Running) -> None:
    with Page(server) as one, Page(server) as other:
        assert one.greeting != other.greeting


def test_two_pages_write_at_the_same_time(server: Running) -> None:
    with Page(server, "a") as one, Page(server, "k") as other:
        for each in (one, other, one, other):
            each.click_continue()
        for each in (one, other, one, other):
            each.take()
        assert one.text == "a" + "bcdefghijklmnopqrstu" * 2
        assert other.text == "k" + "lmnopqrstuvwxyzabcde" * 2


def test_a_text_is_written_as_the_writer_itself_writes_it(new_scheduler: NewScheduler) -> None:
    scheduler = new_scheduler(NgramModel(scale=200.0))  # so sure of itself that no seed makes a difference
    model = served(scheduler)
    with running(model) as server, Page(server, "他推开门") as one:
        one.click_continue()
        one.take()
        assert [one.text.removeprefix("他推开门")] == write_texts(scheduler, request_for("他推开门", model))


def test_a_ping_is_answered_and_a_pong_is_not(server: Running) -> None:
    with page(server) as one:
        one.recv(PATIENCE)
        one.send("[PONG]")
        one.send("[PING]")
        assert one.recv(PATIENCE) == "[PONG]"


@pytest.mark.parametrize("origin", [None, "null", "file://"])
def test_files_and_programs_are_let_in(server: Running, origin: str | None) -> None:
    with page(server, origin) as one:
        assert str(one.recv(PATIENCE)).startswith("id_")


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "https://null", "NULL", "file:///x"])
def test_a_page_of_another_site_is_refused(server: Running, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, page(server, origin):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "8.8.8.8:8266"])
def test_a_foreign_host_is_refused(server: Running, host: str) -> None:
    address = urlsplit(server.socket_url)
    with (
        socket.create_connection((address.hostname or "", address.port or 0), timeout=PATIENCE) as connection,
        pytest.raises(InvalidStatus) as refused,
        page(server, url=f"ws://{host}/", sock=connection),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_files_are_let_in_at_this_socket_only(server: Running) -> None:
    with pytest.raises(InvalidHandshake), page(server, url=server.url.replace("http", "ws")):
        pass
    with server.client(origin="null") as client:
        assert client.get("/v1/models").status_code == 403
    for path in ("/", "/v1/models", "/metrics", "/static/assets/icon.svg"):
        answer = httpx.get(server.socket_url.replace("ws", "http") + path[1:], timeout=PATIENCE)
        assert answer.status_code == 426
        assert "WebSocket" in answer.json()["error"]["message"]


HOSTILE: list[str | bytes] = [
    "",
    "get",
    "{",
    "[]",
    "null",
    "{}",
    '"get"',
    '{"op": "get"}',
    '{"op": "get", "txt": null}',
    '{"op": "get", "txt": ["a"]}',
    '{"op": "drop", "txt": "a"}',
    '{"op": 1, "txt": "a"}',
    '{"op": {"op": "get"}, "txt": "a"}',
    "[" * 100_000,
    '{"a":' * 20_000,
    "9" * 5000,
    b"\x00\xff",
    b'{"op": "get", "txt": "a"}',
]


def test_what_cannot_be_understood_is_told_and_the_talk_goes_on(server: Running) -> None:
    with page(server) as one:
        one.recv(PATIENCE)
        for message in HOSTILE:
            one.send(message)
            answer = one.recv(PATIENCE)
            assert str(answer).startswith("[ERROR] ")
            assert "\n" not in str(answer)
        one.send(get())
        assert json.loads(one.recv(PATIENCE))["txt"] == "defghijklmnopqrstuvw"


@pytest.mark.parametrize("text", ["", " \n\n", "\x00", "\ud83d", "\udc00他", "x" * 5000, "\n"])
def test_every_text_is_continued(server: Running, text: str) -> None:
    with page(server) as one:
        one.recv(PATIENCE)
        one.send(get(text))
        assert len(json.loads(one.recv(PATIENCE))["txt"]) == CHARACTERS


def test_texts_that_are_asked_for_at_once_come_one_after_the_other_up_to_a_limit(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler(Letters())), limits=Limits(waiting_messages=2)) as server, page(server) as one:
        one.recv(PATIENCE)
        for letter in "abcdefghij":
            one.send(get(letter))
        answers = [str(one.recv(PATIENCE)) for _ in range(10)]
        texts = [json.loads(answer)["txt"][0] for answer in answers if answer.startswith("{")]
        assert texts == sorted(texts)
        assert 2 <= len(texts) < 10
        assert "ask again" in next(answer for answer in answers if answer.startswith("[ERROR] "))


class Endless(Letters):
    """Thinks so long over each letter that a text is not finished by itself."""

    def extend(self, ids: Any, state: Any) -> Any:
        time.sleep(0.2)
        return super().extend(ids, state)


def test_a_page_that_is_closed_frees_its_slot_and_what_waits_is_not_written(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler(Endless()))) as server:
        with page(server) as one:
            for _ in range(4):
                one.send(get())
            wait_until(lambda: server.scheduler.stats().slots_used == 1)
        wait_until(lambda: server.scheduler.stats().slots_used == 0 and not server.service.readers)
        assert server.scheduler.stats().cancelled == 1
        assert server.scheduler.stats().tokens_written < CHARACTERS


def test_a_connection_that_is_cut_frees_its_slot(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler(Endless()))) as server, page(server) as one:
        one.send(get())
        wait_until(lambda: server.scheduler.stats().slots_used == 1)
        one.socket.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: server.scheduler.stats().slots_used == 0 and not server.service.readers)


def test_a_server_that_ends_closes_its_pages(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler(Endless()))) as server, page(server) as one, page(server) as idle:
        one.send(get())
        wait_until(lambda: server.scheduler.stats().slots_used == 1)
        server.server.should_exit = True
        assert closed_with(one) == closed_with(idle) == CloseCode.SERVICE_RESTART


def test_more_pages_than_can_be_open_are_told_to_come_again(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler()), limits=Limits(sockets=1)) as server:
        with Page(server):
            with pytest.raises(InvalidStatus) as refused, page(server):
                pass
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["retry-after"] == "2"
        wait_until(lambda: _is_open(server))


def _is_open(server: Running) -> bool:
    try:
        with Page(server):
            return True
    except InvalidStatus:
        return False


def test_without_room_or_a_model_the_page_is_told(new_scheduler: NewScheduler) -> None:
    with running() as server, page(server) as one:
        one.recv(PATIENCE)
        one.send(get())
        assert one.recv(PATIENCE) == "[ERROR] no model is loaded yet"
    with running(served(new_scheduler(Endless(), slots=1, queue=1))) as server, ExitStack() as stack:
        clients = [stack.enter_context(page(server)) for _ in range(3)]
        for client in clients:
            client.recv(PATIENCE)
        for client in clients[:2]:
            client.send(get())
            wait_until(lambda: server.scheduler.stats().slots_used == 1)
        wait_until(lambda: server.scheduler.stats().waiting == 1)
        clients[2].send(get())
        assert str(clients[2].recv(PATIENCE)).startswith("[ERROR] ")


class Broken(NgramModel):
    """Fails at its first step."""

    def extend(self, ids: Any, state: Any) -> Any:
        raise ValueError(ids, state)


def test_a_model_that_fails_is_told_of_and_the_page_may_ask_again(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler(Broken()))) as server, page(server) as one:
        one.recv(PATIENCE)
        for _ in range(2):
            one.send(get())
            assert one.recv(PATIENCE) == "[ERROR] the model failed; the log of the server says where"


def test_a_failure_of_the_server_closes_the_socket_with_a_code(
    new_scheduler: NewScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    class NoTokenizer(ByteTokenizer):
        def encode(self, text: str) -> list[int]:
            raise KeyError(text)

    with running(served(new_scheduler(), NoTokenizer())) as server, page(server) as one:
        one.send(get("a secret"))
        assert closed_with(one) == CloseCode.INTERNAL_ERROR
    assert "socket failed" in caplog.messages


def test_a_line_is_logged_of_each_socket_without_its_texts(new_scheduler: NewScheduler) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.configure(stream)
    try:
        with running(served(new_scheduler(Letters()))) as server:
            with Page(server, "secret") as one:
                one.click_continue()
                one.take()
                one.socket.send("{secret}")
                one.take()
            with pytest.raises(InvalidStatus), page(server, "http://secret.example"):
                pass
            wait_until(lambda: stream.getvalue().count("\n") >= 2)
            with server.client() as client:
                figures = client.get("/metrics").text
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.getLogger("moxu.serve").setLevel(logging.NOTSET)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    sockets = {line["status"]: line for line in lines if line["event"] == "socket"}
    counts = {"texts": 1, "prompt_tokens": 6, "written_tokens": CHARACTERS, "errors": 1}
    assert sockets[101].items() >= (counts | {"model": "mock", "method": "GET"}).items()
    assert 403 in sockets
    assert "secret" not in stream.getvalue()
    assert 'moxu_texts_total{model="mock",reason="length"} 1.0' in figures
    assert 'moxu_written_tokens_total{model="mock"} 20.0' in figures
    assert "moxu_aiwriter_sockets 0.0" in figures


def test_texts_are_prepared_and_drawn_as_ai_writer_does(new_scheduler: NewScheduler) -> None:
    model = replace(served(new_scheduler()), manner=BY_ARCHITECTURE["aiwriter1"])
    request = request_for("　这是\r\n\n\n　一颗 \n", model)
    assert request.prompt == "\n这是\n一颗"
    assert request.options == PRESETS["aiwriter1"]
    assert (request.options.top_p, request.options.top_p_newline, request.max_chars) == (0.75, 0.9, 20)
    assert request.seed is None


def test_half_a_character_at_the_beginning_is_left_out() -> None:
    assert asked_in('{"op": "GET", "txt": "\\ude00他\\ud83d\\ude00"}') == "他😀"
    with pytest.raises(Problem, match="txt is missing"):
        asked_in('{"op": "get", "text": "他"}')
