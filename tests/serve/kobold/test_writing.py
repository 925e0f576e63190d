import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from kobold_client import (
    ABORT,
    CHECK,
    ENDLESS,
    GENERATE,
    LIMITS,
    LONG,
    PLAIN,
    STREAM,
    Background,
    events,
    slots_are_free,
    texts,
)
from mocks import ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel
from moxu.decode.options import SamplingOptions
from moxu.serve.batching.scheduler import Scheduler
from moxu.writers.base import Request, write_texts
from moxu.writers.local import LocalWriter
from servers import Running, SlowModel, running, served, wait_until


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a server whose model is quick."""
    model = served(Scheduler(NgramModel(), ByteTokenizer(), "mock"))
    with running(model, limits=LIMITS) as server, server.client() as one:
        yield one


@pytest.fixture
def slow() -> Iterator[Running]:
    """A model that takes its time, with two slots."""
    with running(served(Scheduler(SlowModel(), ByteTokenizer(), "slow", slots=2)), limits=LIMITS) as server:
        yield server


def local(prompt: str, **given: Any) -> list[str]:
    """Return what the model writes without any server."""
    options = SamplingOptions(**given.pop("options", {}))
    writer = LocalWriter(NgramModel(), ByteTokenizer(), "mock")
    defaults = {"seed": 5, "max_chars": LONG, "max_tokens": 30}
    return write_texts(writer, Request(prompt=prompt, options=options, **defaults | given))


def test_a_generation_is_what_the_model_writes_with_this_seed(client: httpx.Client) -> None:
    answer = client.post(GENERATE, json=PLAIN | {"temperature": 0.8, "n": 2})
    assert texts(answer) == local("abc", count=2, options={"temperature": 0.8})
    first = answer.json()["results"][0]
    assert (first["finish_reason"], first["prompt_tokens"], first["completion_tokens"]) == ("length", 3, 30)


def test_a_stream_says_what_the_whole_answer_says(client: httpx.Client) -> None:
    with client.stream("POST", STREAM, json=PLAIN) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = list(events(answer.iter_lines()))
    assert {event["event"] for event in told} == {"message"}
    assert "".join(event["data"]["token"] for event in told) == texts(client.post(GENERATE, json=PLAIN))[0]
    assert [event["data"]["finish_reason"] for event in told] == [None] * (len(told) - 1) + ["length"]


def test_a_text_ends_before_any_of_its_stop_sequences(client: httpx.Client) -> None:
    whole = texts(client.post(GENERATE, json=PLAIN))[0]
    others = [f"\n名字{number}:" for number in range(LIMITS.stop_sequences - 2)]
    answer = client.post(
        GENERATE, json=PLAIN | {"stop_sequence": [*others, whole[8:10], whole[12:14], "", whole[8:10]]}
    )
    assert texts(answer) == [whole[: whole.index(whole[8:10])]]
    assert answer.json()["results"][0]["finish_reason"] == "stop"


def test_a_single_line_ends_with_it() -> None:
    model = NgramModel()
    model.table[:, 10] += 3  # lines are short
    with running(served(Scheduler(model, ByteTokenizer(), "lines"))) as server, server.client() as client:
        whole = texts(client.post(GENERATE, json=PLAIN | {"max_length": 200}))[0]
        line = texts(client.post(GENERATE, json=PLAIN | {"max_length": 200, "singleline": True}))[0]
    assert line == whole[: whole.index("\n")]


def test_memory_stays_before_the_end_of_a_prompt_that_is_too_long() -> None:
    """The model's logits depend on all that it sees, and on nothing else."""
    scheduler = Scheduler(WindowedModel(40), ByteTokenizer(), "windowed")
    asked = PLAIN | {"max_length": 10, "max_context_length": 30}
    with running(served(scheduler), limits=LIMITS) as server, server.client() as client:
        cut = texts(client.post(GENERATE, json=asked | {"memory": "memory", "prompt": "0123456789" * 5}))
        fitting = texts(client.post(GENERATE, json=asked | {"prompt": "memory" + "67890123456789"[-14:]}))
        count = client.post(GENERATE, json=asked | {"prompt": "0123456789" * 5}).json()["results"][0]["prompt_tokens"]
    assert cut == fitting
    assert count == 20


def test_a_client_may_think_that_the_model_holds_more_than_it_does() -> None:
    model = replace(served(Scheduler(WindowedModel(24), ByteTokenizer(), "windowed")), max_context=24)
    asked = PLAIN | {"max_length": 12, "prompt": "0123456789" * 5}
    with running(model) as server, server.client() as client:
        answer = client.post(GENERATE, json=asked | {"max_context_length": 8192})
        assert texts(answer) == texts(client.post(GENERATE, json=asked))
        assert answer.json()["results"][0]["prompt_tokens"] == 12  # and room for the text


def test_a_model_of_passages_takes_the_settings_of_any_other() -> None:
    scheduler = Scheduler(PassageModel(), MarkedTokenizer(), "passages")
    model = served(scheduler, MarkedTokenizer(), reads_source=True)
    with running(model) as server, server.client() as client:
        answer = client.post(GENERATE, json=PLAIN | {"max_context_length": 2048, "memory": "m"})
    assert answer.status_code == 200
    assert texts(answer)[0]


def test_two_generations_at_once_are_what_each_is_alone(slow: Running) -> None:
    asked = [PLAIN | {"sampler_seed": seed, "max_length": 200} for seed in (1, 2)]
    with slow.client() as client:
        alone = [texts(client.post(GENERATE, json=body)) for body in asked]
    with Background(slow) as background:
        both = [background.submit(body) for body in asked]
        assert [texts(one.result()) for one in both] == alone


def test_check_tells_what_is_written_so_far(slow: Running) -> None:
    with Background(slow) as background, slow.client() as client:
        future = background.generate(ENDLESS | {"genkey": "KCPP1234"})
        mine = {"genkey": "KCPP1234"}
        wait_until(lambda: bool(texts(client.post(CHECK, json=mine))[0]))
        first = texts(client.post(CHECK, json=mine))[0]
        wait_until(lambda: len(texts(client.post(CHECK, json=mine))[0]) > len(first))
        assert texts(client.post(CHECK, json=mine))[0].startswith(first)
        assert texts(client.post(CHECK, json={"genkey": "KCPP9999"})) == [""]
        assert client.post(ABORT, json=mine).json() == {"success": True}
        written = texts(future.result())
        assert texts(client.post(CHECK, json=mine)) == written  # for a while
    assert written[0].startswith(first)


def test_abort_ends_only_the_generation_with_its_key(slow: Running) -> None:
    with Background(slow) as background, slow.client() as client:
        one = background.generate(ENDLESS | {"genkey": "one"})
        other = background.generate(ENDLESS | {"genkey": "other"})
        assert client.post(ABORT, json={"genkey": "third"}).json() == {"success": False}
        assert client.post(ABORT, json={"genkey": "one"}).json() == {"success": True}
        assert one.result().json()["results"][0]["finish_reason"] == "length"
        wait_until(lambda: slow.scheduler.stats().slots_used == 1)
        assert not other.done()
        assert client.post(ABORT, json={"genkey": "other"}).json() == {"success": True}
        other.result()
    wait_until(lambda: slots_are_free(slow))


def test_abort_ends_a_stream_properly(slow: Running) -> None:
    with slow.client() as client, client.stream("POST", STREAM, json=ENDLESS | {"genkey": "k"}) as answer:
        told = events(answer.iter_lines())
        next(told)
        assert client.post(ABORT, json={"genkey": "k"}).json() == {"success": True}
        assert list(told)[-1]["data"] == {"token": "", "finish_reason": "length"}
    wait_until(lambda: slots_are_free(slow))


def test_a_call_without_a_key_means_the_only_generation_without_one(slow: Running) -> None:
    with Background(slow) as background, slow.client() as client:
        keyed = background.generate(ENDLESS | {"genkey": "mine"})
        assert client.post(ABORT).json() == {"success": False}
        assert texts(client.get(CHECK)) == [""]
        bare = background.generate(ENDLESS)
        wait_until(lambda: bool(texts(client.get(CHECK))[0]))
        assert client.post(ABORT).json() == {"success": True}
        bare.result()
        assert texts(client.post(CHECK)) == [""]  # it had no key by which it could be asked for
        assert client.post(ABORT, json={}).json() == {"success": False}
        client.post(ABORT, json={"genkey": "mine"})
        keyed.result()


def test_a_call_without_a_key_means_none_of_several(slow: Running) -> None:
    with Background(slow) as background, slow.client() as client:
        one = background.generate(ENDLESS)
        with client.stream("POST", STREAM, json=ENDLESS) as answer:
            assert answer.status_code == 200
            assert client.post(ABORT).json() == {"success": False}
            assert texts(client.get(CHECK)) == [""]
        wait_until(lambda: slow.scheduler.stats().slots_used == 1)
        wait_until(lambda: bool(client.post(ABORT).json()["success"]))
        assert len(texts(one.result())) == 1


def test_a_generation_belongs_to_whoever_began_it() -> None:
    scheduler = Scheduler(SlowModel(), ByteTokenizer(), "slow")
    keys = ("first-key-of-all", "second-key-of-all")
    mine, others = ({"authorization": f"Bearer {key}"} for key in keys)
    with running(served(scheduler), limits=LIMITS, keys=keys) as server, Background(server) as background:
        future = background.generate(ENDLESS | {"genkey": "k"}, **mine)
        with server.client(**others) as client:
            assert texts(client.post(CHECK, json={"genkey": "k"})) == [""]
            assert client.post(ABORT, json={"genkey": "k"}).json() == {"success": False}
        with server.client(**mine) as client:
            assert client.post(ABORT, json={"genkey": "k"}).json() == {"success": True}
            assert client.post(CHECK, json={"genkey": "k"}).json()["results"][0]["text"] is not None
        future.result()


def test_a_client_that_leaves_frees_its_slot(slow: Running) -> None:
    mine = {"genkey": "left"}
    body = json.dumps(ENDLESS | mine).encode()
    host = slow.url.removeprefix("http://")
    head = f"POST {GENERATE} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    with slow.client() as client:
        with socket.create_connection((host.partition(":")[0], int(host.partition(":")[2]))) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_until(lambda: bool(texts(client.post(CHECK, json=mine))[0]))
        wait_until(lambda: slots_are_free(slow))
        assert texts(client.post(CHECK, json=mine))[0]  # Kobold Lite recovers a text so


def test_a_client_that_leaves_a_stream_frees_its_slot(slow: Running) -> None:
    with slow.client() as client, client.stream("POST", STREAM, json=ENDLESS) as answer:
        next(events(answer.iter_lines()))
    wait_until(lambda: slots_are_free(slow))


def test_a_stream_has_one_text(client: httpx.Client) -> None:
    answer = client.post(STREAM, json=PLAIN | {"n": 2})
    assert answer.status_code == 400
    assert "n is 2" in answer.json()["detail"]["msg"]
    assert client.post(STREAM, json=PLAIN | {"n": 1}).status_code == 200


def test_an_error_in_a_stream_is_an_event_of_its_own() -> None:
    class Failing(NgramModel):
        def extend(self, ids: Any, state: Any) -> Any:
            if self.tokens_read > 6:
                raise ValueError("the model is broken")
            return super().extend(ids, state)

    with running(served(Scheduler(Failing(), ByteTokenizer(), "failing"))) as server, server.client() as client:
        with client.stream("POST", STREAM, json=PLAIN) as answer:
            last = list(events(answer.iter_lines()))[-1]
        assert last["event"] == "error"
        assert last["data"]["detail"]["type"] == "internal_error"


def test_a_full_queue_is_told_as_kobold_does() -> None:
    scheduler = Scheduler(SlowModel(), ByteTokenizer(), "narrow", slots=1, queue=1)
    asked = ENDLESS | {"genkey": "k"}
    with (
        running(served(scheduler), limits=LIMITS) as server,
        Background(server) as background,
        server.client() as client,
    ):
        first, second = background.generate(asked), background.submit(asked)
        wait_until(lambda: server.scheduler.stats().waiting == 1)
        answer = client.post(GENERATE, json=asked)
        assert (answer.status_code, answer.json()["detail"]["type"]) == (503, "service_unavailable")
        assert "retry-after" in answer.headers
        assert client.post(ABORT, json={"genkey": "k"}).json() == {"success": True}  # of both
        assert [one.result().status_code for one in (first, second)] == [200, 200]
