"""What becomes of every request: one line in the log, one count, and an answer also where something failed."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moxu.serve.logs import NOTES, log, route_of
from moxu.serve.metrics import Metrics
from moxu.serve.problems import problem_of, response

_EVENTS = {"http": "request", "websocket": "socket"}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Outcomes:
    """Logs every request when its answer is over, and every socket when it is closed; ``metrics`` count the requests.

    An exception that nobody expected is logged and answered; where an answer has begun, the connection is cut.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics | None = None) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in _EVENTS:
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            status = status or _status_of(message)
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:
            log("request failed", error=error)
            if status or scope["type"] != "http":
                raise  # the connection is cut, so that the client knows
            await response(problem_of(error), scope["path"])(scope, receive, send_noting)
        finally:
            self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope.get("method", "GET"), route_of(scope)
        method = method if method in _METHODS else "other"
        notes = scope.get(NOTES, {})
        log(_EVENTS[scope["type"]], method=method, route=route, status=status, seconds=round(seconds, 4), **notes)
        if self.metrics is not None and scope["type"] == "http":
            self.metrics.count_request(method, route, status, seconds)


def _status_of(message: Message) -> int:
    """Return the status that a message answers with, or 0; a socket that is closed unopened is forbidden."""
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return int(message["status"])
        case "websocket.accept":
            return 101
        case "websocket.close":
            return 403
        case _:
            return 0
