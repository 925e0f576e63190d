"""OpenAI's interface: ``/v1/completions``, ``/v1/chat/completions`` and ``/v1/models``."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse
from starlette.types import Scope

from moxu.errors import SettingsError
from moxu.serve.answering import CLIENT_GONE, EventStream, unless_gone
from moxu.serve.bridge import Reader
from moxu.serve.limits import Limits
from moxu.serve.logs import log, note
from moxu.serve.metrics import Metrics
from moxu.serve.openai.answers import Answer, ChatForm, CompletionForm, Form, Text, usage_of
from moxu.serve.openai.requests import Asked, ask_chat, ask_completion, problem_with
from moxu.serve.openai.schema import ChatWishes, CompletionWishes, Wishes
from moxu.serve.problems import as_openai, problem_of
from moxu.serve.service import ServedModel, Service
from moxu.writers.base import Event, Finish, Piece, PromptPiece, Started, Token

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
    try:
        reader = service.submit(model, asked.requests)
    except SettingsError as error:
        raise problem_with(wishes, error) from None
    metrics.count_prompt(model.name, asked.prompt_tokens)
    call = Call(reader, Answer(form, model.name), asked, metrics, request.scope, echo)
    if wishes.stream:
        return EventStream(_events(call, usage=wishes.tells_usage), call.reader.close)
    written = await unless_gone(request, call.whole())
    return Response(status_code=CLIENT_GONE) if written is None else JSONResponse(written)


class Call:
    """An accepted call, whose events become its answer."""

    def __init__(
        self, reader: Reader, answer: Answer, asked: Asked, metrics: Metrics, scope: Scope, echo: bool
    ) -> None:
        self.reader, self.answer, self.asked, self.metrics, self.scope = reader, answer, asked, metrics, scope
        self.texts = [Text(index) for index in range(len(asked.requests) * asked.n)]
        self.written = 0  # tokens
        self._echo = echo and not asked.requests[0].prompt_logprobs  # else its pieces come as events
        self._tells_logprobs = asked.requests[0].top_logprobs is not None

    async def whole(self) -> dict[str, Any]:
        """Return the answer, once all is written."""
        async with aclosing(self.reader.events()) as events:
            async for number, event in events:
                for text in self._take(number, event):
                    if isinstance(event, Piece | PromptPiece):
                        text.text += event.text
                        text.tokens += event.tokens
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
                shown, tokens = (event.text, event.tokens) if isinstance(event, Piece | PromptPiece) else ("", ())
                for text in self._take(number, event):
                    yield self.answer.chunk([form.piece(text, shown, self._logprobs(tokens))])

    @property
    def usage(self) -> dict[str, int]:
        """The tokens so far."""
        return usage_of(self.asked.prompt_tokens, self.written)

    def _take(self, number: int, event: Event) -> Sequence[Text]:
        """Take what was told of a request; return the texts that it belongs to."""
        texts = self.texts[number * self.asked.n : (number + 1) * self.asked.n]
        if isinstance(event, Piece | Finish):
            texts = [texts[event.row]]
            if isinstance(event, Finish):
                self._end(texts[0], event)
        return [] if isinstance(event, Started) else texts

    def _end(self, text: Text, event: Finish) -> None:
        text.reason = event.reason
        self.written += event.tokens
        note(self.scope, written_tokens=self.written)
        self.metrics.count_text(self.answer.model, event.reason, event.tokens)

    def _logprobs(self, tokens: Sequence[Token]) -> Sequence[Token] | None:
        return tokens if self._tells_logprobs else None

    def _echoed(self, text: Text) -> str:
        return self.asked.given[text.index // self.asked.n] if self._echo else ""


async def _events(call: Call, *, usage: bool) -> AsyncGenerator[str]:
    """Yield ``data: {…}`` for each chunk, and at the end ``data: [DONE]``, or the error that ended it."""
    more: dict[str, Any] = {"usage": None} if usage else {}
    try:
        async with aclosing(call.parts()) as parts:
            async for part in parts:
                yield _event(part | more)
    except Exception as error:  # the status is sent: the stream itself has to tell
        problem = problem_of(error)
        if problem.status >= 500:
            log("stream failed", error=error)
        yield _event(as_openai(problem))
        return
    if usage:
        yield _event(call.answer.chunk([]) | {"usage": call.usage})
    yield "data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
