"""A client of KoboldAI's interface, written to its published surface, for tests."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from moxu.serve.limits import Limits
from servers import Running, wait_until

GENERATE, STREAM = "/api/v1/generate", "/api/extra/generate/stream"
CHECK, ABORT = "/api/extra/generate/check", "/api/extra/abort"
LONG = 100_000
LIMITS = Limits(prompt_characters=1000, n=4, max_tokens=LONG, max_chars=LONG)
PLAIN: dict[str, Any] = {"prompt": "abc", "max_length": 30, "sampler_seed": 5}
ENDLESS: dict[str, Any] = {"prompt": "abc", "max_length": LONG, "use_default_badwordsids": True}


def texts(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [result["text"] for result in answer.json()["results"]]


def events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream as its clients read them: a name, data in JSON, an empty line."""
    event: dict[str, Any] = {}
    for line in lines:
        if line:
            field, _, value = line.partition(": ")
            event[field] = json.loads(value) if field == "data" else value
        else:
            yield event
            event = {}
    assert event == {}


class Background:
    """Requests that are answered while the test goes on."""

    def __init__(self, server: Running) -> None:
        self.server, self._threads = server, ThreadPoolExecutor(4)

    def __enter__(self) -> "Background":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def generate(self, body: dict[str, Any], **headers: str) -> "Future[httpx.Response]":
        """Begin a generation, and return when it is written."""
        before = self.server.scheduler.stats().slots_used
        future = self.submit(body, **headers)
        wait_until(lambda: self.server.scheduler.stats().slots_used > before)
        return future

    def submit(self, body: dict[str, Any], **headers: str) -> "Future[httpx.Response]":
        """Ask for a generation."""
        return self._threads.submit(self._post, body, headers)

    def _post(self, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        with self.server.client(**headers) as client:
            return client.post(GENERATE, json=body)


def slots_are_free(server: Running) -> bool:
    stats = server.scheduler.stats()
    return stats.slots_used == 0 and stats.waiting == 0
