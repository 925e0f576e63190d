"""Work that is shared out to processes and comes back in its order, with only so much of it in flight."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from moxu.errors import MoxuError

Item = TypeVar("Item")
Result = TypeVar("Result")

IN_FLIGHT = 3
"""Items of usual size for each process that are sent, worked on or waiting for one before them."""


def available_processors() -> int:
    """Return how many processors this program may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def in_order(
    items: Iterable[Item],
    make: Callable[[], Callable[[Item], Result]],
    workers: int,
    size_of: Callable[[Item], int] = lambda _: 1,
    usual: int = 1,
) -> Iterator[tuple[Item, Result]]:
    """Give each item with the function's result for it, in the order of the items, made by ``workers`` processes.

    Each process calls ``make`` once for its function; one worker is this process itself. Items are taken from their
    iterable only as they are needed: IN_FLIGHT of the ``usual`` size for each process, fewer larger ones, but always
    one. An error in a process is raised here; when the consumer stops, or Ctrl-C falls into it, the processes end at
    once.
    """
    if workers == 1:
        function = make()
        for item in items:
            yield item, function(item)
        return
    before = set(multiprocessing.active_children())
    pending: deque[tuple[Item, int, Future[Result]]] = deque()
    in_flight, most = 0, IN_FLIGHT * workers * usual
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (make,)) as pool:
        try:
            for item in items:
                size = max(size_of(item), usual)
                while pending and in_flight + size > most:
                    done, freed, future = pending.popleft()
                    yield done, future.result()
                    in_flight -= freed
                pending.append((item, size, pool.submit(_run, item)))
                in_flight += size
            while pending:
                done, _, future = pending.popleft()
                yield done, future.result()
        except BaseException as error:
            for process in set(multiprocessing.active_children()) - before:
                process.terminate()  # else the pool would wait for what is being worked on
            if isinstance(error, BrokenProcessPool):
                raise MoxuError(
                    "a worker process was ended from outside, perhaps for want of memory; the same command goes on: "
                    f"try fewer --workers: {max(workers // 2, 1)}"
                ) from None
            raise


def batches(items: Iterable[Item], size_of: Callable[[Item], int], size: int) -> Iterator[tuple[Item, ...]]:
    """Group items, in their order, until each group has this size or more."""
    group: list[Item] = []
    total = 0
    for item in items:
        group.append(item)
        total += size_of(item)
        if total >= size:
            yield tuple(group)
            group, total = [], 0
    if group:
        yield tuple(group)


_made: Callable[[Any], Any] | None = None  # the function of this process, a worker
_make: Callable[[], Callable[[Any], Any]] | None = None


def _begin(make: Callable[[], Callable[[Any], Any]]) -> None:
    """Begin the life of a worker: Ctrl-C is its parent's business, without which it does not live on."""
    global _make
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _make = make


def _run(item: Any) -> Any:
    global _made
    if _made is None:
        assert _make is not None
        _made = _make()  # here, where an error reaches the parent as what it is
    return _made(item)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
