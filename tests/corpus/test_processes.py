"""Work in processes: in order, bounded, and over when its consumer is."""

import functools
import multiprocessing
import operator
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from moxu.corpus.processes import IN_FLIGHT, batches, in_order
from moxu.errors import MoxuError, TextError


def doubling() -> Callable[[int], int]:
    return functools.partial(operator.mul, 2)


def slow_at_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0)
    return number


def failing(number: int) -> int:
    if number == 3:
        raise TextError("the fourth is no text")
    return number


def dying(number: int) -> int:
    if number == 3:
        os._exit(9)
    return number


def sleeping(_: int) -> int:
    time.sleep(600)
    return 0


def give(function: Callable[[int], int]) -> Callable[[int], int]:
    return function


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_with_their_items_in_order(workers: int) -> None:
    make = functools.partial(give, slow_at_first)
    assert list(in_order(range(9), make, workers)) == [(number, number) for number in range(9)]


def test_items_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = in_order(items(), doubling, 2)
    assert [next(results) for _ in range(3)] == [(0, 0), (1, 2), (2, 4)]
    assert len(taken) <= 3 + 2 * IN_FLIGHT
    del results


def test_of_items_that_are_larger_fewer_are_in_flight_but_always_one() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in (5, 50, 500, 5000, 5):
            taken.append(number)
            yield number

    results = in_order(items(), doubling, 2, size_of=lambda item: item, usual=10)
    assert next(results) == (5, 10)
    assert taken == [5, 50, 500]
    assert [item for item, _ in results] == [50, 500, 5000, 5]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_as_what_it_is_and_in_its_place(workers: int) -> None:
    results = in_order(range(9), functools.partial(give, failing), workers)
    assert [next(results)[0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(TextError, match="the fourth is no text"):
        next(results)


def test_a_process_that_was_ended_is_told() -> None:
    with pytest.raises(MoxuError, match=r"ended from outside.*fewer --workers"):
        list(in_order(range(9), functools.partial(give, dying), 2))


def test_processes_end_with_their_consumer() -> None:
    before = set(multiprocessing.active_children())

    def items() -> Iterator[int]:
        yield from range(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(in_order(items(), functools.partial(give, sleeping), 2))
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_processes_leave_ctrl_c_to_their_parent() -> None:
    results = in_order(range(8), doubling, 2)
    assert next(results) == (0, 0)
    for process in multiprocessing.active_children():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
    assert [number for number, _ in results] == list(range(1, 8))


def test_batches_hold_whole_items_of_a_size() -> None:
    assert list(batches([1, 2, 3, 9, 1], lambda item: item, 3)) == [(1, 2), (3,), (9,), (1,)]
    assert list(batches([], lambda _: 1, 3)) == []
