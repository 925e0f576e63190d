"""Pages of other origins that may use the server: none, but those that it was started with (``--allow-origin``).

A browser lets a page read answers of another origin only where they name the page's own (CORS), and asks before it
sends anything but a plain GET. Every answer names it, those with an error too: a page that is refused has to know why.
No cookies are involved: a page that is allowed brings a key, where one is needed, as any other client does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moxu.errors import SettingsError

_PORTS = {"http": 80, "https": 443}  # which an origin does not name
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = "authorization, content-type"
_NAMES = re.compile(r"[a-z0-9-]{1,64}(, ?[a-z0-9-]{1,64}){0,31}")
_TOLD = "moxu-ignored, retry-after"  # beside what a page may always see of an answer
_SECONDS = 600  # for which a browser need not ask again


def origins_of(values: Iterable[str]) -> frozenset[str]:
    """Return origins as browsers write them; SettingsError says in one line which of the values is none."""
    return frozenset(map(_origin, values))


@dataclass(frozen=True)
class NamedOrigin:
    """Names the origin of an allowed page in whatever is answered to it; it stands before all that may refuse."""

    app: ASGIApp
    origins: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.origins:
            await self.app(scope, receive, send)
            return
        origin = _allowed(scope, self.origins)

        async def send_naming(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if origin is not None:
                    headers["access-control-allow-origin"] = origin
                    headers["access-control-expose-headers"] = _TOLD
                    headers["cross-origin-resource-policy"] = "cross-origin"
            await send(message)

        await self.app(scope, receive, send_naming)


@dataclass(frozen=True)
class Preflight:
    """Answers a browser that asks whether an allowed page may send a request; it brings no key yet."""

    app: ASGIApp
    origins: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._asks(scope):
            await self.app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get("access-control-request-headers", "").lower()
        headers = {
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": wanted if _NAMES.fullmatch(wanted) else _HEADERS,  # none is a danger here
            "access-control-max-age": str(_SECONDS),
            "vary": "Access-Control-Request-Headers, Access-Control-Request-Private-Network",
        }
        if Headers(scope=scope).get("access-control-request-private-network") == "true":
            headers["access-control-allow-private-network"] = "true"  # from the network to this machine
        await Response(status_code=204, headers=headers)(scope, receive, send)

    def _asks(self, scope: Scope) -> bool:
        return (
            scope["type"] == "http"
            and scope["method"] == "OPTIONS"
            and "access-control-request-method" in Headers(scope=scope)
            and _allowed(scope, self.origins) is not None
        )


def _allowed(scope: Scope, origins: frozenset[str]) -> str | None:
    """Return the origin of a request where it is one of these."""
    given = Headers(scope=scope).getlist("origin")
    return given[0] if len(given) == 1 and given[0] in origins else None


def _origin(value: str) -> str:
    """Return one origin as browsers write it."""
    if value == "*":
        raise SettingsError("--allow-origin '*' would let every page in; name those that you trust, one by one")
    if value.strip().lower() == "null":
        raise SettingsError(
            "--allow-origin 'null' would let in every page that is opened as a file or in a sandbox, whoever made it; "
            "put your page on a server, such as `python -m http.server`, and give its origin"
        )
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
        name = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        raise _none(value) from None
    shown = f"[{name}]" if ":" in name else name
    origin = f"{parts.scheme}://{shown}" + ("" if port in (None, _PORTS.get(parts.scheme)) else f":{port}")
    if parts.scheme not in _PORTS or not _HOST.fullmatch(name) or parts.username is not None:
        raise _none(value)
    if parts.path or parts.query or parts.fragment or value.endswith(("?", "#")):
        raise SettingsError(f"--allow-origin {value!r}: an origin has no path; give {origin}")
    return origin


def _none(value: str) -> SettingsError:
    return SettingsError(
        f"--allow-origin {value!r} is no origin of web pages; expected scheme://host[:port], such as "
        "https://lite.koboldai.net"
    )
