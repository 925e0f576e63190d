import asyncio
import threading
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from moxu.errors import MoxuError, SettingsError
from moxu.serve.batching.requests import Busy
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.bridge import Reader, SlowReaderError, stream
from moxu.serve.limits import Limits
from moxu.writers.base import Event, Finish, Piece, Request, Started, Token, collect
from servers import wait_until

REQUEST = Request(prompt="ab", seed=1, max_chars=30, count=2)
ENDLESS = Request(prompt="ab", seed=1, max_chars=10**7, max_tokens=10**7, past_end=True)


class Desk:
    """Takes requests without a model; what it delivers is decided by the test."""

    def __init__(self, room: int = 9) -> None:
        self.room, self.cancelled = room, 0
        self.delivers: list[Callable[[Event | MoxuError], None]] = []

    def submit(self, request: Request, deliver: Callable[[Event | MoxuError], None]) -> "Desk":  # noqa: ARG002
        if len(self.delivers) == self.room:
            raise Busy("full", 1)
        self.delivers.append(deliver)
        return self

    @property
    def ahead(self) -> int | None:
        return None

    def cancel(self) -> None:
        self.cancelled += 1


def test_the_events_are_those_of_the_scheduler_in_order(new_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = new_scheduler()

    async def read() -> list[Event]:
        return [event async for event in stream(scheduler, REQUEST)]

    events = asyncio.run(read())
    assert isinstance(events[0], Started)
    texts = [continuation.text for continuation in collect(iter(events))]
    assert texts == [continuation.text for continuation in collect(scheduler.write(REQUEST))]


def test_several_requests_are_told_apart(new_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = new_scheduler()

    async def read() -> dict[int, list[Event]]:
        told: dict[int, list[Event]] = {}
        reader = Reader(Limits())
        reader.submit(scheduler, [REQUEST, Request(prompt="cd", seed=9, max_chars=5)])
        async for number, event in reader.events():
            told.setdefault(number, []).append(event)
        return told

    told = asyncio.run(read())
    assert [sum(isinstance(event, Finish) for event in told[number]) for number in (0, 1)] == [2, 1]


def test_closing_the_iterator_frees_the_slots(new_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = new_scheduler()

    async def read() -> None:
        async with aclosing(stream(scheduler, ENDLESS)) as events:
            async for event in events:
                if isinstance(event, Piece):
                    break

    asyncio.run(read())
    wait_until(lambda: scheduler.stats().cancelled == 1)
    assert scheduler.stats().slots_used == 0


def test_a_text_that_takes_too_long_ends_as_cancelled(new_scheduler: Callable[..., Scheduler]) -> None:
    async def read() -> Event:
        limits = Limits(request_seconds=0.1, waiting_bytes=10**9)
        return [event async for event in stream(new_scheduler(), ENDLESS, limits)][-1]

    last = asyncio.run(read())
    assert isinstance(last, Finish)
    assert last.reason == "cancelled"


def test_a_reader_that_takes_nothing_is_cancelled_and_its_line_does_not_grow() -> None:
    async def read() -> tuple[int, int]:
        desk, reader = Desk(), Reader(Limits(waiting_bytes=3000))
        reader.submit(desk, [REQUEST])
        thread = threading.Thread(target=lambda: [desk.delivers[0](Piece(0, "a")) for _ in range(1000)])
        thread.start()
        await asyncio.to_thread(thread.join)
        await asyncio.sleep(0)
        waiting = len(reader._waiting)
        with pytest.raises(SlowReaderError):
            await anext(reader.events())
        return waiting, desk.cancelled

    waiting, cancelled = asyncio.run(read())
    assert waiting == 0
    assert cancelled >= 1


@pytest.mark.parametrize(("alternatives", "room"), [(0, 10), (20, 1)])
def test_what_is_told_beside_a_text_takes_room_in_the_line(alternatives: int, room: int) -> None:
    piece = Piece(0, "a", (Token("a", -1.0, (("a", -1.0),) * alternatives),))

    async def read() -> int:
        desk, reader = Desk(), Reader(Limits(waiting_bytes=5000))
        reader.submit(desk, [REQUEST])
        for count in range(100):
            desk.delivers[0](piece)
            await asyncio.sleep(0)
            if not reader._waiting:
                return count
        return 100

    assert asyncio.run(read()) == room


def test_a_reader_that_takes_something_now_and_then_is_no_slow_one() -> None:
    async def read() -> int:
        desk, reader = Desk(), Reader(Limits(waiting_bytes=3000))
        reader.submit(desk, [REQUEST])
        events = reader.events()
        for _ in range(100):
            desk.delivers[0](Piece(0, "a"))
            await anext(events)
        await events.aclose()
        return 100

    assert asyncio.run(read()) == 100


def test_a_reader_that_takes_nothing_for_too_long_is_cancelled_however_little_waits() -> None:
    async def read() -> int:
        desk, reader = Desk(), Reader(Limits(slow_reader_seconds=0.05))
        reader.submit(desk, [REQUEST])
        events = reader.events()
        for _ in range(2):  # it waits for the first, and takes neither the second nor the third
            desk.delivers[0](Piece(0, "a"))
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        desk.delivers[0](Piece(0, "a"))
        await asyncio.sleep(0)
        with pytest.raises(SlowReaderError):
            await anext(events)
        return desk.cancelled

    assert asyncio.run(read()) >= 1


def test_where_one_request_finds_no_room_none_is_kept() -> None:
    async def read() -> int:
        desk, closed = Desk(room=2), list[Any]()
        reader = Reader(Limits(), closed.append)
        with pytest.raises(Busy):
            reader.submit(desk, [REQUEST] * 3)
        assert closed == [reader]
        return desk.cancelled

    assert asyncio.run(read()) == 2


def test_the_error_of_a_request_reaches_its_reader() -> None:
    async def read() -> None:
        desk = Desk()
        events = stream(desk, REQUEST)
        asyncio.get_running_loop().call_later(0.01, lambda: desk.delivers[0](SettingsError("it cannot be")))
        await anext(events)

    with pytest.raises(SettingsError, match="it cannot be"):
        asyncio.run(read())
