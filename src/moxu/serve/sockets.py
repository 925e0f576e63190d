"""WebSockets as uvicorn speaks them, with our patience: no client can make one grow, or hold it without reading."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from moxu.serve.limits import Limits

FRAGMENTS = 1024  # of one message
PART_BYTES = 8 << 10  # that are looked at in one turn
UNREAD_BYTES = 256 << 10  # of answers to pings, which nobody waits for
GRACE = 1.0  # seconds, in which a client may still take why its connection ends


class PatientSocket(WebSocketsSansIOProtocol):
    """An open WebSocket; it is cut when nothing of what is sent on it is taken in time."""

    limits: ClassVar[Limits]
    _reading: asyncio.TimerHandle | None = None
    _rest = b""  # of what has come, and was not looked at

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated:
            self._rest += data
            self._look()
            return
        super().data_received(data)
        if not self.handshake_initiated:  # the whole head is here, but websockets does not take it
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    async def receive(self) -> Any:
        message = await super().receive()
        if self._rest:
            self.transport.pause_reading()  # for what has come already comes first
        return message

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_reading()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_reading()
        self._reading = self.loop.call_later(self.limits.slow_reader_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_reading()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_soon()  # a client that is not there takes no goodbye either

    def handle_ping(self) -> None:
        super().handle_ping()
        if self.transport.get_write_buffer_size() > UNREAD_BYTES:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < FRAGMENTS:
            super().handle_cont(event)
        else:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "the message comes in too many parts")

    def send_receive_event_to_app(self) -> None:
        """Pass a message on, unless it is a text that is none."""
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA, "the message is no UTF-8")
        else:
            super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Tell why the connection ends; the client has a moment to read it, which a reset would take."""
        if self.close_sent:
            return
        assert self.conn.close_sent is not None
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._cut_soon()

    def _look(self) -> None:
        """Look at a part of what has come; thousands of small frames let others have their turns between them."""
        part, self._rest = self._rest[:PART_BYTES], self._rest[PART_BYTES:]
        super().data_received(part)
        if self._rest and not self.disconnected:
            self.transport.pause_reading()
            self.loop.call_soon(self._look)
        elif not self.read_paused:
            self.transport.resume_reading()

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.frames = []
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.handle_parser_exception()

    def _cut_soon(self) -> None:
        self.close_timer = self.loop.call_later(GRACE, self.transport.abort)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None


def socket_with(limits: Limits) -> type[PatientSocket]:
    """Return the protocol of sockets with these limits; uvicorn makes one for each connection."""
    return type("LimitedSocket", (PatientSocket,), {"limits": limits})
