"""HTTP as uvicorn speaks it, with our patience: neither slow writers nor slow readers hold a connection for ever."""

import asyncio
import json
import socket
from http import HTTPStatus
from typing import ClassVar

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from moxu.serve.limits import Limits
from moxu.serve.outcomes import Outcomes
from moxu.serve.problems import Problem, as_openai, response, unavailable

GRACE = 1.0  # seconds, in which a body that is late gets an answer before its connection is cut


class PatientProtocol(H11Protocol):
    """A connection; it is cut when a request does not arrive whole, or nothing of its answer is taken, in time.

    One that finds too many others open may ask once, at once, and is told to come again; theirs are answered as ever.
    """

    limits: ClassVar[Limits]
    _arrival: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.limits.send_buffer)
        patience = self.limits.arrival_seconds
        if len(self.connections) > self.limits.connections:
            self.app, patience = Outcomes(_turn_away), 0.0
        self._arrival = self.loop.call_later(patience + GRACE, self._give_up)

    def data_received(self, data: bytes) -> None:
        if self._arrival is None:
            self._arrival = self.loop.call_later(self.limits.arrival_seconds + GRACE, self._give_up)
        super().data_received(data)
        if self.conn.their_state is not h11.SEND_BODY and self.conn.their_state is not h11.IDLE:
            self._stop_arrival()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_arrival()
        self._stop_reading()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_reading()
        self._reading = self.loop.call_later(self.limits.slow_reader_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_reading()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._stop_arrival()  # its head is here; how long a socket may take is its own matter
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has too long a head, with the error object that all others get."""
        message = f"{msg} Its head may have {self.limits.header_bytes:,} bytes."
        self._refuse(Problem(400, message, code="invalid_http"))

    def _give_up(self) -> None:
        """Cut a connection whose request is late; a head of which only a part has come is told why."""
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(Problem(408, "the head of the request took too long to arrive", code="timeout"))
        else:
            self.transport.abort()

    def _refuse(self, problem: Problem) -> None:
        """Answer a request that cannot be handed on, and close the connection."""
        body = json.dumps(as_openai(problem)).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        reason = HTTPStatus(problem.status).phrase.encode()
        events = (
            h11.Response(status_code=problem.status, headers=headers, reason=reason),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _stop_arrival(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None


async def _turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell a client that too many connections are open, and close its own."""
    answer = response(unavailable("too many connections are open", retry_after=2), scope["path"])
    answer.headers["connection"] = "close"
    await answer(scope, receive, send)


def protocol_with(limits: Limits) -> type[H11Protocol]:
    """Return the protocol of a server with these limits; uvicorn makes one for each connection."""
    return type("LimitedProtocol", (PatientProtocol,), {"limits": limits})
