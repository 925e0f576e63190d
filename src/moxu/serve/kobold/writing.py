"""A generation of KoboldAI's interface from its request to its answer: whole, or as events."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request

from moxu.serve.kobold.generations import Generation, Generations, Owner
from moxu.serve.kobold.requests import request_of
from moxu.serve.kobold.schema import GenerateWishes
from moxu.serve.logs import log, note
from moxu.serve.metrics import Metrics
from moxu.serve.openai.answers import REASONS
from moxu.serve.problems import as_kobold, problem_of
from moxu.serve.service import Service
from moxu.writers.base import Finish, FinishReason, Piece


class Writing:
    """A generation whose events become its answer; ``close`` it whatever happens."""

    def __init__(self, generation: Generation, model: str, prompt_tokens: int, request: Request) -> None:
        self.generation, self.model, self.prompt_tokens, self.request = generation, model, prompt_tokens, request
        self.headers: dict[str, str] = {}
        self._finishes: dict[int, Finish] = {}
        self._metrics: Metrics = request.app.state.metrics
        self._generations: Generations = request.app.state.generations

    @classmethod
    async def begin(cls, wishes: GenerateWishes, request: Request) -> "Writing":
        """Let the model write; Problem where it cannot."""
        service: Service = request.app.state.service
        model = service.model(None)
        asked = await asyncio.to_thread(request_of, wishes, model, service.limits)  # a long prompt takes its time
        reader = service.submit(model, [asked])
        generations: Generations = request.app.state.generations
        generation = generations.begin(Owner.of(request), wishes.genkey, reader, asked.count)
        writing = cls(generation, model.name, len(asked.prompt_ids or ()), request)
        note(request.scope, model=model.name, prompt_tokens=writing.prompt_tokens, texts=asked.count)
        writing._metrics.count_prompt(model.name, writing.prompt_tokens)
        if wishes.ignored:
            writing.headers["moxu-ignored"] = ", ".join(wishes.ignored)
        return writing

    async def whole(self) -> dict[str, Any]:
        """Return the answer, once all is written."""
        async with aclosing(self._pieces()) as pieces:
            async for _ in pieces:
                pass
        return {"results": [self._result(row, text) for row, text in enumerate(self.generation.texts)]}

    async def events(self) -> AsyncGenerator[str]:
        """Yield the events of a stream; an error that ends it is an event ``error`` with the error object."""
        try:
            async with aclosing(self._pieces()) as pieces:
                async for event in pieces:
                    text, reason = (event.text, None) if isinstance(event, Piece) else ("", event.reason)
                    yield _event("message", {"token": text, "finish_reason": _reason(reason)})
        except Exception as error:  # the status is sent: the stream itself has to tell
            problem = problem_of(error)
            if problem.status >= 500:
                log("stream failed", error=error)
            yield _event("error", as_kobold(problem))

    def close(self) -> None:
        """Free the slots, if they are not free."""
        self.generation.reader.close()
        self._generations.end(self.generation)

    async def _pieces(self) -> AsyncGenerator[Piece | Finish]:
        async with aclosing(self.generation.reader.events()) as events:
            async for _, event in events:
                if isinstance(event, Piece):
                    self.generation.texts[event.row] += event.text
                    yield event
                elif isinstance(event, Finish):
                    self._finishes[event.row] = event
                    self._metrics.count_text(self.model, event.reason, event.tokens)
                    note(self.request.scope, written_tokens=sum(one.tokens for one in self._finishes.values()))
                    yield event

    def _result(self, row: int, text: str) -> dict[str, Any]:
        finish = self._finishes[row]
        return {
            "text": text,
            "finish_reason": _reason(finish.reason),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": finish.tokens,
        }


def _reason(reason: FinishReason | None) -> str | None:
    return None if reason is None else REASONS[reason]


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
