"""The writings of the desk: each is kept with its events while it is written and some minutes after.

So a page that lost its connection, or was opened again, reads on where it was, and several pages can read the same. A
writing that nobody reads for some seconds is given up, so that its slots are free for others.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from moxu.serve.bridge import Reader
from moxu.serve.desk.tokens import TextTokens
from moxu.serve.limits import Limits
from moxu.serve.logs import log
from moxu.serve.problems import Problem, as_openai, problem_of, unavailable
from moxu.text.layout import StreamingDedent
from moxu.writers.base import Finish, Piece, Started

PLACE_SECONDS = 0.2  # between two looks at the place in the queue; who has not to wait is not told of it
QUIET_SECONDS = 15.0  # without an event, after which a comment keeps the connection open
AT_ONCE = 256  # events that are sent in one piece


class Row:
    """One text of a writing while it comes; ``tells_tokens``: with its tokens."""

    def __init__(self, *, at_line_start: bool, tells_tokens: bool) -> None:
        self.characters = 0
        self._layout = StreamingDedent(at_line_start)
        self._tokens = TextTokens(self._layout) if tells_tokens else None

    def take(self, piece: Piece | None) -> dict[str, Any]:
        """Return what is shown of a piece, or of what is left at the end (None), and the tokens of that."""
        if self._tokens is None:
            text, tokens = self._layout.push(piece.text) if piece else "", []
        else:
            told = self._tokens.push(piece.text, piece.tokens) if piece else self._tokens.finish()
            text, tokens = "".join(token.text for token in told), [token.model_dump() for token in told]
        self.characters += len(text)
        return {"text": text, "tokens": tokens}


class Writing:
    """The texts of one request, as events with numbers from 1 on, for any number of readers.

    ``ended`` is called with each Finish, ``over`` when the last event is there.
    """

    def __init__(
        self,
        reader: Reader,
        rows: Sequence[Row],
        limits: Limits,
        ended: Callable[[Finish], None],
        over: Callable[["Writing"], None],
    ) -> None:
        self.id = secrets.token_urlsafe(12)
        self.is_over, self.bytes = False, 0
        self._reader, self._rows, self._limits, self._ended, self._over = reader, rows, limits, ended, over
        self._events: list[str] = []
        self._news = asyncio.Event()
        self._begun = False
        self._present = 0  # readers
        self._alarm = self._set_alarm()
        self.task = asyncio.create_task(self._write())

    def stop(self) -> None:
        """End the texts where they are."""
        self._reader.cancel()

    def check_place(self, after: int) -> None:
        """Raise Problem unless there can be an event after this one."""
        if not 0 <= after <= len(self._events):
            message = f"after is {after}, but this writing has {len(self._events)} events yet"
            raise Problem(400, message, param="after", code="out_of_range")

    def attend(self) -> None:
        """Note that somebody reads the events."""
        self._present += 1
        self._alarm.cancel()

    def leave(self) -> None:
        """Note that somebody does no more."""
        self._present -= 1
        if not self._present and not self.is_over:
            self._alarm = self._set_alarm()

    async def events(self, after: int) -> AsyncGenerator[str]:
        """Yield the events after this one as they come, to the last."""
        while True:
            news, some = self._news, self._events[after : after + AT_ONCE]
            after += len(some)
            if some:
                yield "".join(some)
            elif self.is_over:
                return
            else:
                try:
                    async with asyncio.timeout(QUIET_SECONDS):
                        await news.wait()
                except TimeoutError:
                    yield ": still here\n\n"

    async def _write(self) -> None:
        places = asyncio.create_task(self._tell_places())
        try:
            async with aclosing(self._reader.events()) as events:
                async for _, event in events:
                    self._take(event)
        except Exception as error:
            log("writing failed", error=error)
            self._add("failed", as_openai(problem_of(error))["error"])
        finally:
            places.cancel()
            self._alarm.cancel()
            self.is_over = True
            self._add("end", {})
            self._over(self)

    def _take(self, event: object) -> None:
        match event:
            case Started():
                self._begun = True
            case Piece():
                self._tell_text(event.row, self._rows[event.row].take(event))
            case Finish():
                row = self._rows[event.row]
                self._tell_text(event.row, row.take(None))
                told = {"reason": event.reason, "characters": row.characters, "seconds": round(event.seconds, 3)}
                self._add("finish", {"row": event.row} | told)
                self._ended(event)

    def _tell_text(self, row: int, told: dict[str, Any]) -> None:
        if told["text"]:
            self._add("piece", {"row": row} | told)

    async def _tell_places(self) -> None:
        """Tell, until it begins, how many others come first, whenever that has changed."""
        told = None
        while not self._begun:
            await asyncio.sleep(PLACE_SECONDS)
            ahead = self._reader.ahead
            if not self._begun and ahead not in (None, told):
                told = ahead
                self._add("waiting", {"ahead": ahead})

    def _add(self, name: str, data: dict[str, Any]) -> None:
        shown = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        event = f"id: {len(self._events) + 1}\nevent: {name}\ndata: {shown}\n\n"
        self._events.append(event)
        self.bytes += len(event.encode())
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _set_alarm(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._limits.absent_seconds, self.stop)


class Writings:
    """All writings that are written or kept; there are never too many, and those that are over go first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._all: dict[str, Writing] = {}  # in the order in which they were begun
        self._over: dict[str, None] = {}  # those that are, in the order in which they ended

    def make_room(self) -> None:
        """Forget what was kept for longest where there are too many; Problem 503 where all are still written."""
        while self._over and self._too_many():
            self._forget(next(iter(self._over)))
        if len(self._all) >= self.limits.writings:
            raise unavailable("too many texts of the desk are being written", retry_after=5)

    def begin(self, reader: Reader, rows: Sequence[Row], ended: Callable[[Finish], None]) -> Writing:
        """Return a writing that reads what ``reader`` brings from now on, for whoever asks for its events."""
        writing = Writing(reader, rows, self.limits, ended, self._note_over)
        self._all[writing.id] = writing
        return writing

    def writing(self, id: str) -> Writing:
        """Return a writing; Problem 404 where there is none, which is so after the server was started again."""
        if id not in self._all:
            message = "this writing is not there (any more); what the page has of it is all there is"
            raise Problem(404, message, code="writing_gone")
        return self._all[id]

    async def close(self) -> None:
        """End all that are written, and wait for their last events."""
        tasks = [writing.task for writing in self._all.values() if not writing.is_over]
        for writing in list(self._all.values()):
            writing.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=self.limits.shutdown_seconds)
        for task in tasks:
            task.cancel()

    def _too_many(self) -> bool:
        size = sum(writing.bytes for writing in self._all.values())
        return len(self._all) >= self.limits.writings or size > self.limits.writings_bytes

    def _note_over(self, writing: Writing) -> None:
        self._over[writing.id] = None
        asyncio.get_running_loop().call_later(self.limits.writing_seconds, self._forget, writing.id)

    def _forget(self, id: str) -> None:
        self._all.pop(id, None)
        self._over.pop(id, None)
