"""OpenAI's interface: ``/v1/completions``, ``/v1/chat/completions`` and ``/v1/models``."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from moxu.serve.bridge import Reader
from moxu.serve.limits import Limits
from moxu.serve.logs import log, note
from moxu.serve.metrics import Metrics
from moxu.serve.openai_answers import Answer, ChatForm, CompletionForm, Form, Text, usage_of
from moxu.serve.openai_requests import Asked, ask_chat, ask_completion
from moxu.serve.openai_schema import ChatWishes, CompletionWishes, Wishes
from moxu.serve.problems import as_openai, problem_of
from moxu.serve.service import ServedModel, Service
from moxu.writers.base import Finish, Piece, Token

CLIENT_GONE = 499
"""The status that is logged of a client that left before its answer; nobody gets it."""

T = TypeVar("T")
W = TypeVar("W", bound=Wishes)
Ask = Callable[[W, ServedModel, Limits], Asked]

router = APIRouter(prefix="/v1", tags=["OpenAI"])


@router.get("/models")
async def list_models(request: Request) -> dict[str, Any]:
    """List the models that are served."""
    service: Service = request.app.state.service
    return {"object": "list", "data": [_model_object(model) for model in service.models.values()]}


@router.get("/models/{name:path}")
async def show_model(name: str, request: Request) -> dict[str, Any]:
    """Describe one model."""
    service: Service = request.app.state.service
    return _model_object(service.model(name))


@router.post("/completions")
async def complete(wishes: CompletionWishes, request: Request) -> Response:
    """Continue one prompt or several."""
    return await _answer(wishes, request, CompletionForm(), ask_completion, echo=bool(wishes.echo))


@router.post("/chat/completions")
async def chat(wishes: ChatWishes, request: Request) -> Response:
    """Answer the last message of a conversation."""
    return await _answer(wishes, request, ChatForm(), ask_chat, echo=False)


def _model_object(model: ServedModel) -> dict[str, Any]:
    return {"id": model.name, "object": "model", "created": model.created, "owned_by": "moxu"}


async def _answer(wishes: W, request: Request, form: Form, ask: Ask[W], *, echo: bool) -> Response:
    """Answer a call: with one object when all is written, or with a stream."""
    service: Service = request.app.state.service
    model = service.model(wishes.model)
    asked = await asyncio.to_thread(ask, wishes, model, service.limits)  # a long prompt takes its time
    note(request.scope, model=model.name, prompt_tokens=asked.prompt_tokens, texts=len(asked.requests) * asked.n)
    metrics: Metrics = request.app.state.metrics
    reader = service.submit(model, asked.requests)
    metrics.count_prompt(model.name, asked.prompt_tokens)
    call = Call(reader, Answer(form, model.name), asked, metrics, request.scope, echo)
    if wishes.stream:
        return EventStream(call, usage=wishes.tells_usage)
    written = await _unless_gone(request, call.whole())
    return Response(status_code=CLIENT_GONE) if written is None else JSONResponse(written)


class Call:
    """An accepted call, whose events become its answer."""

    def __init__(
        self, reader: Reader, answer: Answer, asked: Asked, metrics: Metrics, scope: Scope, echo: bool
    ) -> None:
        self.reader, self.answer, self.asked, self.metrics, self.scope = reader, answer, asked, metrics, scope
        self.texts = [Text(index) for index in range(len(asked.requests) * asked.n)]
        self.written = 0  # tokens
        self._echo = echo
        self._tells_logprobs = asked.requests[0].top_logprobs is not None

    async def whole(self) -> dict[str, Any]:
        """Return the answer, once all is written."""
        async with aclosing(self.reader.events()) as events:
            async for number, event in events:
                if isinstance(event, Piece | Finish):
                    self._take(number, event)
        for text in self.texts:
            text.text = self._echoed(text) + text.text
        choices = [self.answer.form.choice(text, self._logprobs(text.tokens)) for text in self.texts]
        return self.answer.whole(choices, self.usage)

    async def parts(self) -> AsyncGenerator[dict[str, Any]]:
        """Yield the chunks of a stream as the texts are written."""
        form = self.answer.form
        for text in self.texts:
            if (opening := form.opening(text)) is not None:
                yield self.answer.chunk([opening])
            if echoed := self._echoed(text):
                yield self.answer.chunk([form.piece(text, echoed, None)])
        async with aclosing(self.reader.events()) as events:
            async for number, event in events:
                if not isinstance(event, Piece | Finish):
                    continue
                text = self._take(number, event)
                shown, tokens = (event.text, event.tokens) if isinstance(event, Piece) else ("", ())
                yield self.answer.chunk([form.piece(text, shown, self._logprobs(tokens))])

    @property
    def usage(self) -> dict[str, int]:
        """The tokens so far."""
        return usage_of(self.asked.prompt_tokens, self.written)

    def _take(self, number: int, event: Piece | Finish) -> Text:
        text = self.texts[number * self.asked.n + event.row]
        if isinstance(event, Piece):
            text.text += event.text
            text.tokens += event.tokens
            return text
        text.reason = event.reason
        self.written += event.tokens
        note(self.scope, written_tokens=self.written)
        self.metrics.count_text(self.answer.model, event.reason, event.tokens)
        return text

    def _logprobs(self, tokens: Sequence[Token]) -> Sequence[Token] | None:
        return tokens if self._tells_logprobs else None

    def _echoed(self, text: Text) -> str:
        return self.asked.given[text.index // self.asked.n] if self._echo else ""


class EventStream(StreamingResponse):
    """The chunks of a call as server-sent events; whoever leaves before the end frees what the call holds."""

    def __init__(self, call: Call, *, usage: bool) -> None:
        self._call, self._usage = call, usage
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(self._events(), media_type="text/event-stream", headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._call.reader.close()  # also where the stream was never begun

    async def _events(self) -> AsyncGenerator[str]:
        """Yield ``data: {…}`` for each chunk, and at the end ``data: [DONE]``, or the error that ended it."""
        more: dict[str, Any] = {"usage": None} if self._usage else {}
        try:
            async with aclosing(self._call.parts()) as parts:
                async for part in parts:
                    yield _event(part | more)
        except Exception as error:  # the status is sent: the stream itself has to tell
            problem = problem_of(error)
            log("stream failed", error=error)
            yield _event(as_openai(problem))
            return
        if self._usage:
            yield _event(self._call.answer.chunk([]) | {"usage": self._call.usage})
        yield "data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
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
