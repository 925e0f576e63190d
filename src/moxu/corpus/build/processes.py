"""Units prepared in processes on this machine: a bounded number under way, results in the order of the units."""

import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process

from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.pieces import UNIT, Unit
from moxu.corpus.build.prepare import Preparer
from moxu.errors import TextError

AHEAD = 2  # units of usual size that wait for each worker, at most

_preparer: Preparer | None = None  # of this process, if it is a worker


def prepare_units(units: Iterable[Unit], options: PrepareOptions, workers: int) -> Iterator[bytes]:
    """Yield what becomes of each unit, in order; units are taken from their source as they are needed."""
    if workers == 1:
        yield from map(Preparer(options), units)
        return
    before, context = set(active_children()), get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(options,)) as pool:
        try:
            yield from _in_order(pool, units, workers)
        except BrokenProcessPool:
            raise TextError(
                "a worker was ended by the system, which may be short of memory; the same command goes on: "
                f"give it --workers {max(workers // 2, 1)}"
            ) from None
        except BaseException:  # Ctrl-C among them: what is under way is not waited for
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(active_children()) - before:
                process.terminate()
            raise


def _in_order(pool: ProcessPoolExecutor, units: Iterable[Unit], workers: int) -> Iterator[bytes]:
    """Keep as many units under way as their bytes allow: one, whatever its size, and else AHEAD for each worker."""
    waiting: deque[tuple[Future[bytes], int]] = deque()
    under_way, most = 0, workers * (1 + AHEAD) * UNIT
    for unit in units:
        size = max(unit.size, UNIT)
        while waiting and under_way + size > most:
            future, freed = waiting.popleft()
            yield future.result()
            under_way -= freed
        waiting.append((pool.submit(_prepare, unit), size))
        under_way += size
    while waiting:
        yield waiting.popleft()[0].result()


def _begin(options: PrepareOptions) -> None:
    """Make this process ready; Ctrl-C is for the process that leads, without which this one does not live on."""
    global _preparer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _preparer = Preparer(options)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None, "workers are started by the process that leads"
    parent.join()
    os._exit(1)


def _prepare(unit: Unit) -> bytes:
    assert _preparer is not None, "workers begin with _begin"
    return _preparer(unit)
