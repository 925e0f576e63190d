"""The HTTP server: where it listens, how long it waits for a client, and how it stops."""

import contextlib
import signal
import socket
import threading
from collections.abc import Generator

import uvicorn
from fastapi import FastAPI

from moxu.errors import SettingsError
from moxu.serve.protocol import protocol_with
from moxu.serve.service import Service


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


def make_server(app: FastAPI, service: Service) -> Server:
    """Return the server of an application; ``server.run([socket])`` serves on a bound socket."""
    limits = service.limits
    config = uvicorn.Config(
        app,
        http=protocol_with(limits),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        limit_concurrency=limits.connections,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=round(limits.shutdown_seconds),
        proxy_headers=False,
        lifespan="on",
    )
    return Server(config, service)


def listen(host: str, port: int) -> socket.socket:
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
        raise SettingsError(f"cannot listen on {host}, port {port}: {reason}; give another --port") from None
    return bound


def address_of(bound: socket.socket) -> str:
    """Return the address to type into a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
