"""How an answer reaches its client, and what becomes of it when the client leaves before its end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

CLIENT_GONE = 499
"""The status that is logged of a client that left before its answer; nobody gets it."""

T = TypeVar("T")


class EventStream(StreamingResponse):
    """Server-sent events as they come; at the end, or when the client leaves, ``close`` frees what they hold."""

    def __init__(
        self, events: AsyncGenerator[str], close: Callable[[], None], headers: Mapping[str, str] | None = None
    ) -> None:
        self._close = close
        more = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=more | dict(headers or {}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()  # also where the stream was never begun


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what the work comes to, or None where the client has left before; then the work is ended."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    """Return when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
