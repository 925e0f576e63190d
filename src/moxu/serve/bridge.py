"""From the scheduler's thread to the readers' coroutines: the one place where threads meet asyncio.

The scheduler delivers events in its own thread, and never waits for a reader. They wait here, in a line of bounded
size; a reader that lets it fill up, or takes nothing for too long, loses its place in the batch.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Protocol

from moxu.errors import MoxuError
from moxu.serve.limits import Limits
from moxu.writers.base import Event, Finish, Piece, PromptPiece, Request


class Ticket(Protocol):
    """A request that was accepted."""

    @property
    def ahead(self) -> int | None:
        """How many requests wait before this one; None when it waits no more, or nobody knows."""
        ...

    def cancel(self) -> None:
        """Let the rows of the request leave within one step; what they lack of Finish events still comes."""
        ...


class Delivers(Protocol):
    """What takes requests and delivers their events: the scheduler, as seen from here."""

    def submit(self, request: Request, deliver: Callable[[Event | MoxuError], None]) -> Ticket:
        """Accept a request; Busy when there is no room. ``deliver`` is called in another thread, in order."""
        ...


class SlowReaderError(MoxuError):
    """A reader that took nothing for too long."""


class Reader:
    """The events of several requests, each with the number of its request, as one coroutine reads them.

    It has to be closed. The text of a request that takes longer than ``limits.request_seconds`` ends there.
    """

    def __init__(self, limits: Limits, closed: Callable[["Reader"], None] | None = None) -> None:
        self._limits, self._closed, self._loop = limits, closed, asyncio.get_running_loop()
        self._tickets: list[Ticket] = []
        self._open: dict[int, int] = {}  # rows without a Finish, by request
        self._waiting: deque[tuple[int, Event | MoxuError]] = deque()
        self._waiting_bytes = 0
        self._news = asyncio.Event()
        self._taken_at = self._loop.time()  # when something was taken, or there was nothing to take
        self._too_slow = False
        self._alarm = self._loop.call_later(limits.request_seconds, self.cancel)

    def submit(self, scheduler: Delivers, requests: Sequence[Request]) -> None:
        """Submit the requests; Busy, or the error of one that cannot be written, after which it is closed."""
        try:
            for number, request in enumerate(requests):
                self._open[number] = request.count
                self._tickets.append(scheduler.submit(request, self._deliver_to(number)))
        except BaseException:
            self.close()
            raise

    async def events(self) -> AsyncGenerator[tuple[int, Event]]:
        """Yield the events as they come, until the last row has finished; what ends it early closes the reader.

        Raises the MoxuError of a request where it failed, and SlowReaderError.
        """
        try:
            while self._open:
                yield await self._next()
        finally:
            self.close()

    @property
    def ahead(self) -> int | None:
        """How many requests wait before the first of these that waits; None when none does."""
        return min((ahead for ticket in self._tickets if (ahead := ticket.ahead) is not None), default=None)

    def cancel(self) -> None:
        """End all texts where they are; what was written until there still comes."""
        for ticket in self._tickets:
            ticket.cancel()

    def close(self) -> None:
        """End all texts; nobody reads on."""
        self._alarm.cancel()
        self.cancel()
        if self._closed is not None:
            self._closed(self)

    async def _next(self) -> tuple[int, Event]:
        while not self._waiting and not self._too_slow:
            self._taken_at = self._loop.time()
            self._news.clear()
            await self._news.wait()
        if self._too_slow:
            raise SlowReaderError("the reader was too slow")
        number, event = self._waiting.popleft()
        self._waiting_bytes -= _size(event)
        self._taken_at = self._loop.time()
        if isinstance(event, MoxuError):
            raise event
        if isinstance(event, Finish):
            self._open[number] -= 1
            if not self._open[number]:
                del self._open[number]
        return number, event

    def _deliver_to(self, number: int) -> Callable[[Event | MoxuError], None]:
        """Return what the scheduler calls, in its thread, with each event of a request."""

        def deliver(event: Event | MoxuError) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._take, number, event)

        return deliver

    def _take(self, number: int, event: Event | MoxuError) -> None:
        """Put an event in the line, in the loop's thread."""
        if self._too_slow:
            return
        late = self._loop.time() - self._taken_at > self._limits.slow_reader_seconds
        self._waiting_bytes += _size(event)
        if self._waiting and (late or self._waiting_bytes > self._limits.waiting_bytes):
            self._too_slow = True
            self._waiting.clear()
            self.cancel()
        else:
            self._waiting.append((number, event))
        self._news.set()


def _size(event: Event | MoxuError) -> int:
    """Return about how many bytes an event takes in memory: of its tokens, the likelier ones take most."""
    tokens = event.tokens if isinstance(event, Piece | PromptPiece) else ()
    return 300 + sum(200 + 160 * len(token.alternatives) for token in tokens)


async def stream(scheduler: Delivers, request: Request, limits: Limits | None = None) -> AsyncGenerator[Event]:
    """Yield the events of one request as they come; closing the iterator cancels it."""
    reader = Reader(limits or Limits())
    reader.submit(scheduler, [request])
    async with aclosing(reader.events()) as events:
        async for _, event in events:
            yield event
