"""An HTTP client that costs little: it notes what comes and when, and looks into it when all is over.

The client and the server share the machine that is measured, so nothing is parsed while texts are being written.
"""

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 120.0
"""Seconds that an answer may take before the measurement is given up."""


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def post(self, path: str, body: Any, **headers: str) -> bytes:
        """Return a request with a JSON body, after whose answer the connection is closed."""
        return self.send("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), **headers)

    def send(self, method: str, path: str, body: bytes, **headers: str) -> bytes:
        """Return a request with any body, which is said to be JSON unless the headers say otherwise."""
        given = {"content_type": "application/json", "content_length": str(len(body))} | headers
        return self.head(method, path, **given) + body

    def head(self, method: str, path: str, **headers: str) -> bytes:
        """Return the head of a request, which is all of one without a body; ``_`` in names stands for ``-``."""
        given = {"host": f"{self.host}:{self.port}", "connection": "close"} | headers
        lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in given.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


@dataclass
class Answer:
    """The bytes that came back on one connection, each piece with its time; times are those of ``perf_counter``."""

    began: float = field(default_factory=time.perf_counter)
    ended: float = 0.0
    pieces: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def raw(self) -> bytes:
        return b"".join(piece for _, piece in self.pieces)

    @property
    def status(self) -> int:
        """The status of the answer; 0 where none came."""
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", self.raw)
        return int(found[1]) if found else 0

    @property
    def body(self) -> bytes:
        """The body, its chunks joined."""
        head, _, body = self.raw.partition(b"\r\n\r\n")
        return b"".join(_chunks(body)) if b"transfer-encoding: chunked" in head.lower() else body

    def json(self) -> Any:
        """Return what the body says; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a stream but its last, ``[DONE]``."""
        lines = self.body.decode().split("\n\n")
        return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]

    @property
    def text(self) -> str:
        """What a stream wrote."""
        return "".join(choice.get("text", "") for event in self.events for choice in event.get("choices", ()))

    @property
    def is_whole(self) -> bool:
        """Whether a stream came to its proper end."""
        return self.status == 200 and self.body.endswith(b"data: [DONE]\n\n")

    @property
    def seconds(self) -> float:
        """From the request to the end of the answer."""
        return self.ended - self.began

    @property
    def written_at(self) -> list[float]:
        """When pieces of the text came."""
        return [moment for moment, piece in self.pieces if b'"text":"' in piece]


class Exchange(asyncio.Protocol):
    """One connection: a request is sent, and whatever comes is kept until the server closes."""

    transport: asyncio.Transport

    def __init__(self, request: bytes) -> None:
        self.request, self.answer = request, Answer()
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.answer.pieces.append((time.perf_counter(), data))

    def connection_lost(self, _: Exception | None) -> None:  # also where the server resets it: what came is kept
        self.answer.ended = time.perf_counter()
        if not self.over.done():
            self.over.set_result(None)

    def leave(self) -> None:
        """Close the connection at once, whatever is still to come."""
        self.transport.abort()


async def begin(address: Address, request: bytes) -> Exchange:
    """Send a request."""
    loop = asyncio.get_running_loop()
    _, exchange = await loop.create_connection(lambda: Exchange(request), address.host, address.port)
    return exchange


async def ask(address: Address, request: bytes, patience: float = PATIENCE) -> Answer:
    """Send a request and return its answer; TimeoutError when it takes too long."""
    exchange = await begin(address, request)
    try:
        async with asyncio.timeout(patience):
            await exchange.over
    finally:
        exchange.leave()
    return exchange.answer


async def begin_deaf(address: Address, request: bytes) -> socket.socket:
    """Send a request and read nothing of its answer, for which there is hardly room on this side."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, (address.host, address.port))
    await loop.sock_sendall(deaf, request)
    return deaf


def _chunks(body: bytes) -> Iterator[bytes]:
    """Yield the chunks of a body, as far as they came."""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            return
        yield body[:length]
        body = body[length + 2 :]
