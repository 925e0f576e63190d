"""What tests of writing at the desk share: models of a few characters, and a writing's events as a page reads them."""

import json
import threading
import time
from collections.abc import Generator
from typing import Any

import httpx

from mocks import ArrayState, NgramModel
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.service import ServedModel
from moxu.text.chars import FIRST_CHARACTER_ID, CharTokenizer
from moxu.writers.manners import OURS
from servers import PATIENCE

CHARS = CharTokenizer("\n\u3000甲乙丙丁戊己庚辛，。“”")
Told = tuple[int, str, dict[str, Any]]


class Author(NgramModel):
    """Writes characters, newlines and indents, and never ends by itself; ``read`` is all that it was given to read."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(CHARS.vocab_size, seed=seed)
        self.table[:, :FIRST_CHARACTER_ID] = -50.0
        self.table[:, FIRST_CHARACTER_ID] += 2.0
        self.table[:, FIRST_CHARACTER_ID + 1] += 3.0
        self.read: list[int] = []

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        if len(ids) == 1:
            self.read += [int(one) for one in ids[0]]
        return super().extend(ids, state)


class SlowAuthor(Author):
    """Takes a while for each step."""

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        time.sleep(0.002)
        return super().extend(ids, state)


class GatedAuthor(Author):
    """Takes a step when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = threading.Semaphore(0)

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        assert self.steps.acquire(timeout=PATIENCE)
        return super().extend(ids, state)


def written_by(model: Author, name: str = "author", **options: Any) -> ServedModel:
    """Return a model as it is served, with the manner of our own."""
    return ServedModel(name, Scheduler(model, CHARS, name, **options), CHARS, OURS, architecture="ngram")


def begin(client: httpx.Client, before: str = "甲。\n乙", **wishes: Any) -> dict[str, Any]:
    """Begin a writing; return what the server says of it."""
    scene = {"before": before} | wishes.pop("scene", {})
    answer = client.post("/desk/writings", json={"scene": scene, "preset": "gpt2", "max_chars": 20} | wishes)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def events_of(
    client: httpx.Client, writing: str, after: int = 0, headers: dict[str, str] | None = None
) -> Generator[Told]:
    """Yield the events of a writing as they come."""
    path = f"/desk/writings/{writing}/events"
    with client.stream("GET", path, params={"after": after}, headers=headers) as response:
        assert response.status_code == 200, response.read()
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
            elif "data" in fields:
                yield int(fields["id"]), fields["event"], json.loads(fields["data"])
                fields = {}


def texts_of(events: list[Told]) -> dict[int, str]:
    """Return the text of each row."""
    texts: dict[int, str] = {}
    for _, name, data in events:
        if name == "piece":
            texts[data["row"]] = texts.get(data["row"], "") + data["text"]
    return texts
