"""Units prepared on a Ray cluster, by Ray Data: some windows of units under way, results in the order of the units.

    units ──> window ──from_arrow──> a block for each ──map_batches, on any machine──> prepared ──> here, in order
              window ──> …

This process reads the sources and writes the corpus, so that nobody else has to see their files. A window is a data set
of its own, whose blocks are kept here until it is done: what was under way in a worker or on a machine that is lost is
prepared again, from the same bytes. Two windows are under way, so that no worker waits for the last of one.
"""

import logging
import pickle
import platform
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import moxu
from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.prepare import Preparer
from moxu.corpus.build.unfinished import salt_of
from moxu.corpus.sources.pieces import UNIT, Unit
from moxu.errors import MoxuError, SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

WINDOW = 4  # units of usual size for each core
WINDOWS = 2  # under way
PATIENCE = 900.0  # seconds for the next unit of a window; what is lost is prepared again until then
LIBRARY = "ray.data"


def object_store_size(cores: int) -> int:
    """Return how many bytes the units that are under way take, and what they become, which is a little more."""
    return max(3 * WINDOWS * WINDOW * UNIT * cores, 256 << 20)


def prepare_on_cluster(units: Iterable[Unit], options: PrepareOptions, cores: int) -> Iterator[bytes]:
    """Yield what becomes of each unit, in order, on the cluster that this process is connected to.

    ``cores`` is how many it has. Units are taken from their source a window at a time. Raises what a worker raises, if
    it is a mistake of the user, SettingsError where a machine has another moxu, and MoxuError where nothing comes back.
    """
    from ray.data.exceptions import ExecutionTimeoutError
    from ray.exceptions import RayError

    if not cores:
        raise SettingsError("the cluster has no processor cores; add a machine to it with ray start --address")
    _make_quiet()
    task = {"options": pickle.dumps(options), "expected": _versions(options)}
    running: deque[Iterator[tuple[int, pa.Table]]] = deque()
    try:
        for window in _windows(units, cores * WINDOW * UNIT):
            running.append(_begun(window, task))
            if len(running) == WINDOWS:
                yield from _contents(running.popleft())
        while running:
            yield from _contents(running.popleft())
    except (ExecutionTimeoutError, RayError) as error:
        raise _told(error) from error
    finally:
        running.clear()  # which ends what is under way, on Ctrl-C too


def _windows(units: Iterable[Unit], most: int) -> Iterator[list["pa.Table"]]:
    """Gather units, as tables of one row, to windows of so many bytes; one may be larger than that by itself."""
    import pyarrow as pa

    window: list[pa.Table] = []
    size = 0
    for unit in units:
        taken = max(unit.size, UNIT)
        if window and size + taken > most:
            yield window
            window, size = [], 0
        window.append(pa.table({"number": [len(window)], "unit": pa.array([pickle.dumps(unit)], pa.large_binary())}))
        size += taken
    if window:
        yield window


def _begun(window: list["pa.Table"], task: dict[str, Any]) -> Iterator[tuple[int, "pa.Table"]]:
    """Let the cluster prepare a window; return numbers and tables of one row, when there is the first of them."""
    import ray

    numbers = range(len(window))
    prepared = ray.data.from_arrow(window).map_batches(
        _prepare_batch,
        fn_kwargs=task,
        batch_size=None,
        batch_format="pyarrow",
        zero_copy_batch=True,
        num_cpus=1,
    )
    window.clear()  # the cluster has it now
    tables = iter(prepared.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0))
    return zip(numbers, chain([next(tables)], tables), strict=True)  # it begins when it is asked for the first


def _contents(tables: Iterator[tuple[int, "pa.Table"]]) -> Iterator[bytes]:
    for number, table in tables:
        (row,) = table.to_pylist()
        assert row["number"] == number, "Ray Data was told to keep the order"
        yield row["prepared"]


def _prepare_batch(batch: "pa.Table", options: bytes, expected: Sequence[str]) -> "pa.Table":
    """Prepare the units of a batch; this is what runs on the cluster."""
    import pyarrow as pa

    preparer = _preparer(options, tuple(expected))
    prepared = [preparer(pickle.loads(unit.as_buffer())) for unit in batch["unit"]]
    return pa.table({"number": batch["number"], "prepared": pa.array(prepared, pa.large_binary())})


@lru_cache(maxsize=1)
def _preparer(options: bytes, expected: tuple[str, ...]) -> Preparer:
    """Make what prepares, once in each process; SettingsError where it would not prepare as the others do."""
    given: PrepareOptions = pickle.loads(options)
    if _versions(given) != expected:
        raise SettingsError(
            f"the machine {platform.node()} of the cluster has moxu {moxu.__version__}, or rules of cleaning, other "
            f"than here, where it is moxu {expected[0]}; install the same on all of them"
        )
    return Preparer(given)


def _versions(options: PrepareOptions) -> tuple[str, ...]:
    return moxu.__version__, salt_of(options)


def _told(error: Exception) -> Exception:
    """Return the error that one of Ray's is for the user: what a worker raised, or that nothing came back."""
    from ray.exceptions import RayTaskError

    if not isinstance(error, RayTaskError):
        return MoxuError(
            f"the cluster gave nothing back ({_first_line(error)}); it is busy, or its machines are short of memory: "
            "the same command goes on; give each machine fewer cores (ray start --num-cpus, or --workers)"
        )
    cause: Exception = error.cause or error
    if isinstance(cause, ModuleNotFoundError):
        return SettingsError(f"a machine of the cluster has no {cause.name}: pip install 'moxu[cluster]' there")
    if isinstance(cause, MoxuError):
        return type(cause)(_first_line(cause))  # Ray Data adds to it how to try again
    return cause


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def _make_quiet() -> None:
    """Let Ray Data keep the order, and show and print nothing."""
    import ray

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.execution_no_progress_timeout_s = PATIENCE
    context.raise_original_map_exception = True  # instead of one that only names it
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # errors are raised as well
