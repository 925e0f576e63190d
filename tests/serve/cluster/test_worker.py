import asyncio
import pickle
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import Any

import pytest

from mocks import ByteTokenizer, NgramModel
from moxu.errors import MoxuError, SettingsError
from moxu.serve.batching.requests import Busy, WorkerError
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.cluster.replica import Replica, Report
from moxu.serve.cluster.worker import ClusterWorker, ReplicaGone, served_by
from moxu.writers.base import Event, Finish, Request, Started
from servers import PATIENCE, SlowModel, served, wait_until

LONG = 4000  # characters, more than any test waits for
Told = queue.SimpleQueue[Event | MoxuError]


class Here:
    """Two replicas in this process; what comes is sent to each in turn."""

    def __init__(self, *replicas: Replica) -> None:
        self.replicas, self.sent = replicas, 0
        self.gone_before = self.gone_after = 0  # how many requests still meet a replica that dies
        self.open = threading.Event()  # or nothing is accepted
        self.open.set()

    async def write(self, number: str, request: Request) -> AsyncGenerator[Sequence[Event | MoxuError]]:
        while not self.open.is_set():
            await asyncio.sleep(0.01)
        replica = self.replicas[self.sent % len(self.replicas)]
        self.sent += 1
        if self.gone_before:
            self.gone_before -= 1
            raise ReplicaGone
        async for events in replica.write(number, request):
            yield events
            if events and self.gone_after:
                self.gone_after -= 1
                raise ReplicaGone

    async def cancel(self, number: str) -> None:
        for replica in self.replicas:
            replica.cancel(number)

    async def reports(self) -> list[Report]:
        return [replica.report() for replica in self.replicas]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    monkeypatch.setattr("moxu.serve.logs.configure", lambda stream: None)  # noqa: ARG005 — these are not processes
    schedulers = [Scheduler(SlowModel(), ByteTokenizer(), "mock", slots=4) for _ in range(2)]
    yield Here(*(Replica(lambda scheduler=scheduler: served(scheduler)) for scheduler in schedulers))  # type: ignore[misc]
    for scheduler in schedulers:
        scheduler.close()


@pytest.fixture
def new_worker(here: Here) -> Iterator[Callable[..., ClusterWorker]]:
    made: list[ClusterWorker] = []

    def make(**options: Any) -> ClusterWorker:
        description = here.replicas[0].describe()
        made.append(
            ClusterWorker(here, description.facts, ByteTokenizer(), "mock", **{"slots": 4, "count": 2, **options})
        )
        return made[-1]

    yield make
    for worker in made:
        worker.close()


def events_of(told: Told) -> list[Event | MoxuError]:
    """Return all events of a request with one row."""
    events = [told.get(timeout=PATIENCE)]
    while not isinstance(events[-1], Finish | MoxuError):
        events.append(told.get(timeout=PATIENCE))
    return events


def test_the_events_are_those_of_a_scheduler(new_worker: Callable[..., ClusterWorker]) -> None:
    request, told = Request(prompt="ab", seed=7, max_chars=20, top_logprobs=2), Told()
    scheduler = Scheduler(NgramModel(), ByteTokenizer(), "mock")
    expected = list(scheduler.write(request))
    scheduler.close()
    new_worker().submit(request, told.put)
    events = events_of(told)
    assert events[:-1] == expected[:-1]
    assert isinstance(events[-1], Finish)
    assert events[-1].reason == "length"


def test_the_model_is_described_as_it_is_served(here: Here, new_worker: Callable[..., ClusterWorker]) -> None:
    worker = new_worker()
    model = served_by(worker, here.replicas[0].describe())
    assert (model.name, model.worker) == ("mock", worker)


def test_what_a_scheduler_refuses_is_refused_before_it_is_sent(
    here: Here, new_worker: Callable[..., ClusterWorker]
) -> None:
    worker = new_worker()
    for wrong in (Request(prompt="ab", count=5), Request(prompt="ab", prompt_ids=(258,))):
        with pytest.raises(SettingsError):
            worker.submit(wrong, print)
    assert here.sent == 0


def test_a_request_that_is_given_up_ends_as_cancelled_and_frees_its_slot(
    new_worker: Callable[..., ClusterWorker],
) -> None:
    worker, told = new_worker(), Told()
    ticket = worker.submit(Request(prompt="ab", max_chars=LONG), told.put)
    assert isinstance(told.get(timeout=PATIENCE), Started)
    ticket.cancel()
    last = events_of(told)[-1]
    assert isinstance(last, Finish)
    assert last.reason == "cancelled"
    wait_until(lambda: worker.stats().cancelled == 1 and not worker.stats().slots_used)


def test_one_that_no_replica_has_accepted_can_be_given_up(here: Here, new_worker: Callable[..., ClusterWorker]) -> None:
    here.open.clear()
    worker, told = new_worker(), Told()
    ticket = worker.submit(Request(prompt="ab"), told.put)
    assert worker.stats().waiting == 1
    ticket.cancel()
    started, finish = events_of(told)
    assert isinstance(started, Started)
    assert isinstance(finish, Finish)
    assert (finish.reason, finish.characters) == ("cancelled", 0)
    assert here.sent == 0


def test_when_too_many_wait_the_next_are_told_when_to_come_again(
    here: Here, new_worker: Callable[..., ClusterWorker]
) -> None:
    here.open.clear()
    worker = new_worker(slots=1, queue=1)
    for _ in range(3):  # two slots, one in the queue
        worker.submit(Request(prompt="ab", max_chars=3), print)
    with pytest.raises(Busy) as error:
        worker.submit(Request(prompt="ab"), print)
    assert error.value.retry_after >= 1


def test_busy_comes_from_another_process_as_it_was() -> None:
    busy = pickle.loads(pickle.dumps(Busy("too much", 7)))
    assert (type(busy), str(busy), busy.retry_after) == (Busy, "too much", 7)


def test_a_replica_that_dies_before_it_accepts_is_not_noticed(
    here: Here, new_worker: Callable[..., ClusterWorker]
) -> None:
    here.gone_before, told = 2, Told()
    new_worker().submit(Request(prompt="ab", max_chars=3), told.put)
    assert isinstance(events_of(told)[-1], Finish)
    assert here.sent == 3


def test_a_replica_that_dies_while_it_writes_is_an_error_to_its_readers_alone(
    here: Here, new_worker: Callable[..., ClusterWorker]
) -> None:
    worker, first, second = new_worker(), Told(), Told()
    here.gone_after = 1
    worker.submit(Request(prompt="ab", max_chars=LONG), first.put)
    assert isinstance(events_of(first)[-1], WorkerError)
    worker.submit(Request(prompt="ab", max_chars=3), second.put)
    assert isinstance(events_of(second)[-1], Finish)


def test_the_counts_are_the_sums_of_the_replicas(new_worker: Callable[..., ClusterWorker]) -> None:
    worker = new_worker()
    for seed in range(4):
        told = Told()
        worker.submit(Request(prompt="ab", max_chars=3, seed=seed), told.put)
        events_of(told)
    wait_until(lambda: worker.stats().finished == 4)
    assert (worker.stats().replicas, worker.stats().slots, worker.healthy) == (2, 8, True)


def test_what_is_open_ends_when_the_worker_is_closed(here: Here, new_worker: Callable[..., ClusterWorker]) -> None:
    worker, told = new_worker(), Told()
    worker.submit(Request(prompt="ab", max_chars=LONG), told.put)
    assert isinstance(told.get(timeout=PATIENCE), Started)
    worker.close()
    assert isinstance(events_of(told)[-1], MoxuError)
    assert not worker.healthy
    with pytest.raises(MoxuError, match="shutting down"):
        worker.submit(Request(prompt="ab"), told.put)
    wait_until(lambda: not any(replica.report().stats.slots_used for replica in here.replicas))
