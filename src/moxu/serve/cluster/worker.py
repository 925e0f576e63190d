"""The worker of a model whose replicas are on a cluster: to the server it is what a scheduler is.

A thread of its own has an event loop, in which each request is a task that passes on what its replica writes.
"""

import asyncio
import itertools
import logging
import math
import sys
import threading
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar

from moxu.errors import MoxuError
from moxu.serve.batching.requests import Busy, Deliver, Job, WorkerError
from moxu.serve.batching.scheduler import LONGEST_RETRY, Stats, check_fits
from moxu.serve.cluster.replica import Description, ModelFacts, Report
from moxu.serve.service import ServedModel
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Event, Request

logger = logging.getLogger(__name__)

QUEUE = 256  # requests that wait for a replica with room
ATTEMPTS = 3  # to have a request accepted by a replica that lives
REPORT_SECONDS = 1.0  # between two reports of the replicas

T = TypeVar("T")


class ReplicaGone(Exception):
    """The replica that a request was sent to is there no more."""


class Replicas(Protocol):
    """The replicas, wherever they are: what is asked of one of them, or of all."""

    def write(self, number: str, request: Request) -> AsyncGenerator[Sequence[Event | MoxuError]]:
        """Let one of them write: first nothing comes, when it has accepted, then events; ReplicaGone when it dies."""
        ...

    async def cancel(self, number: str) -> None:
        """Tell all of them that a request is wanted no more."""
        ...

    async def reports(self) -> list[Report]:
        """Return how those are that answer."""
        ...


@dataclass(frozen=True)
class ClusterStats(Stats):
    """The counts of all replicas that are there, each since it began."""

    replicas: int


class Answer:
    """A request that was accepted by the server, until its last event."""

    def __init__(self, worker: "ClusterWorker", number: str, request: Request, job: Job, deliver: Deliver) -> None:
        self.number, self.request, self.job, self.deliver = number, request, job, deliver
        self.sent = False  # to a replica
        self.accepted = False  # by a replica
        self.wanted = True  # or its task is to end, wherever it is
        self.since = time.monotonic()
        self.task: asyncio.Task[None] | None = None
        self._worker = worker

    @property
    def ahead(self) -> int | None:
        """None: which of their requests come first is known to the replicas alone."""
        return None

    def cancel(self) -> None:
        """Give the request up: its replica is told, and its rows end as cancelled."""
        self._worker._give_up(self)


class ClusterWorker:
    """Takes requests for the replicas of a model, which have ``slots`` each.

    As many requests are taken as the replicas have slots, and ``queue`` more. ``close`` it to end its thread.
    """

    def __init__(
        self,
        replicas: Replicas,
        facts: ModelFacts,
        tokenizer: Tokenizer,
        name: str,
        *,
        slots: int,
        count: int,
        queue: int = QUEUE,
    ) -> None:
        self.name = name
        self._replicas, self._facts, self._tokenizer = replicas, facts, tokenizer
        self._slots, self._room = slots, count * slots + queue
        self._numbers = itertools.count()
        self._lock = threading.Lock()  # guards what follows
        self._answers: dict[str, Answer] = {}
        self._closing = False
        self._mean_seconds = 1.0
        self._reports: list[Report] = []
        self._telling: set[asyncio.Task[None]] = set()  # replicas that somebody has left
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"moxu cluster {name}", daemon=True)
        self._thread.start()
        self._take_reports(self._wait_for(replicas.reports()))
        self._reporting = asyncio.run_coroutine_threadsafe(self._keep_reporting(), self._loop)

    def submit(self, request: Request, deliver: Deliver) -> Answer:
        """Accept a request, whose events ``deliver`` will be told, in another thread.

        Raises Busy when too many are waiting, SettingsError where the request asks for what cannot be done.
        """
        check_fits(request, self._slots)
        job = Job(request, self._facts, self._tokenizer, deliver)
        seeded = replace(request, seed=job.plan.started.seeds[0])
        with self._lock:
            self._check_room()
            answer = Answer(self, str(next(self._numbers)), seeded, job, deliver)
            self._answers[answer.number] = answer
        self._loop.call_soon_threadsafe(self._begin, answer)
        return answer

    @property
    def healthy(self) -> bool:
        """Whether a replica is there that writes."""
        return not self._reporting.done() and any(report.healthy for report in self._reports)

    def stats(self) -> ClusterStats:
        """Return the sums of what the replicas said last, and how many wait now."""
        reports, answers = list(self._reports), list(self._answers.values())
        names = [field.name for field in fields(Stats)]
        sums = {name: sum(getattr(report.stats, name) for report in reports) for name in names}
        sums["waiting"] += sum(not answer.accepted for answer in answers)
        return ClusterStats(**sums, replicas=len(reports))

    def close(self) -> None:
        """End all requests, and the thread; the replicas stay."""
        with self._lock:
            self._closing = True
        if self._loop.is_closed():
            return
        self._wait_for(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _check_room(self) -> None:
        if self._closing:
            raise MoxuError("the server is shutting down; nothing more is accepted")
        if len(self._answers) >= self._room:
            seconds = math.ceil(self._mean_seconds * len(self._reports) / max(1, len(self._answers)))
            message = f"{len(self._answers)} requests are written or waiting already; try again later"
            raise Busy(message, min(LONGEST_RETRY, max(1, seconds)))

    def _begin(self, answer: Answer) -> None:
        answer.task = self._loop.create_task(self._answer(answer))

    def _give_up(self, answer: Answer) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel, answer)

    def _cancel(self, answer: Answer) -> None:
        if answer.number not in self._answers or answer.task is None:
            return
        if answer.accepted:
            telling = self._loop.create_task(self._replicas.cancel(answer.number))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
        else:
            answer.wanted = False
            if answer.sent:  # else it would never begin, and tell nobody
                answer.task.cancel()

    async def _answer(self, answer: Answer) -> None:
        """Pass on what a replica writes, and tell the reader whatever may befall it."""
        try:
            answer.sent = answer.wanted
            if not answer.wanted:
                raise asyncio.CancelledError
            await self._pass_on(answer)
        except (Exception, asyncio.CancelledError) as error:
            self._tell_end(answer, error)
        finally:
            with self._lock:
                del self._answers[answer.number]
            self._mean_seconds += (time.monotonic() - answer.since - self._mean_seconds) / 16

    def _tell_end(self, answer: Answer, error: BaseException) -> None:
        """Tell a reader why there is no more."""
        if answer.wanted and isinstance(error, Exception):
            if isinstance(error, ReplicaGone):
                logger.error("a replica was lost while it wrote")
                error = WorkerError("the replica that wrote this is gone; ask again")
            answer.job.fail(error)
        elif answer.accepted:
            answer.job.fail(MoxuError("the server is shutting down"))
        else:
            answer.job.end("cancelled")

    async def _pass_on(self, answer: Answer) -> None:
        """Send a request to a replica, and to another one where that dies before it accepts."""
        for attempt in range(ATTEMPTS):
            try:
                async with aclosing(self._replicas.write(answer.number, answer.request)) as batches:
                    async for events in batches:
                        answer.accepted = True
                        for event in events:
                            answer.deliver(event)
                return
            except ReplicaGone:
                if answer.accepted or attempt == ATTEMPTS - 1:
                    raise

    async def _keep_reporting(self) -> None:
        while not self._closing:
            self._take_reports(await self._replicas.reports())
            await asyncio.sleep(REPORT_SECONDS)

    def _take_reports(self, reports: list[Report]) -> None:
        self._reports = reports
        for line in (line for report in reports for line in report.lines):
            sys.stderr.write(line)

    async def _end_tasks(self) -> None:
        """End what runs in the loop; called in it."""
        for answer in self._answers.values():
            answer.wanted = False
        await asyncio.sleep(0)  # what has not begun does, and sees it
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_asyncgens()

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def served_by(worker: ClusterWorker, description: Description) -> ServedModel:
    """Return the model as it is served, its worker being here."""
    return ServedModel(worker=worker, **description.fields)
