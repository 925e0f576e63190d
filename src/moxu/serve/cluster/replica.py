"""One replica of a model on a cluster: it runs in a process that Ray started, on whichever machine."""

import asyncio
import io
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from moxu.errors import MoxuError
from moxu.language_model import Array, Passage
from moxu.serve import logs
from moxu.serve.batching.requests import WorkerError
from moxu.serve.batching.scheduler import Scheduler, Stats, Ticket
from moxu.serve.service import ServedModel
from moxu.writers.base import Event, Finish, Request

MakeModel = Callable[[], ServedModel]
"""Loads the model, and starts a scheduler that writes with it; it is pickled, and called in each replica."""

KEPT_LINES = 1000


@dataclass
class ModelFacts:
    """What has to be known of a model to plan a request for it; reading and writing are done elsewhere."""

    vocab_size: int
    max_context: int | None
    passage: Passage | None

    def prefill(self, ids: Array) -> tuple[Array, Any]:
        raise NotImplementedError("the model is not here")

    def extend(self, ids: Array, state: Any) -> tuple[Array, Any]:
        raise NotImplementedError("the model is not here")


@dataclass(frozen=True)
class Description:
    """A replica's model: the ``fields`` of its ServedModel, but for the worker, and what plans a request."""

    fields: dict[str, Any]
    facts: ModelFacts


@dataclass(frozen=True)
class Report:
    """How a replica is, and what it has logged since its last report."""

    healthy: bool
    stats: Stats
    lines: tuple[str, ...]


class Replica:
    """Writes with its own copy of the model, for whoever is sent here."""

    def __init__(self, make: MakeModel) -> None:
        self._lines = Lines()
        logs.configure(self._lines)
        self._served = make()
        assert isinstance(self._served.worker, Scheduler)
        self._scheduler = self._served.worker
        self._tickets: dict[str, Ticket] = {}

    def describe(self) -> Description:
        """Return what the server has to know of the model."""
        known = {field.name: getattr(self._served, field.name) for field in fields(self._served)}
        del known["worker"]
        model = self._scheduler.model
        return Description(known, ModelFacts(model.vocab_size, model.max_context, model.passage))

    async def write(self, number: str, request: Request) -> AsyncGenerator[Sequence[Event | MoxuError]]:
        """Yield the events of a request, as many at a time as there are; first of all nothing: it is accepted.

        An error is the last that comes. Who reads no more ends the request; so does ``cancel``, by its ``number``.
        """
        loop, news = asyncio.get_running_loop(), asyncio.Queue[Event | MoxuError]()

        def deliver(event: Event | MoxuError) -> None:
            loop.call_soon_threadsafe(news.put_nowait, event)

        try:
            self._tickets[number] = ticket = self._scheduler.submit(request, deliver)
        except MoxuError as error:
            yield [error]
            return
        try:
            yield []
            unfinished = request.count
            while unfinished:
                events = [await news.get()]
                while not news.empty():
                    events.append(news.get_nowait())
                unfinished -= sum(isinstance(event, Finish) for event in events)
                if isinstance(events[-1], MoxuError):
                    unfinished = 0
                yield events
        finally:
            ticket.cancel()
            del self._tickets[number]

    def cancel(self, number: str) -> None:
        """End a request where it is, if it is here: its readers are still told its last events."""
        if ticket := self._tickets.get(number):
            ticket.cancel()

    def report(self) -> Report:
        """Tell how it is."""
        return Report(self._scheduler.healthy, self._scheduler.stats(), self._lines.taken())

    def check_health(self) -> None:
        """Raise WorkerError when it can write no more, so that Ray starts another in its place."""
        if not self._scheduler.healthy:
            raise WorkerError("the last turn of the scheduler failed")


class Lines(io.StringIO):
    """What is logged here, kept until it is fetched: whole lines, the latest of them."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[str] = deque(maxlen=KEPT_LINES)

    def write(self, text: str) -> int:
        self._kept.append(text)
        return len(text)

    def taken(self) -> tuple[str, ...]:
        """Return what was kept, and keep it no longer."""
        lines = []
        while self._kept:
            lines.append(self._kept.popleft())
        return tuple(lines)
