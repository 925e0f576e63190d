"""With its thread: many at once write what each writes alone, and nothing is left behind."""

import dataclasses
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from mocks import ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel
from moxu.decode.options import PRESETS, SamplingOptions, sampling_options
from moxu.errors import MoxuError, SettingsError
from moxu.language_model import LanguageModel
from moxu.models.base import TorchLanguageModel
from moxu.models.registry import build
from moxu.serve.batching.requests import Busy, WorkerError
from moxu.serve.batching.scheduler import Scheduler
from moxu.writers.base import Event, Finish, Piece, Request, collect, write_texts
from moxu.writers.local import LocalWriter

PATIENCE = 30.0  # seconds; nothing here needs more than a few
REQUEST = Request(prompt="\n这是一颗", options=sampling_options("wild"), max_chars=30, seed=10)
NewScheduler = Callable[..., Scheduler]


def unheard(event: Event | MoxuError) -> None:
    """Take what is told."""


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.001)


def tiny(architecture: str, **config: int) -> TorchLanguageModel:
    """A model of torch with every parameter random."""
    model = build(architecture, config)
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3, generator=generator)
    return model.eval()


MODELS: dict[str, Callable[[], LanguageModel]] = {
    "ngram": NgramModel,
    "window": lambda: WindowedModel(24),
    "passages": PassageModel,
    "rwkv7": lambda: tiny("rwkv7", vocab_size=258, width=16, layers=2, head_size=8, hidden=24),
    "gpt": lambda: tiny("gpt", vocab_size=258, width=16, layers=2, heads=2, positions=48),
    "unilm": lambda: tiny("unilm", vocab_size=259, width=16, layers=2, heads=2, hidden=24, positions=40),
}


def requests_of(seed: int, count: int, passages: bool) -> list[Request]:
    """Requests of all sorts: several rows, long prompts, prompts that begin alike, windows, stops, logprobs."""
    chance = random.Random(seed)
    presets = [name for name in PRESETS if name != "greedy"]
    made = []
    for number in range(count):
        sampling = sampling_options(chance.choice(presets), {"no_repeat_ngram": chance.choice([None, 9])})
        more: dict[str, Any] = {} if passages else {"window": chance.choice(["reread", "roll", "lines", "stop"])}
        request = Request(
            prompt="从前有座山" * chance.choice([1, 1, 2, 9]) + chance.choice(["", "，山里", "x"]),
            options=sampling,
            count=chance.choice([1, 1, 1, 3]),
            max_chars=chance.randint(1, 30),
            seed=1000 * number,
            stop=chance.choice([(), ("e",)]),
            top_logprobs=chance.choice([None, None, 0, 2]),
            past_end=chance.random() < 0.3,
            **more,
        )
        made.append(request)
    return made


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_text_under_load_is_the_text_alone(new_scheduler: NewScheduler, name: str, seed: int) -> None:
    model = MODELS[name]()
    tokenizer = MarkedTokenizer() if model.passage else ByteTokenizer()
    requests = requests_of(seed, 24, model.passage is not None)
    scheduler = new_scheduler(model, tokenizer, slots=10, chunk=16, cache_bytes=10**5)
    order = random.Random(seed).sample(requests, len(requests))
    with ThreadPoolExecutor(8) as readers:
        together = dict(zip(map(id, order), readers.map(lambda one: collect(scheduler.write(one)), order), strict=True))
    alone = LocalWriter(model, tokenizer, "alone")
    for request in requests:
        for expected, got in zip(collect(alone.write(request)), together[id(request)], strict=True):
            assert (got.text, got.finish_reason, got.seed) == (expected.text, expected.finish_reason, expected.seed)
            assert [token.text for token in got.tokens] == [token.text for token in expected.tokens]
            for token, other in zip(got.tokens, expected.tokens, strict=True):
                assert token.logprob == pytest.approx(other.logprob, abs=1e-3)
    wait_until(lambda: scheduler.stats().slots_used == 0)
    assert scheduler.healthy


class Gated(NgramModel):
    """Reads no prompt before the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.table[:, 256] = -50.0  # a text never ends by itself
        self.gate = threading.Event()

    def prefill(self, ids: Any) -> Any:
        assert self.gate.wait(PATIENCE)
        return super().prefill(ids)


@pytest.fixture
def gated() -> Iterator[Gated]:
    model = Gated()
    yield model
    model.gate.set()


def test_a_full_queue_is_told_with_the_time_to_come_back(new_scheduler: NewScheduler, gated: Gated) -> None:
    scheduler = new_scheduler(gated, slots=2, queue=3)
    scheduler.submit(dataclasses.replace(REQUEST, count=2), unheard)
    wait_until(lambda: scheduler.stats().waiting == 0)
    tickets = [scheduler.submit(REQUEST, unheard) for _ in range(3)]
    with pytest.raises(Busy, match="3 requests are waiting already") as refused:
        scheduler.submit(REQUEST, unheard)
    assert 1 <= refused.value.retry_after <= 60
    tickets[1].cancel()  # a place in the queue is free at once
    scheduler.submit(REQUEST, unheard)
    gated.gate.set()
    wait_until(lambda: scheduler.stats().finished == 4)


def test_a_request_that_waits_knows_how_many_come_first(new_scheduler: NewScheduler, gated: Gated) -> None:
    scheduler = new_scheduler(gated, slots=2)
    first = scheduler.submit(dataclasses.replace(REQUEST, count=2), unheard)
    wait_until(lambda: first.ahead is None)
    waiting = [scheduler.submit(REQUEST, unheard) for _ in range(3)]
    assert [ticket.ahead for ticket in waiting] == [0, 1, 2]
    waiting[1].cancel()
    assert [ticket.ahead for ticket in waiting] == [0, None, 1]
    gated.gate.set()
    wait_until(lambda: waiting[2].ahead is None)


def test_a_large_request_waits_for_its_slots_and_gets_them(new_scheduler: NewScheduler) -> None:
    scheduler = new_scheduler(slots=4)
    with ThreadPoolExecutor(12) as readers:
        requests = [dataclasses.replace(REQUEST, count=1 + number % 4) for number in range(12)]
        texts = list(readers.map(lambda one: write_texts(scheduler, one), requests))
    assert [len(each) for each in texts] == [request.count for request in requests]


def test_a_thousand_requests_given_up_leave_nothing(new_scheduler: NewScheduler) -> None:
    scheduler = new_scheduler(slots=8, queue=2000)
    threads = threading.active_count()
    told: list[list[Event | MoxuError]] = [[] for _ in range(1000)]
    for number, events in enumerate(told):
        request = dataclasses.replace(REQUEST, prompt=f"{number}", max_chars=10**6, count=1 + number % 3, past_end=True)
        ticket = scheduler.submit(request, events.append)
        if number % 10 == 0:
            wait_until(lambda: any(isinstance(event, Piece) for event in events))  # noqa: B023
        ticket.cancel()
        ticket.cancel()  # as often as one likes
    wait_until(lambda: scheduler.stats().cancelled == 1000)
    stats = scheduler.stats()
    assert (stats.slots_used, stats.waiting, stats.finished, stats.failed) == (0, 0, 0, 0)
    assert threading.active_count() == threads
    assert scheduler._slots._running.rows == []
    assert scheduler._slots._running._state is None
    for number, events in enumerate(told):
        finishes = [event for event in events if isinstance(event, Finish)]
        assert [event.row for event in finishes] == list(range(1 + number % 3))
        assert events[-1] is finishes[-1]
        assert {event.reason for event in finishes} == {"cancelled"}
    assert write_texts(scheduler, REQUEST) == write_texts(LocalWriter(NgramModel(), ByteTokenizer(), "m"), REQUEST)


def test_closing_the_iterator_gives_the_request_up(new_scheduler: NewScheduler, gated: Gated) -> None:
    scheduler = new_scheduler(gated)
    gated.gate.set()
    events = scheduler.write(dataclasses.replace(REQUEST, max_chars=10**6))
    while not isinstance(next(events), Piece):
        pass
    events.close()  # type: ignore[attr-defined]
    wait_until(lambda: scheduler.stats().cancelled == 1 and scheduler.stats().slots_used == 0)


def test_closing_ends_all_requests_and_the_thread(gated: Gated) -> None:
    scheduler = Scheduler(gated, ByteTokenizer(), "mock", slots=1)
    told: list[list[Event | MoxuError]] = [[], [], []]
    for events in told:
        scheduler.submit(dataclasses.replace(REQUEST, max_chars=10**6), events.append)
    gated.gate.set()
    wait_until(lambda: any(isinstance(event, Piece) for event in told[0]))
    scheduler.close()
    scheduler.close()
    for events in told:
        assert isinstance(events[-1], Finish)
        assert events[-1].reason == "cancelled"
    assert not scheduler._thread.is_alive()
    assert not scheduler.healthy
    with pytest.raises(MoxuError, match="shutting down"):
        scheduler.submit(REQUEST, unheard)


def test_a_reader_may_close_the_scheduler() -> None:
    scheduler = Scheduler(NgramModel(), ByteTokenizer(), "mock")
    scheduler.submit(REQUEST, lambda _: scheduler.close())
    wait_until(lambda: not scheduler._thread.is_alive())


class Fragile(NgramModel):
    """Breaks once when it reads on, after so many tokens."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.table[:, 256] = -50.0
        self.left = tokens

    def extend(self, ids: Any, state: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise RuntimeError("device lost")
        return super().extend(ids, state)


def test_an_error_of_the_model_ends_the_requests_it_had_and_the_worker_goes_on(
    new_scheduler: NewScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = new_scheduler(Fragile(10))
    with pytest.raises(WorkerError, match="the model failed; the log of the server says where"):
        write_texts(scheduler, REQUEST)
    wait_until(lambda: not scheduler.healthy)
    assert len(write_texts(scheduler, REQUEST)[0]) == REQUEST.max_chars
    wait_until(lambda: scheduler.healthy and scheduler.stats().slots_used == 0)
    assert "device lost" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_death_of_the_worker_is_told_to_all(gated: Gated, caplog: pytest.LogCaptureFixture) -> None:
    scheduler = Scheduler(gated, ByteTokenizer(), "mock", slots=1)
    told: list[list[Event | MoxuError]] = [[], []]

    def die(event: Event | MoxuError) -> None:
        told[0].append(event)
        if isinstance(event, Piece):
            raise SystemExit

    scheduler.submit(dataclasses.replace(REQUEST, count=1), die)
    scheduler.submit(REQUEST, told[1].append)
    gated.gate.set()
    wait_until(lambda: not scheduler._thread.is_alive())
    assert not scheduler.healthy
    assert [isinstance(events[-1], WorkerError) for events in told] == [True, True]
    assert "died" in caplog.text
    with pytest.raises(MoxuError):
        scheduler.submit(REQUEST, told[0].append)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"beams": 4, "options": SamplingOptions(greedy=True)}, "beams is 4, but a search cannot share a batch"),
        ({"count": 9}, "count is 9; expected at most 8"),
        ({"context": 9, "window": "stop", "passages": 1}, "passages is 1, but this model writes from left to right"),
        ({"prompt_ids": (3, 258)}, "the prompt has id 258"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    new_scheduler: NewScheduler, values: dict[str, Any], message: str
) -> None:
    scheduler = new_scheduler(slots=8)
    with pytest.raises(SettingsError, match=message):
        scheduler.submit(dataclasses.replace(REQUEST, **values), unheard)
    with pytest.raises(SettingsError, match=message):
        list(scheduler.write(dataclasses.replace(REQUEST, **values)))


def test_sizes_that_hold_nothing_are_refused() -> None:
    for size in ("slots", "queue", "chunk"):
        with pytest.raises(SettingsError, match=f"{size} is 0; expected at least 1"):
            Scheduler(NgramModel(), ByteTokenizer(), "mock", **{size: 0})


def test_the_figures_add_up(new_scheduler: NewScheduler) -> None:
    scheduler = new_scheduler(slots=3)
    request = dataclasses.replace(REQUEST, prompt="abc", max_chars=5, options=sampling_options("greedy"))
    events = [event for _ in range(2) for event in scheduler.write(request)]
    wait_until(lambda: scheduler.stats().finished == 2)
    stats = scheduler.stats()
    assert stats.slots == 3
    assert stats.tokens_written == sum(event.tokens for event in events if isinstance(event, Finish))
    assert (stats.prompt_ids_read, stats.prompt_ids_remembered, stats.cache_hits) == (3, 3, 1)
    assert stats.cache_bytes > 0
