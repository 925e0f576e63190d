"""AI-Writer's socket: its page, unchanged, writes with a model of moxu.

The page connects to ``ws://127.0.0.1:8266`` and is greeted with ``id_`` and a number. It sends
``{"op": "get", "txt": …}``, where the text is the last 511 characters before the end of the page, and gets one
``{"op": "TXT", "txt": …}``, which it puts behind whatever stands there by then. It looks at ``op`` of no answer, and at
nothing that does not begin with a brace; so what is wrong is told as ``[ERROR] …``, which a page passes over and a
program can read. As in AI-Writer a text has 20 characters, and one that is asked for while another is written follows
it. The protocol is that of ``server.py`` and ``web-client/index.js`` in https://github.com/BlinkDL/AI-Writer.
"""

import asyncio
import json
import secrets
from contextlib import aclosing, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from moxu.decode.options import sampling_options
from moxu.errors import MoxuError
from moxu.serve.logs import log, note
from moxu.serve.metrics import Metrics
from moxu.serve.outcomes import Outcomes
from moxu.serve.problems import Problem, problem_of, response, unavailable
from moxu.serve.security import LOCAL_FILES, LOOPBACK, SafeHeaders, SameOrigin
from moxu.serve.service import ServedModel, Service
from moxu.writers.base import Finish, Piece, Request

HOST = "127.0.0.1"  # is where the page looks for its server
CHARACTERS = 20  # in one answer
FAILED = 1011  # closes a socket after an error of the server's own


def make_aiwriter_app(service: Service, metrics: Metrics) -> Starlette:
    """Return the application for pages of AI-Writer, which are opened as files, and nothing else."""
    return Starlette(
        routes=[WebSocketRoute("/{path:path}", Door(service, metrics).open), Mount("/", _no_page)],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Outcomes),
            Middleware(SameOrigin, LOOPBACK, LOCAL_FILES),
        ],
    )


class Door:
    """Lets so many pages in at once; the next are told to come again."""

    def __init__(self, service: Service, metrics: Metrics) -> None:
        self.service, self.metrics, self.inside = service, metrics, 0

    async def open(self, socket: WebSocket) -> None:
        """Let a page in, and talk with it until it leaves."""
        if self.inside >= self.service.limits.sockets:
            problem = unavailable("too many pages are open", 2)
            await socket.send_denial_response(response(problem, socket.scope["path"]))
            return
        self.inside += 1
        self.metrics.sockets.set(self.inside)
        try:
            await self._talk(socket)
        finally:
            self.inside -= 1
            self.metrics.sockets.set(self.inside)

    async def _talk(self, socket: WebSocket) -> None:
        try:
            await socket.accept()
            await Conversation(socket, self.service, self.metrics).hold()
        except WebSocketDisconnect:  # while something was sent to it
            pass
        except Exception as error:
            log("socket failed", error=error)
            with suppress(WebSocketDisconnect):
                await socket.close(FAILED)


class Conversation:
    """A page that is open: one coroutine listens to it, another writes what it has asked for, text after text."""

    def __init__(self, socket: WebSocket, service: Service, metrics: Metrics) -> None:
        self.socket, self.service, self.metrics = socket, service, metrics
        self._asked = asyncio.Queue[str](service.limits.waiting_messages)
        self._counts = dict.fromkeys(("texts", "prompt_tokens", "written_tokens", "errors"), 0)

    async def hold(self) -> None:
        """Greet the page, and answer until it leaves; then the text that is being written ends."""
        await self.socket.send_text("id_" + secrets.token_hex(10))
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._write())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            note(self.socket.scope, **self._counts)

    async def _listen(self) -> None:
        while (message := await self.socket.receive())["type"] == "websocket.receive":
            match message.get("text"):
                case "[PING]":
                    await self.socket.send_text("[PONG]")
                case "[PONG]":
                    pass
                case sent:
                    await self._take(sent)
            await asyncio.sleep(0)  # a thousand messages that come at once let others have their turns between them

    async def _take(self, sent: str | None) -> None:
        """Put what is asked for in the line, or tell why not."""
        try:
            self._asked.put_nowait(asked_in(sent))
        except asyncio.QueueFull:
            await self._tell(f"{self._asked.maxsize} texts are waiting to be written; ask again when they are")
        except Problem as problem:
            await self._tell(problem.message)

    async def _write(self) -> None:
        while True:
            asked = await self._asked.get()
            try:
                text = await self._continue(asked)
            except MoxuError as error:
                await self._tell(problem_of(error).message)
            else:
                await self.socket.send_text(json.dumps({"op": "TXT", "txt": text}, separators=(",", ":")))

    async def _continue(self, asked: str) -> str:
        """Return what the model writes after this text."""
        model = self.service.model(None)
        request = await asyncio.to_thread(request_for, asked, model)
        reader = self.service.submit(model, [request])
        prompt_tokens = len(request.prompt_ids or ())
        self.metrics.count_prompt(model.name, prompt_tokens)
        self._count(texts=1, prompt_tokens=prompt_tokens)
        note(self.socket.scope, model=model.name)
        text = ""
        async with aclosing(reader.events()) as events:
            async for _, event in events:
                match event:
                    case Piece():
                        text += event.text
                    case Finish():
                        self.metrics.count_text(model.name, event.reason, event.tokens)
                        self._count(written_tokens=event.tokens)
        return text

    async def _tell(self, error: str) -> None:
        self._count(errors=1)
        await self.socket.send_text(f"[ERROR] {error}")

    def _count(self, **more: int) -> None:
        for name, number in more.items():
            self._counts[name] += number


def asked_in(message: str | None) -> str:
    """Return the text that a message wants continued; Problem says what is wrong with the message (None: bytes).

    A page counts in halves of characters: the first may be one whose other half it has left behind.
    """
    try:
        asked: Any = json.loads(message or "")
    except (ValueError, RecursionError):
        raise Problem(400, 'the message is no JSON; expected {"op": "get", "txt": "…"}') from None
    if not isinstance(asked, dict) or not isinstance(asked.get("op"), str) or asked["op"].lower() != "get":
        raise Problem(400, 'the message asks for nothing known; expected {"op": "get", "txt": "…"}')
    if not isinstance(asked.get("txt"), str):
        raise Problem(400, "txt is missing or no text; expected the text to continue")
    return str(asked["txt"]).encode(errors="ignore").decode()


def request_for(asked: str, model: ServedModel) -> Request:
    """Return the request to continue a text for a page, with what suits the model."""
    prompt = model.manner.prompt_of(asked, model.tokenizer)
    ids = tuple(model.tokenizer.encode(prompt.text)) if prompt.ids is None else prompt.ids
    return Request(
        prompt=prompt.text,
        prompt_ids=ids or None,
        options=sampling_options(model.manner.preset),
        max_chars=CHARACTERS,
        past_end=model.manner.past_end,
    )


async def _no_page(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell what asks for a page that there is none at this port."""
    problem = Problem(426, "AI-Writer's page is answered here, over a WebSocket; all else is at the other port")
    problem_response = response(problem, scope["path"])
    problem_response.headers["upgrade"] = "websocket"
    await problem_response(scope, receive, send)
