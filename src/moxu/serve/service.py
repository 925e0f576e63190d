"""What is served: the models by name, who may use them, and the answers that are being given."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from moxu.serve.bridge import Delivers, Reader
from moxu.serve.limits import Limits
from moxu.serve.problems import Problem, unavailable
from moxu.settings import nearest
from moxu.store.store import Store
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Request
from moxu.writers.manners import Manner

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Worker(Delivers, Protocol):
    """A scheduler: it takes requests, and tells how it is."""

    @property
    def healthy(self) -> bool:
        """Whether it can still write."""
        ...

    def stats(self) -> "DataclassInstance":
        """Return its counts, as a dataclass of numbers."""
        ...

    def close(self) -> None:
        """End its thread, and whatever it writes."""
        ...


@dataclass(frozen=True)
class ServedModel:
    """A model while it is served: who writes with it, and how an opening becomes its prompt."""

    name: str
    worker: Worker
    tokenizer: Tokenizer
    manner: Manner
    max_context: int | None = None
    reads_source: bool = False  # it writes by passages, and can hold no conversation
    source: int | None = None  # ids that such a model reads of a text
    architecture: str = ""
    gives_logprobs: bool = True
    created: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True)
class Service:
    """The models that are served, the first of which is the default, and the digests of the API keys (none: no key).

    ``store`` keeps what is written at the desk; without one there is no desk.
    ``readers`` are the answers that are being given; ``closing`` is set when no new ones are begun.
    """

    models: Mapping[str, ServedModel]
    limits: Limits = field(default_factory=Limits)
    keys: frozenset[bytes] = frozenset()
    store: Store | None = None
    readers: set[Reader] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ready(self) -> bool:
        """Whether texts can be written."""
        return (
            bool(self.models)
            and not self.closing.is_set()
            and all(model.worker.healthy for model in self.models.values())
        )

    def model(self, name: str | None) -> ServedModel:
        """Return a model by its name, or the default one; Problem 404 when there is none of that name."""
        if not self.models:
            raise unavailable("no model is loaded yet", retry_after=2)
        if name is None:
            return next(iter(self.models.values()))
        if name not in self.models:
            message = f"no model {name[:100]!r} is served; {nearest(name[:100], self.models)}"
            raise Problem(404, message, param="model", code="model_not_found")
        return self.models[name]

    def submit(self, model: ServedModel, requests: Sequence[Request]) -> Reader:
        """Let a model write these requests; Problem, or the error of a request, where it cannot."""
        if self.closing.is_set():
            raise unavailable("the server is shutting down", retry_after=5)
        reader = Reader(self.limits, self.readers.discard)
        reader.submit(model.worker, requests)
        self.readers.add(reader)
        return reader

    def knows(self, key: str) -> bool:
        """Whether this is one of the API keys; it takes equally long whichever it is like."""
        given = digest(key)
        return sum(hmac.compare_digest(given, known) for known in self.keys) > 0

    def end_answers(self) -> None:
        """End all texts where they are, so that each of their readers gets a proper end, and begin no more."""
        self.closing.set()
        for reader in list(self.readers):
            reader.cancel()

    def close(self) -> None:
        """End the workers, and close the store."""
        for model in self.models.values():
            model.worker.close()
        if self.store is not None:
            self.store.close()


def digest(key: str) -> bytes:
    """Return what is kept of an API key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def digests(keys: Iterable[str]) -> frozenset[bytes]:
    """Return what is kept of several API keys."""
    return frozenset(map(digest, keys))


def as_numbers(stats: "DataclassInstance") -> dict[str, float]:
    """Return the counts of a worker by name."""
    values: dict[str, Any] = {name: getattr(stats, name) for name in stats.__dataclass_fields__}
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
