"""A client that behaves as the page of AI-Writer does, and others that do not."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from servers import PATIENCE, Running, SlowModel

HANDSHAKE = """GET / HTTP/1.1
Host: {}
Origin: null
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Version: 13

"""


class Letters(SlowModel):
    """Writes letters only, one after the other: what it writes tells what it has read last."""

    def extend(self, ids: Any, state: Any) -> Any:
        logits, state = super().extend(ids, state)
        logits[:] = -1e9
        for row, tokens in enumerate(ids):
            for place, token in enumerate(tokens):
                logits[row, place, 97 + (int(token) - 96) % 26] = 0.0
        return logits, state


class Page:
    """The page: its text, and what its two buttons do."""

    def __init__(self, server: Running, text: str = "") -> None:
        self.text, self.asked_at = text, -1
        self._opening = page(server)

    def __enter__(self) -> Self:
        self.socket = self._opening.__enter__()
        self.greeting = self.socket.recv(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._opening.__exit__(None, None, None)

    def click_continue(self) -> None:
        self.asked_at = len(self.text)
        self.socket.send(json.dumps({"op": "GET", "txt": self.text[-511:]}))

    def click_rewrite(self) -> None:
        if self.asked_at != -1:
            self.text = self.text[: self.asked_at]
        self.click_continue()

    def take(self) -> str:
        """Take one message as the page does, and return it."""
        message = self.socket.recv(PATIENCE)
        assert isinstance(message, str)
        if message == "[PING]":
            self.socket.send("[PONG]")
        elif message[0] == "{":
            self.text += json.loads(message)["txt"]
        return message


@contextmanager
def page(server: Running, origin: str | None = "null", **options: Any) -> Iterator[ClientConnection]:
    """Open the socket as a browser does for a page that is a file."""
    options = {"origin": Origin(origin) if origin else None, "proxy": None} | options
    with connect(options.pop("url", server.socket_url), **options) as client:
        yield client


def get(text: str = "abc") -> str:
    return json.dumps({"op": "get", "txt": text})


def closed_with(client: ClientConnection) -> int:
    """Read until the server closes, and return its code."""
    while True:
        try:
            client.recv(PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


@contextmanager
def deaf(server: Running) -> Iterator[socket.socket]:
    """Open the socket, and read nothing of what comes."""
    address = urlsplit(server.socket_url)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE)
        connection.connect((address.hostname, address.port))
        connection.sendall(HANDSHAKE.format(address.netloc).replace("\n", "\r\n").encode())
        yield connection


def send_until_cut(connection: socket.socket, frames: bytes) -> None:
    with suppress(ConnectionResetError, BrokenPipeError):
        while True:
            connection.sendall(frames)
