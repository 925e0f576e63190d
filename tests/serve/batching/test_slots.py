"""Turn by turn, without a thread: what each request has been told after so many."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from mocks import BYTES, END, ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel, WordTokenizer
from moxu.decode.options import SamplingOptions
from moxu.decode.prefix_cache import PrefixCache
from moxu.errors import MoxuError
from moxu.serve.batching.requests import Job, WorkerError
from moxu.writers.base import Event, Finish, Piece, Request, Started, write_texts
from moxu.writers.local import LocalWriter
from turns import REQUEST, Desk, endless, text_of, written


def timeless(event: Event | MoxuError) -> Finish:
    assert isinstance(event, Finish)
    return dataclasses.replace(event, seconds=0.0)


def test_every_row_gets_one_token_in_each_turn_whenever_it_joined() -> None:
    desk, jobs = Desk(chunk=100), []
    for _ in range(5):
        jobs.append(desk.admit(count=2, max_chars=100)[0])
        desk.turn()
    assert [written(job) for job in jobs] == [[5, 5], [4, 4], [3, 3], [2, 2], [1, 1]]


def test_a_long_prompt_stalls_nobody() -> None:
    desk = Desk()
    writing, _ = desk.admit(prompt="ab", max_chars=1000)
    desk.turn()
    reading, _ = desk.admit(prompt="x" * 100)
    behind, _ = desk.admit(prompt="cd")
    for turn in range(1, 13):
        desk.turn()
        assert written(writing) == [turn + 1]
        assert len(written(behind)) == (turn > 1)  # its turn comes after the first piece, not after the last
        assert written(reading) == []
    desk.turn(2)
    assert len(written(reading)) == 1


def test_a_row_that_begins_anew_stalls_nobody() -> None:
    model = WindowedModel(64)
    model.table[:, END] = -50.0
    desk = Desk(model)
    other, _ = desk.admit(prompt="ab", max_chars=1000)
    desk.turn()
    long, _ = desk.admit(prompt="x" * 60, max_chars=1000)
    desk.turn(7)
    lengths = []
    for turn in range(20):
        desk.turn()
        assert written(other) == [9 + turn]
        lengths += written(long)
    assert lengths == [*range(1, 6), 5, 5, 5, *range(6, 18)]  # 32 ids, by 8, are read in the turns 6 to 9


def test_when_a_row_cannot_begin_anew_its_request_ends_alone() -> None:
    class Once(WindowedModel):
        def prefill(self, ids: Any) -> tuple[Any, Any]:
            if self.tokens_read > 70:
                raise RuntimeError("device lost")
            return super().prefill(ids)

    model = Once(64)
    model.table[:, END] = -50.0
    desk = Desk(model)
    _, fine = desk.admit(prompt="ab", max_chars=20)
    _, broken = desk.admit(prompt="x" * 60, count=3, max_chars=1000)
    desk.finish()
    assert isinstance(broken[-1], WorkerError)
    assert sum(isinstance(event, MoxuError) for event in broken) == 1
    assert isinstance(fine[-1], Finish)
    assert desk.slots._running.rows == []


def test_a_row_that_begins_anew_can_be_given_up() -> None:
    desk = Desk(WindowedModel(64))
    job, told = desk.admit(prompt="x" * 64, max_chars=1000)
    while not desk.slots.prompts._line or desk.slots.prompts.jobs:
        desk.turn()
    job.wanted = False
    desk.turn()
    assert isinstance(told[-1], Finish)
    assert told[-1].reason == "cancelled"
    assert desk.slots.used == 0
    assert not desk.slots.prompts._line


def test_no_more_ids_are_read_in_a_turn_than_a_piece_has() -> None:
    model = endless()
    desk = Desk(model)
    for letter in "abcdefgh":
        desk.admit(prompt=letter * 5)
    reads = []
    while desk.slots.prompts.jobs:
        before, running = model.tokens_read, desk.slots.used - len(desk.slots.prompts.jobs)
        desk.turn()
        reads.append(model.tokens_read - before - running)
    assert max(reads) <= 8 + 1  # and the first token of the row that joined


def test_rows_of_one_request_share_one_reading_of_its_prompt() -> None:
    model = endless()
    desk = Desk(model, chunk=100)
    desk.admit(count=8, max_chars=1)
    desk.slots._read_prompts()
    assert model.tokens_read == len(REQUEST.prompt.encode())


def test_a_request_that_is_given_up_leaves_nothing_within_one_turn() -> None:
    desk = Desk()
    (job, told), (other, _) = desk.admit(count=3, max_chars=1000), desk.admit(max_chars=1000)
    desk.turn(5)
    job.wanted = False
    before = len(told)
    desk.turn()
    assert [(event.row, event.reason) for event in told[before:] if isinstance(event, Finish)] == [
        (row, "cancelled") for row in range(3)
    ]
    assert desk.slots.used == 1
    assert [row.course for row in desk.slots._running.rows] == [other.course]
    assert len(desk.slots._running._state.lengths) == 1
    before = len(told)
    desk.turn(3)
    assert len(told) == before


def test_a_prompt_that_is_given_up_is_not_read_on() -> None:
    model = endless()
    desk = Desk(model)
    job, told = desk.admit(prompt="x" * 100)
    desk.turn(2)
    job.wanted = False
    desk.turn(2)
    assert model.tokens_read == 16
    assert desk.slots.used == 0
    assert told[0] == Started(100, 100, (10,))
    assert [timeless(event) for event in told[1:]] == [Finish(0, "cancelled", 0, 0, 0.0)]


def test_a_row_gives_back_its_slot_before_the_others_of_its_request() -> None:
    model = NgramModel()
    model.table[:, END] += 4.0
    desk = Desk(model)
    job, told = desk.admit(count=8, max_chars=30)
    used = set()
    while desk.slots.used:
        desk.turn()
        used.add(desk.slots.used)
        assert desk.slots.used == len(job.texts) + 8 * (not told[1:] and job in desk.slots.prompts.jobs)
    assert len(used) > 2


def test_trying_again_reads_nothing_of_the_prompt() -> None:
    model = endless()
    desk = Desk(model)
    desk.admit(max_chars=1)
    desk.finish()
    model.tokens_read = 0
    _, told = desk.admit(max_chars=10, seed=11)
    desk.slots._read_prompts()
    assert model.tokens_read == 0
    desk.finish()
    assert [text_of(told)] == write_texts(
        LocalWriter(endless(), ByteTokenizer(), "m"), dataclasses.replace(REQUEST, max_chars=10, seed=11)
    )
    assert desk.slots.prompts.hits == 1


def test_trying_again_after_giving_up_reads_only_what_was_not_read() -> None:
    model = endless()
    desk = Desk(model)
    job, _ = desk.admit(prompt="x" * 100)
    desk.turn(5)
    job.wanted = False
    desk.turn()
    assert model.tokens_read == 40
    _, told = desk.admit(prompt="x" * 100)
    desk.finish()
    assert desk.slots.prompts.ids_read == 100
    request = dataclasses.replace(REQUEST, prompt="x" * 100)
    assert [text_of(told)] == write_texts(LocalWriter(endless(), ByteTokenizer(), "m"), request)


def test_a_prompt_that_several_requests_bring_at_once_is_read_once() -> None:
    desk = Desk()
    told = [desk.admit(prompt="x" * 100 + more, seed=seed)[1] for seed, more in enumerate(("", "", "", "y", "zz"))]
    desk.admit(prompt="other")
    desk.finish()
    assert desk.slots.prompts.ids_read == 100 + len("y" + "zz" + "other")
    request = dataclasses.replace(REQUEST, prompt="x" * 100 + "zz", seed=4)
    assert [text_of(told[-1])] == write_texts(LocalWriter(endless(), ByteTokenizer(), "m"), request)


def test_whoever_waits_for_a_prompt_that_is_given_up_goes_on_from_there() -> None:
    desk = Desk()
    first, _ = desk.admit(prompt="x" * 100)
    _, told = desk.admit(prompt="x" * 100)
    desk.turn(5)
    first.wanted = False
    desk.finish()
    assert desk.slots.prompts.ids_read == 100
    assert isinstance(told[-1], Finish)


def test_without_room_to_remember_each_reads_its_own_prompt() -> None:
    desk = Desk(cache=PrefixCache(0))
    for _ in range(3):
        desk.admit(prompt="x" * 100)
    desk.finish()
    assert desk.slots.prompts.ids_read == 300


def test_a_prompt_too_large_to_be_remembered_is_read_by_one_after_another() -> None:
    desk = Desk(cache=PrefixCache(100))
    jobs = [desk.admit(prompt="x" * 100)[0] for _ in range(3)]
    desk.finish()
    assert desk.slots.prompts.ids_read == 300
    assert all(job.is_over for job in jobs)


@pytest.mark.parametrize("model", [endless(), WindowedModel(400)])
def test_going_on_from_what_was_written_reads_only_what_is_new(model: NgramModel) -> None:
    model.table[:, 128:] = -50.0  # bytes that are characters, so that the text has the ids that were written
    desk = Desk(model, chunk=1000)
    request = dataclasses.replace(REQUEST, prompt="once upon a time", count=3)
    _, told = desk.admit(request)
    desk.finish()
    model.tokens_read = 0
    for row in range(3):
        longer = dataclasses.replace(request, prompt=request.prompt + text_of(told, row) + "new", count=1, max_chars=1)
        desk.admit(longer)
        desk.finish()
    assert model.tokens_read == 3 * (1 + len("new"))  # and the last token, which nobody needed until now


def test_a_text_that_ended_by_itself_is_remembered_up_to_its_end() -> None:
    model = NgramModel()
    model.table[:, 128:BYTES] = -50.0
    model.table[:, END] += 3.0
    desk = Desk(model)
    _, told = desk.admit(prompt="abc")
    desk.finish()
    assert isinstance(told[-1], Finish)
    assert told[-1].reason == "end"
    model.tokens_read = 0
    desk.admit(prompt="abc" + text_of(told), max_chars=1)
    desk.finish()
    assert model.tokens_read == 0


def test_a_window_that_moved_is_remembered_by_what_it_holds() -> None:
    model = WindowedModel(16)
    model.table[:, 128:] = -50.0
    desk, request = Desk(model), dataclasses.replace(REQUEST, prompt="0123456789", max_chars=30)
    for again in range(3):
        _, told = desk.admit(request)
        desk.finish()
        alone = write_texts(LocalWriter(model, ByteTokenizer(), "m"), request)
        assert [text_of(told)] == alone, again
        request = dataclasses.replace(request, prompt=request.prompt + text_of(told))


def test_a_source_is_remembered_only_as_a_whole() -> None:
    model = PassageModel(source=20, target=5)
    desk, request = Desk(model, MarkedTokenizer()), dataclasses.replace(REQUEST, prompt="source", passages=1)
    _, first = desk.admit(request)
    desk.finish()
    _, again = desk.admit(request)
    desk.finish()
    assert text_of(again) == text_of(first)
    assert model.sources == [list(b"source")]
    desk.admit(request, prompt="source text")
    desk.finish()
    assert model.sources == [list(b"source"), list(b"source text")]


def test_without_room_to_remember_all_is_read() -> None:
    model = endless()
    desk = Desk(model, cache=PrefixCache(0))
    for _ in range(2):
        desk.admit(max_chars=1)
        desk.finish()
    assert desk.slots.prompts.ids_read == 2 * len(REQUEST.prompt.encode())


def test_a_request_with_no_token_left_ends_alone() -> None:
    words = WordTokenizer(*"abcdefgh")
    model = NgramModel(vocab_size=8)
    desk = Desk(model, words)
    request = Request(prompt="ab", options=SamplingOptions(), max_chars=30, seed=1)
    _, fine = desk.admit(request, count=2)
    _, stuck = desk.admit(request, options=SamplingOptions(no_repeat_ngram=1), count=2)
    desk.finish()
    assert isinstance(stuck[-1], MoxuError)
    assert "no token can be chosen" in str(stuck[-1])
    assert sum(isinstance(event, MoxuError) for event in stuck) == 1
    alone = write_texts(LocalWriter(model, words, "m"), dataclasses.replace(request, count=2))
    assert [text_of(fine, 0), text_of(fine, 1)] == alone
    assert desk.slots.counts.failed == 1


def test_a_reader_that_fails_ends_only_its_own_request(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    told: list[Event | MoxuError] = []

    def fail(event: Event | MoxuError) -> None:
        told.append(event)
        if isinstance(event, Piece):
            raise ValueError("gone")

    desk.slots.admit(Job(dataclasses.replace(REQUEST, count=2), desk.model, desk.tokenizer, fail))
    _, other = desk.admit(seed=20)
    desk.finish()
    assert [type(event) for event in told] == [Started, Piece]
    assert [text_of(other)] == write_texts(
        LocalWriter(endless(), ByteTokenizer(), "m"), dataclasses.replace(REQUEST, seed=20)
    )
    assert "the reader of a request failed" in caplog.text
    assert REQUEST.prompt not in caplog.text


def test_a_prompt_that_cannot_be_read_ends_only_its_own_request(caplog: pytest.LogCaptureFixture) -> None:
    class Allergic(NgramModel):
        def prefill(self, ids: Any) -> tuple[Any, Any]:
            if ord("!") in np.asarray(ids):
                raise RuntimeError("device lost")
            return super().prefill(ids)

    desk = Desk(Allergic())
    _, broken = desk.admit(prompt="a!")
    _, fine = desk.admit(prompt="ab")
    desk.finish()
    assert isinstance(broken[-1], WorkerError)
    assert isinstance(fine[-1], Finish)
    assert "device lost" in caplog.text


def test_a_request_ends_when_its_time_is_up() -> None:
    desk = Desk(seconds=0.0)
    _, told = desk.admit(count=2)
    desk.finish()
    assert [event.reason for event in told if isinstance(event, Finish)] == ["time", "time"]
    assert desk.slots.counts.finished == 1


def test_what_a_stop_string_may_begin_is_shown_when_a_text_is_cut_short() -> None:
    model = endless()
    model.table[:] = -50.0
    model.table[:, ord("a")] = 50.0
    desk = Desk(model)
    job, told = desk.admit(prompt="x", stop=("aaab",), max_chars=1000)
    desk.turn(6)
    assert text_of(told) == "aaa"
    job.wanted = False
    desk.turn()
    assert text_of(told) == "aaaaaa"
    assert timeless(told[-1]) == Finish(0, "cancelled", 6, 6, 0.0)
