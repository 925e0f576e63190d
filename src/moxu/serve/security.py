"""Who may ask: pure ASGI middleware that turns away foreign pages, strangers, and bodies that are too large.

A page from anywhere can make a browser send requests to a server on its own machine. Such a request carries the page's
Origin, or, where the page's name was made to point here (DNS rebinding), its Host. So both are checked.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moxu.serve.limits import Limits
from moxu.serve.problems import Problem, response, unavailable
from moxu.serve.service import Service

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LOCAL_FILES = frozenset({"null", "file://"})  # what browsers call the origin of a page that is opened as a file
HEALTH = "/healthz"
JSON = frozenset({"application/json"})
OPEN_PATHS = frozenset({"/", HEALTH, "/readyz"})  # and what lies under /static/
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(:[0-9]*)?")  # a name or an address, and a port
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def is_loopback(host: str) -> bool:
    """Whether a server bound to this name or address is reached from its own machine only."""
    name = host.strip("[]").lower()
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class SameOrigin:
    """Answers only where Host is a name of this server, and Origin, if any, a page of its own or one of ``origins``."""

    app: ASGIApp
    hosts: frozenset[str] = LOOPBACK
    origins: frozenset[str] = frozenset()

    @classmethod
    def bound_to(
        cls, app: ASGIApp, host: str, allowed: tuple[str, ...] = (), origins: frozenset[str] = frozenset()
    ) -> Self:
        """Return the check for a server bound to ``host``, which may also be called by the ``allowed`` names."""
        return cls(app, LOOPBACK | {_bare(host)} | {_bare(name) for name in allowed}, origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(scope) if scope["type"] in ("http", "websocket") else None
        await (self.app(scope, receive, send) if problem is None else _refuse(problem, scope, receive, send))

    def _problem(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0], scope):
            message = "the Host of the request is no name of this server; start it with --allow-host to add one"
            return Problem(403, message, kind="permission_error", code="foreign_host")
        for origin in headers.getlist("origin"):
            if origin_host(origin) != hosts[0].lower() and origin not in self.origins:
                message = "the request comes from a page of another origin, which may not use this server"
                return Problem(403, message, kind="permission_error", code="foreign_origin")
        return None

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """Whether the name is one of ours, or the very address that the client has connected to."""
        name = _bare(host)
        server = scope.get("server")
        known = name in self.hosts or (server is not None and name == server[0] and not _is_name(name))
        return known and _AUTHORITY.fullmatch(host.strip()) is not None


@dataclass(frozen=True)
class ApiKey:
    """Answers only those who bring one of the service's keys as a bearer token, if it has keys."""

    app: ASGIApp
    service: Service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        closed = scope["type"] in ("http", "websocket") and not self._is_open(scope["path"])
        if self.service.keys and closed and not self._brings_key(scope):
            message = "an API key is needed: send the header Authorization: Bearer KEY"
            problem = Problem(401, message, kind="authentication_error", code="invalid_api_key")
            await _refuse(problem, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in OPEN_PATHS or path.startswith("/static/")

    def _brings_key(self, scope: Scope) -> bool:
        scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.service.knows(key.strip())


@dataclass(frozen=True)
class Bodies:
    """What the bodies that are sent to some paths may be: how many bytes, within which time, of which types."""

    most: int
    seconds: float
    types: frozenset[str] = JSON


@dataclass(frozen=True)
class WholeBody:
    """Receives the body of a request before it is answered: JSON, not too long, and within its time.

    ``others`` says what else bodies may be, by the beginnings of their paths; the longest beginning counts.

    A head that arrives in one piece may be longer than h11 takes of one that does not; here it is measured whole.
    """

    app: ASGIApp
    limits: Limits
    others: Mapping[str, Bodies] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            bodies = self._bodies(scope)
            self._check_headers(scope, bodies)
            async with asyncio.timeout(bodies.seconds):
                message = await _receive(receive, bodies)
        except Problem as problem:
            await _refuse(problem, scope, receive, send)
        except TimeoutError:
            late = Problem(408, "the body took too long to arrive", code="timeout")
            await _refuse(late, scope, receive, send)
        else:
            await self.app(scope, _replay(message, receive), send)

    def _bodies(self, scope: Scope) -> Bodies:
        beginning = max((one for one in self.others if scope["path"].startswith(one)), key=len, default=None)
        if beginning is None:
            return Bodies(self.limits.body_bytes, self.limits.arrival_seconds)
        return self.others[beginning]

    def _check_headers(self, scope: Scope, bodies: Bodies) -> None:
        headers = Headers(scope=scope)
        if sum(len(name) + len(value) for name, value in headers.raw) > self.limits.header_bytes:
            raise Problem(431, f"the headers have more than {self.limits.header_bytes:,} bytes", code="head_too_large")
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > bodies.most:
            raise _too_large(bodies.most)
        has_body = length != "0" or "transfer-encoding" in headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        is_form = scope["method"] == "POST" and "content-type" in headers  # a form that is empty still says what it is
        if (has_body or is_form) and kind not in bodies.types:
            expected = "application/json" if bodies.types == JSON else "application/octet-stream"
            message = f"the body is of a type that is not read here; send Content-Type: {expected}"
            raise Problem(415, message, code="unsupported_type")


class BusyDoor:
    """Answers so many requests at once, of those whose path is ``guarded``; the next are told to come again."""

    def __init__(
        self, app: ASGIApp, requests: int, guarded: Callable[[str], bool] = lambda path: path != HEALTH
    ) -> None:
        self.app, self.requests, self.guarded, self.inside = app, requests, guarded, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.guarded(scope["path"]):
            await self.app(scope, receive, send)
            return
        if self.inside >= self.requests:
            await _refuse(unavailable("too many requests are being answered", 1), scope, receive, send)
            return
        self.inside += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.inside -= 1


@dataclass(frozen=True)
class SafeHeaders:
    """Tells browsers to run nothing but this server's own files, to guess no types and to show no page in a frame.

    An answer that brings a policy of its own, as the page does, keeps it.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def origin_host(origin: str) -> str | None:
    """Return the host and port of an origin, which is None for ``null`` and whatever else is no web page's."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") and not parts.path else None


def _bare(host: str) -> str:
    """Return a host without port, brackets and the case of its letters."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


async def _receive(receive: Receive, bodies: Bodies) -> Message:
    """Return the body in one message, or that the client has gone; Problem 413 as soon as it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > bodies.most:
            raise _too_large(bodies.most)
        if not message.get("more_body", False):
            if bodies.types == JSON:
                _check_text(body)
            return {"type": "http.request", "body": bytes(body), "more_body": False}


def _check_text(body: bytearray) -> None:
    """Raise Problem unless a body is UTF-8; Python's json would take UTF-16 too, and halves of pairs of surrogates."""
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Problem(400, "the body cannot be read; expected JSON in UTF-8", code="invalid_json") from None


def _replay(message: Message, receive: Receive) -> Callable[[], Awaitable[Any]]:
    """Return a ``receive`` that first gives this message again."""
    waiting = [message]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _too_large(most: int) -> Problem:
    return Problem(413, f"the body has more than {most:,} bytes", code="body_too_large")


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the problem; a socket is closed before it is open."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(problem, scope["path"])(scope, receive, send)
