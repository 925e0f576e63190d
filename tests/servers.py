"""A server on a free port of the loopback, over a small model, for tests that speak HTTP to it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from mocks import ArrayState, ByteTokenizer, NgramModel
from moxu.serve.aiwriter import make_aiwriter_app
from moxu.serve.app import make_app
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.serve.server import Server, address_of, listen, make_server
from moxu.serve.service import ServedModel, Service, digests
from moxu.store.store import Store
from moxu.text.tokenizer import Tokenizer
from moxu.writers.manners import AS_TYPED

PATIENCE = 30.0
ON_SQLITE = pytest.mark.parametrize("desk_server", ["sqlite"], indirect=True)
"""The mark of a test of what is refused before any database is asked, or by both alike."""


class SlowModel(NgramModel):
    """Takes a while for each step, as a real one does."""

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        time.sleep(0.002)
        return super().extend(ids, state)


@dataclass(frozen=True)
class Running:
    """A server, where it is, and what it serves."""

    url: str
    server: Server
    service: Service
    socket_url: str = ""  # of AI-Writer's socket

    @property
    def scheduler(self) -> Scheduler:
        worker = self.service.model(None).worker
        assert isinstance(worker, Scheduler)
        return worker

    def client(self, **options: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, headers=options)


def served(scheduler: Scheduler, tokenizer: Tokenizer | None = None, *, reads_source: bool = False) -> ServedModel:
    """Return a small model as it is served; its texts are read as they are typed, and drawn without any cut."""
    manner = replace(AS_TYPED, preset="gpt2")
    return ServedModel(scheduler.name, scheduler, tokenizer or ByteTokenizer(), manner, reads_source=reads_source)


@contextmanager
def running(
    *models: ServedModel,
    limits: Limits | None = None,
    keys: tuple[str, ...] = (),
    store: Store | None = None,
    origins: tuple[str, ...] = (),
) -> Iterator[Running]:
    """Serve models until the block is left."""
    service = Service({model.name: model for model in models}, limits or Limits(), digests(keys), store)
    with listen("127.0.0.1", 0) as bound, listen("127.0.0.1", 0) as old:
        app, address = make_app(service, allow_origins=origins), old.getsockname()
        server = make_server(app, service, {address: make_aiwriter_app(service, app.state.metrics)})
        thread = threading.Thread(target=server.run, args=([bound, old],))
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield Running(address_of(bound), server, service, f"ws://127.0.0.1:{address[1]}/")
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
    assert not thread.is_alive()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)
