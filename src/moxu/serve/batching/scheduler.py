"""Many requests, one model: requests join a running batch at any step, and leave it when they are done.

Requests wait in a bounded queue for their slots. One thread owns the model; turn after turn it admits whom there is
room for, reads pieces of new prompts, and writes one token of every row (see ``slots``). It calls back whoever asked.
"""

import logging
import math
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from queue import SimpleQueue

from moxu.decode.options import check_range
from moxu.decode.prefix_cache import PrefixCache
from moxu.errors import MoxuError, SettingsError
from moxu.language_model import LanguageModel
from moxu.serve.batching.requests import Busy, Deliver, Job, WorkerError
from moxu.serve.batching.slots import Slots
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Event, Finish, Request

logger = logging.getLogger(__name__)

LONGEST_RETRY = 60  # seconds


@dataclass(frozen=True)
class Stats:
    """What a scheduler has to do, and what it has done since it began."""

    slots: int
    slots_used: int
    waiting: int  # requests in the queue
    steps: int
    tokens_written: int
    prompt_ids_read: int
    prompt_ids_remembered: int  # which were not read, thanks to the cache
    cache_hits: int
    cache_bytes: int
    finished: int  # requests, as the two below
    cancelled: int
    failed: int


class Ticket:
    """A request that was accepted."""

    def __init__(self, scheduler: "Scheduler", job: Job) -> None:
        self._scheduler, self._job = scheduler, job

    @property
    def ahead(self) -> int | None:
        """How many requests wait before this one; None when it waits no more."""
        return self._scheduler._place(self._job)

    def cancel(self) -> None:
        """Give the request up: its rows end as cancelled and their slots are free within one step."""
        self._scheduler._give_up(self._job)


class Scheduler:
    """A Writer for many at once: what a request and its seed write does not depend on the others.

    ``slots`` rows are written at a time, ``queue`` requests may wait for theirs, prompts are read by ``chunk`` ids
    between two steps, and beginnings of texts are remembered in ``cache_bytes``. A request that held its slots for
    ``seconds`` ends (None: when it will). ``close`` it to end its thread.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        name: str,
        *,
        slots: int = 64,
        queue: int = 256,
        chunk: int = 256,
        cache_bytes: int = 2**28,
        seconds: float | None = None,
    ) -> None:
        for what, value in {"slots": slots, "queue": queue, "chunk": chunk}.items():
            check_range(what, value, 1, math.inf)
        self.model, self.tokenizer, self.name = model, tokenizer, name
        self.queue = queue
        cache = PrefixCache(cache_bytes)
        self._slots = Slots(model, tokenizer, size=slots, chunk=chunk, cache=cache, seconds=seconds)
        self._changed = threading.Condition()  # guards what follows
        self._waiting: deque[Job] = deque()
        self._given_up: list[Job] = []  # that were waiting
        self._closing = False
        self._in_trouble = False
        self._done = self._stats()
        self._thread = threading.Thread(target=self._work, name=f"moxu scheduler {name}", daemon=True)
        self._thread.start()

    def submit(self, request: Request, deliver: Deliver) -> Ticket:
        """Accept a request, whose events ``deliver`` will be told.

        Raises Busy when the queue is full, SettingsError where the request asks for what cannot be done here.
        """
        check_fits(request, self._slots.size)
        self._check_room()  # before a long prompt is encoded for nothing
        job = Job(request, self.model, self.tokenizer, deliver)
        with self._changed:
            self._check_room()
            self._waiting.append(job)
            self._changed.notify()
        return Ticket(self, job)

    def write(self, request: Request) -> Iterator[Event]:
        """Write, and tell as it goes; closing the iterator gives the request up. See ``submit`` for errors."""
        events: SimpleQueue[Event | MoxuError] = SimpleQueue()
        ticket, unfinished = self.submit(request, events.put), request.count
        try:
            while unfinished:
                event = events.get()
                if isinstance(event, MoxuError):
                    raise event
                unfinished -= isinstance(event, Finish)
                yield event
        finally:
            ticket.cancel()

    @property
    def healthy(self) -> bool:
        """Whether the worker is there and nothing unexpected went wrong in its last turn."""
        return self._thread.is_alive() and not self._closing and not self._in_trouble

    def stats(self) -> Stats:
        """Return what was so after the last turn, and how many are waiting now."""
        return replace(self._done, waiting=len(self._waiting))

    def close(self) -> None:
        """End all requests as cancelled, and the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _check_room(self) -> None:
        if self._closing:
            raise MoxuError("the server is shutting down; nothing more is accepted")
        if len(self._waiting) >= self.queue:
            raise Busy(f"{self.queue} requests are waiting already; try again later", self._retry_after())

    def _retry_after(self) -> int:
        """Return the seconds in which one of the requests that are served may be expected to end."""
        seconds = self._slots.counts.mean_seconds / max(1, self._done.slots_used)
        return min(LONGEST_RETRY, max(1, math.ceil(seconds)))

    def _place(self, job: Job) -> int | None:
        with self._changed:
            return self._waiting.index(job) if job in self._waiting else None

    def _give_up(self, job: Job) -> None:
        with self._changed:
            job.wanted = False
            if job in self._waiting:
                self._waiting.remove(job)
                self._given_up.append(job)
            self._changed.notify()

    def _work(self) -> None:
        """Turn until closed; whatever ends this ends all requests, too."""
        try:
            while self._take_up():
                self._turn()
        except BaseException:
            logger.critical("the scheduler of %s died", self.name, exc_info=True)
            self._leave(WorkerError("the server failed; its log says where"))
            raise
        self._leave(None)

    def _take_up(self) -> bool:
        """Wait until there is something to do, and admit whom there is room for; False when closing."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting or self._given_up or self._slots.used)
            if self._closing:
                return False
            given_up, self._given_up = self._given_up, []
            admitted, free = [], self._slots.size - self._slots.used
            while self._waiting and self._waiting[0].count <= free:  # in turn: a large request is not passed for ever
                admitted.append(self._waiting.popleft())
                free -= admitted[-1].count
        for job in given_up:
            self._slots.end(job, "cancelled")
        for job in admitted:
            self._slots.admit(job)
        return True

    def _turn(self) -> None:
        try:
            self._slots.turn()
            self._in_trouble = False
        except Exception:  # of all requests in the batch; those that wait are served all the same
            logger.exception("a step of the model failed, and with it all requests that had slots")
            self._in_trouble = True
            self._slots.clear(WorkerError("the model failed; the log of the server says where"))
        self._done = self._stats()

    def _leave(self, error: MoxuError | None) -> None:
        with self._changed:
            self._closing = True
            jobs = [*self._given_up, *self._waiting]
            self._given_up, self._waiting = [], deque()
        for job in jobs:
            if error is None or not job.wanted:
                self._slots.end(job, "cancelled")
            else:
                job.fail(error)
        self._slots.clear(error)
        self._done = self._stats()

    def _stats(self) -> Stats:
        slots, counts, prompts = self._slots, self._slots.counts, self._slots.prompts
        return Stats(
            slots=slots.size,
            slots_used=slots.used,
            waiting=len(self._waiting),
            steps=counts.steps,
            tokens_written=counts.tokens,
            prompt_ids_read=prompts.ids_read,
            prompt_ids_remembered=prompts.ids_remembered,
            cache_hits=prompts.hits,
            cache_bytes=slots.cache.bytes,
            finished=counts.finished,
            cancelled=counts.cancelled,
            failed=counts.failed,
        )


def check_fits(request: Request, slots: int) -> None:
    """Raise SettingsError where a request cannot be written in a batch with others."""
    if request.beams > 1:
        raise SettingsError(
            f"beams is {request.beams}, but a search cannot share a batch with other requests; leave beams out"
        )
    if request.count > slots:
        raise SettingsError(f"count is {request.count}; expected at most {slots}, which fit in a batch")
