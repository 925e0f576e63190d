"""Writings that are kept: read again from any event, by several, stopped, given up, forgotten."""

import threading
from collections.abc import Iterator
from itertools import islice

import httpx
import pytest

from desks import Author, GatedAuthor, SlowAuthor, Told, begin, events_of, texts_of, written_by
from mocks import ArrayState
from moxu.serve.limits import Limits
from servers import Running, running, wait_until

LONG = 8000


@pytest.fixture
def gated() -> Iterator[GatedAuthor]:
    model = GatedAuthor()
    yield model
    model.steps.release(10**6)


@pytest.fixture
def narrow() -> Iterator[Running]:
    """One slot, and a model that takes a while."""
    with running(written_by(SlowAuthor(), slots=1)) as one:
        yield one


@pytest.fixture
def slow() -> Iterator[Running]:
    with running(written_by(SlowAuthor())) as one:
        yield one


def reasons(events: list[Told]) -> list[str]:
    return [data["reason"] for _, name, data in events if name == "finish"]


def test_events_can_be_read_again_after_each_of_them(slow: Running) -> None:
    with slow.client() as client:
        writing = begin(client, count=2, max_chars=15)["id"]
        events = list(events_of(client, writing))
        assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
        assert events[-1][1:] == ("end", {})
        for after in range(len(events) + 1):
            assert list(events_of(client, writing, after)) == events[after:]
            assert list(events_of(client, writing, headers={"Last-Event-ID": str(after)})) == events[after:]


def test_a_connection_that_is_lost_in_mid_stream_loses_nothing(slow: Running) -> None:
    with slow.client() as client:
        writing = begin(client, count=2, max_chars=60)["id"]
        events: list[Told] = []
        while not events or events[-1][1] != "end":
            events += islice(events_of(client, writing, len(events)), 5)
        assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
        assert events == list(events_of(client, writing))


def test_an_event_that_is_not_there_yet_cannot_have_been_read(slow: Running) -> None:
    with slow.client() as client:
        writing = begin(client)["id"]
        list(events_of(client, writing))
        answer = client.get(f"/desk/writings/{writing}/events", params={"after": 10**6})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "after")
        for after in ("-1", "x", "9" * 30):
            assert client.get(f"/desk/writings/{writing}/events", params={"after": after}).status_code == 400
        assert client.get(f"/desk/writings/{writing}/events", headers={"last-event-id": "x"}).status_code == 400


def test_several_read_the_same(slow: Running) -> None:
    with slow.client() as client:
        writing = begin(client, count=2, max_chars=60)["id"]
        read: list[list[Told]] = []
        readers = [threading.Thread(target=lambda: read.append(list(events_of(client, writing)))) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert len(read) == 4
        assert all(events == read[0] for events in read)


def test_two_writings_at_once_are_what_they_are_alone(slow: Running) -> None:
    with slow.client() as client:
        alone = [texts_of(list(events_of(client, begin(client, seed=seed, max_chars=40)["id"]))) for seed in (1, 2)]
        both = [begin(client, seed=seed, max_chars=40)["id"] for seed in (1, 2)]
        assert [texts_of(list(events_of(client, writing))) for writing in both] == alone


def test_a_writing_that_is_stopped_ends_within_a_step(gated: GatedAuthor) -> None:
    with running(written_by(gated)) as server, server.client() as client:
        writing = begin(client, max_chars=LONG)["id"]
        gated.steps.release(6)  # the prompt, and five characters
        stream = events_of(client, writing)
        text = ""
        while len(text) < 3:
            _, _, data = next(stream)
            text += data["text"]
        assert client.delete(f"/desk/writings/{writing}").status_code == 204
        gated.steps.release(1)
        rest = list(stream)
        assert reasons(rest) == ["cancelled"]
        assert len(text + texts_of(rest).get(0, "")) <= 8
        wait_until(lambda: server.scheduler.stats().slots_used == 0)
        assert client.delete(f"/desk/writings/{writing}").status_code == 204  # as often as one likes


def test_who_waits_is_told_how_many_come_first(narrow: Running) -> None:
    with narrow.client() as client:
        first, second, third = (begin(client, max_chars=LONG)["id"] for _ in range(3))
        waiting = events_of(client, third)
        assert next(waiting)[1:] == ("waiting", {"ahead": 1})
        assert next(events_of(client, second))[1:] == ("waiting", {"ahead": 0})
        client.delete(f"/desk/writings/{first}")
        assert next(waiting)[1:] == ("waiting", {"ahead": 0})
        client.delete(f"/desk/writings/{second}")
        assert next(waiting)[1] == "piece"
        waiting.close()
        assert [name for _, name, _ in events_of_over(client, first)].count("waiting") == 0
        client.delete(f"/desk/writings/{third}")


def events_of_over(client: httpx.Client, writing: str) -> list[Told]:
    client.delete(f"/desk/writings/{writing}")
    return list(events_of(client, writing))


def test_a_writing_that_waits_can_be_stopped(narrow: Running) -> None:
    with narrow.client() as client:
        first, second = begin(client, max_chars=LONG)["id"], begin(client, max_chars=LONG, count=1)["id"]
        assert reasons(events_of_over(client, second)) == ["cancelled"]
        assert reasons(events_of_over(client, first)) == ["cancelled"]


def test_a_writing_that_nobody_reads_is_given_up_after_a_while() -> None:
    with running(written_by(SlowAuthor()), limits=Limits(absent_seconds=0.2)) as server, server.client() as client:
        never = begin(client, max_chars=LONG)["id"]
        once = begin(client, max_chars=LONG)["id"]
        next(events_of(client, once))
        wait_until(lambda: server.scheduler.stats().cancelled == 2)
        assert reasons(list(events_of(client, never))) == ["cancelled"]
        assert reasons(list(events_of(client, once))) == ["cancelled"]


def test_a_reader_that_comes_back_in_time_finds_it_written_on() -> None:
    with running(written_by(SlowAuthor()), limits=Limits(absent_seconds=5)) as server, server.client() as client:
        writing = begin(client, max_chars=200)["id"]
        first = list(islice(events_of(client, writing), 3))
        wait_until(lambda: server.scheduler.stats().finished == 1)
        rest = list(events_of(client, writing, 3))
        assert [number for number, _, _ in first + rest] == list(range(1, len(first + rest) + 1))
        assert reasons(rest) == ["length"]


def test_a_writing_that_is_not_there_is_told_as_gone(slow: Running) -> None:
    with slow.client() as client:
        for method, path in (("GET", "nowhere/events"), ("DELETE", "nowhere"), ("GET", "%2e%2e/events")):
            answer = client.request(method, f"/desk/writings/{path}")
            assert answer.status_code == 404
        assert client.get("/desk/writings/nowhere/events").json()["error"]["code"] == "writing_gone"


def test_a_writing_is_forgotten_some_time_after_its_end() -> None:
    with running(written_by(Author()), limits=Limits(writing_seconds=0.2)) as server, server.client() as client:
        writing = begin(client)["id"]
        wait_until(lambda: client.get(f"/desk/writings/{writing}/events").status_code == 404)


def test_the_oldest_that_are_over_make_room_for_others() -> None:
    with running(written_by(Author()), limits=Limits(writings=3)) as server, server.client() as client:
        writings = []
        for _ in range(5):
            writings.append(begin(client)["id"])
            list(events_of(client, writings[-1]))
        statuses = [client.get(f"/desk/writings/{one}/events").status_code for one in writings]
        assert statuses == [404, 404, 200, 200, 200]


def test_what_is_kept_has_no_more_bytes_than_it_may() -> None:
    with running(written_by(Author()), limits=Limits(writings_bytes=10_000)) as server, server.client() as client:
        writings = []
        for _ in range(3):
            writings.append(begin(client, max_chars=100)["id"])
            list(events_of(client, writings[-1]))
        statuses = [client.get(f"/desk/writings/{one}/events").status_code for one in writings]
        assert statuses == [404, 404, 200]


def test_too_many_writings_at_once_are_refused_and_told_when_to_come_again() -> None:
    with running(written_by(SlowAuthor()), limits=Limits(writings=2)) as server, server.client() as client:
        both = [begin(client, max_chars=LONG)["id"] for _ in range(2)]
        answer = client.post("/desk/writings", json={"scene": {"before": "甲"}})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        for writing in both:
            events_of_over(client, writing)
        begin(client)


def test_a_server_that_stops_ends_each_writing_properly() -> None:
    with running(written_by(SlowAuthor())) as server, server.client() as client:
        read, unread = begin(client, max_chars=LONG)["id"], begin(client, max_chars=LONG)["id"]
        stream = events_of(client, read)
        next(stream)
        server.server.should_exit = True
        events = list(stream)
        assert reasons(events) == ["cancelled"]
        assert events[-1][1] == "end"
        assert unread


class Failing(Author):
    """Fails at its twentieth step."""

    def extend(self, ids: object, state: ArrayState) -> tuple[object, ArrayState]:
        if int(state.lengths.max(initial=0)) > 20:
            raise RuntimeError("out of ink")
        return super().extend(ids, state)


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_fails_is_told_and_the_writing_is_over() -> None:
    with running(written_by(Failing())) as server, server.client() as client:
        events = list(events_of(client, begin(client, max_chars=LONG)["id"]))
        assert [name for _, name, _ in events][-2:] == ["failed", "end"]
        assert events[-2][2]["code"] == "internal_error"
        assert "out of ink" not in str(events)
