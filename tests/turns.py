"""Slots that are turned by hand, without a thread: what each request has been told after so many turns."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from mocks import END, ByteTokenizer, NgramModel
from moxu.decode.options import sampling_options
from moxu.decode.prefix_cache import PrefixCache
from moxu.errors import MoxuError
from moxu.language_model import LanguageModel
from moxu.serve.batching.requests import Job
from moxu.serve.batching.slots import Slots
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Event, Piece, Request

REQUEST = Request(prompt="\n这是一颗", options=sampling_options("wild"), max_chars=40, seed=10)


def endless(**values: Any) -> NgramModel:
    model = NgramModel(**values)
    model.table[:, END] = -50.0
    return model


class Desk:
    """Slots, and what was told of each request."""

    def __init__(self, model: LanguageModel | None = None, tokenizer: Tokenizer | None = None, **options: Any) -> None:
        self.model, self.tokenizer = model or endless(), tokenizer or ByteTokenizer()
        given: dict[str, Any] = {"size": 16, "chunk": 8, "cache": PrefixCache(10**7), "seconds": None} | options
        self.slots = Slots(self.model, self.tokenizer, **given)

    def admit(self, request: Request = REQUEST, **values: Any) -> tuple[Job, list[Event | MoxuError]]:
        told: list[Event | MoxuError] = []
        job = Job(dataclasses.replace(request, **values), self.model, self.tokenizer, told.append)
        self.slots.admit(job)
        return job, told

    def turn(self, count: int = 1) -> None:
        for _ in range(count):
            self.slots.turn()

    def finish(self) -> None:
        while self.slots.used:
            self.slots.turn()


def written(job: Job) -> list[int]:
    return [row.written for row in job.texts]


def text_of(told: Sequence[Event | MoxuError], row: int = 0) -> str:
    return "".join(event.text for event in told if isinstance(event, Piece) and event.row == row)
