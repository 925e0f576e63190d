"""The way to the store: a few requests at once, each in a thread of its own, and what the store refuses as an answer.

The functions that answer are plain ones, which FastAPI runs in threads; so the store, which waits for its disk and for
other writers, never holds up the texts that are being written. A thread that has begun ends what it does, whether its
client is still there or not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import TypeAdapter

from moxu.errors import StoreError
from moxu.serve.limits import Limits
from moxu.serve.problems import Problem, unavailable
from moxu.serve.service import Service
from moxu.store.failures import DatabaseFailure
from moxu.store.records import Chapter, Note
from moxu.store.refusals import Conflict, Missing
from moxu.store.store import Store

_RECORD: TypeAdapter[Chapter | Note] = TypeAdapter(Chapter | Note)


class StoreDoor:
    """Lets a few requests use a store at the same time; the next wait, and not for ever."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store, self.limits = store, limits
        self._places = asyncio.Semaphore(limits.store_requests)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Store]:
        """Give the store; what it raises inside becomes a Problem."""
        try:
            async with asyncio.timeout(self.limits.store_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise unavailable("too many requests wait for the database", retry_after=2) from None
        try:
            yield self.store
        except StoreError as error:
            raise problem_of_store(error) from error
        finally:
            self._places.release()


def problem_of_store(error: StoreError) -> Problem:
    """Return what a client is told of an error of the store; 503 where the same request may go better later."""
    match error:
        case Missing():
            return Problem(404, str(error), code="missing")
        case Conflict():
            return conflict(str(error), "conflict", error.current)
        case DatabaseFailure():  # without the name of the database, which is a path or an address
            return unavailable(f"the database: {error.reason}", retry_after=2)
        case _:
            return Problem(400, str(error), code="invalid_value")


def conflict(message: str, code: str, current: Chapter | Note) -> Problem:
    """Return the problem of an edit that cannot be made to what is there now, with what is there now."""
    return Problem(409, message, code=code, beside={"current": _RECORD.dump_python(current, mode="json")})


async def _opened(request: Request) -> AsyncIterator[Store]:
    door: StoreDoor = request.app.state.store_door
    async with door.opened() as store:
        yield store


async def _limits(request: Request) -> Limits:
    service: Service = request.app.state.service
    return service.limits


OpenStore = Annotated[Store, Depends(_opened, scope="function")]
"""The store, for as long as the function that answers runs."""

GivenLimits = Annotated[Limits, Depends(_limits)]


def may_conflict(model: Any) -> dict[int | str, dict[str, Any]]:
    """Return how a route that can answer 409 is described."""
    return {409: {"model": model, "description": "It has changed since it was read; nothing was written."}}
