import json
import logging
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from websockets.frames import CloseCode, Frame, Opcode

from aiwriter_page import HANDSHAKE, Letters, Page, closed_with, deaf, get, page, send_until_cut
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from servers import PATIENCE, Running, running, served

NewScheduler = Callable[..., Scheduler]


@pytest.fixture
def server(new_scheduler: NewScheduler) -> Iterator[Running]:
    with running(served(new_scheduler(Letters()))) as one:
        yield one


def test_a_message_that_is_too_long_closes_its_socket_and_no_other(new_scheduler: NewScheduler) -> None:
    limits = Limits(message_bytes=1000)
    with running(served(new_scheduler(Letters())), limits=limits) as server, Page(server, "a") as other:
        other.click_continue()
        with page(server) as one:
            one.send(get("x" * 1000))
            assert closed_with(one) == CloseCode.MESSAGE_TOO_BIG
        other.take()
        assert other.text == "abcdefghijklmnopqrstu"


def test_a_message_in_too_many_parts_closes_its_socket(server: Running) -> None:
    with page(server) as one:
        one.socket.sendall(Frame(Opcode.TEXT, b"{", fin=False).serialize(mask=True))
        one.socket.sendall(Frame(Opcode.CONT, b"", fin=False).serialize(mask=True) * 3000)
        assert closed_with(one) == CloseCode.MESSAGE_TOO_BIG


def test_a_message_in_parts_is_read_whole(server: Running) -> None:
    with page(server) as one:
        one.recv(PATIENCE)
        one.send(iter(get("他a")))
        assert json.loads(one.recv(PATIENCE))["txt"].startswith("bcd")


def test_a_text_that_is_no_text_closes_its_socket_and_is_no_error_of_the_server(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with page(server) as one:
        one.recv(PATIENCE)
        one.socket.sendall(Frame(Opcode.TEXT, b'{"op": "\xff').serialize(mask=True))
        assert closed_with(one) == CloseCode.INVALID_DATA
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("flood", [[get()] * 1000, ["?"] * 1000])
def test_a_client_that_takes_nothing_is_cut_and_others_are_answered(
    new_scheduler: NewScheduler, flood: list[str]
) -> None:
    limits = Limits(slow_reader_seconds=0.5)
    with running(served(new_scheduler(Letters())), limits=limits) as server, Page(server, "a") as other:
        frames = b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in flood)
        other.click_continue()
        with deaf(server) as connection:
            send_until_cut(connection, frames)
        other.take()
        assert other.text == "abcdefghijklmnopqrstu"


def test_a_client_that_pings_and_takes_no_pong_is_cut(server: Running) -> None:
    with deaf(server) as connection:
        send_until_cut(connection, Frame(Opcode.PING, b"p" * 125).serialize(mask=True) * 1000)


@pytest.mark.parametrize(
    "line", ["X: " + "a" * 9000, "X:1\n" * 200 + "X: 1", "X: \xff", "Sec-WebSocket-Protocol: \xff,,", "Origin: null"]
)
def test_a_strange_handshake_harms_nobody(server: Running, line: str, caplog: pytest.LogCaptureFixture) -> None:
    address = urlsplit(server.socket_url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=PATIENCE) as raw:
        head = HANDSHAKE.format(address.netloc).replace("Origin: null", line)
        raw.sendall(head.replace("\n", "\r\n").encode("latin-1"))
        assert raw.recv(12) in (b"HTTP/1.1 101", b"HTTP/1.1 400", b"HTTP/1.1 431")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    with Page(server):
        pass


def test_a_socket_is_not_cut_for_saying_nothing(new_scheduler: NewScheduler) -> None:
    limits = Limits(arrival_seconds=0.01)
    with running(served(new_scheduler(Letters())), limits=limits) as server, page(server) as one:
        one.recv(PATIENCE)
        with pytest.raises(TimeoutError):
            one.recv(1.5)
        one.send(get())
        assert str(one.recv(PATIENCE)).startswith("{")


def test_a_client_that_answers_no_ping_is_cut(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler()), limits=Limits(ping_seconds=0.1)) as server, deaf(server) as connection:
        received = b""
        while piece := connection.recv(4096):
            received += piece
    assert received.endswith(Frame(Opcode.CLOSE, b"\x03\xf3keepalive ping timeout").serialize(mask=False))


def test_a_client_that_answers_pings_is_kept(new_scheduler: NewScheduler) -> None:
    with running(served(new_scheduler(Letters())), limits=Limits(ping_seconds=0.1)) as server, Page(server) as one:
        with pytest.raises(TimeoutError):
            one.socket.recv(0.5)
        one.click_continue()
        assert one.take().startswith("{")
