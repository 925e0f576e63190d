"""The HTTP server: where it listens, how long it waits for a client, and how it stops.

It may listen on further sockets, which have applications of their own and end when it does.
"""

import contextlib
import signal
import socket
import threading
from collections.abc import Generator, Mapping

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from moxu.errors import SettingsError
from moxu.serve.protocol import protocol_with
from moxu.serve.service import Service
from moxu.serve.sockets import socket_with

Address = tuple[str, int]


class Server(uvicorn.Server):
    """Serves until Ctrl-C or TERM; then the texts that are being written end where they are, and their readers know."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all answers, then all connections."""
        self.service.end_answers()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take the signals that end a server as the normal end of it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class ByAddress:
    """Gives what comes to some of the sockets to applications of their own, and all else to ``app``."""

    def __init__(self, app: ASGIApp, others: Mapping[Address, ASGIApp]) -> None:
        self.app, self.others = app, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.others.get(scope["server"], self.app) if scope.get("server") else self.app
        await app(scope, receive, send)


def make_server(app: FastAPI, service: Service, others: Mapping[Address, ASGIApp] | None = None) -> Server:
    """Return the server of an application; ``server.run([socket])`` serves on a bound socket.

    ``others`` are applications that answer at the addresses of further sockets, and may speak WebSocket.
    """
    limits = service.limits
    config = uvicorn.Config(
        ByAddress(app, others) if others else app,
        http=protocol_with(limits),
        ws=socket_with(limits) if others else "none",
        ws_max_size=limits.message_bytes,
        ws_ping_interval=limits.ping_seconds,
        ws_ping_timeout=limits.ping_seconds,
        ws_per_message_deflate=False,  # a small message would not say how large it becomes
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        loop="asyncio",  # wherever it runs; uvicorn would take uvloop if something else has brought it
        timeout_keep_alive=15,
        timeout_graceful_shutdown=round(limits.shutdown_seconds),
        proxy_headers=False,
        lifespan="on",
    )
    return Server(config, service)


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """Return a socket bound there; SettingsError says in one line why it cannot be. Port 0 is any that is free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise SettingsError(f"--host {host!r}: no such host; give a name or an address of this machine") from None
    bound = socket.socket(family, kind, protocol)
    try:
        if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows, SO_REUSEADDR would let two servers share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(1)  # bound alone, two could share it until one of them listens
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise SettingsError(f"cannot listen on {host}, port {port}: {reason}; give another {option}") from None
    return bound


def address_of(bound: socket.socket) -> str:
    """Return the address to type into a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
