"""A corpus built on a Ray cluster of two workers: the same to the byte, whatever is lost on the way."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.build.cluster import LIBRARY, WINDOW, WINDOWS, _preparer, _windows, object_store_size
from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.pipeline import build
from moxu.corpus.sources import pieces
from moxu.corpus.sources.pieces import UNIT, Piece, Unit
from moxu.errors import SettingsError
from novels import novel

WORKERS = 2
PATIENCE = 120.0
SMALL = 1000  # bytes of a unit here, so that there are several windows of them
HOST = f"""
import os, sys
from moxu.serve.cluster.ray import connected
with connected(None, library="{LIBRARY}", object_store={256 << 20}, cores={WORKERS}):
    import ray
    print(ray.get_runtime_context().gcs_address, os.environ["RAY_AUTH_TOKEN"], file=sys.__stdout__, flush=True)
    sys.stdin.read()
"""
PROGRAM = f"""
import sys
from moxu.corpus.sources import pieces
pieces.UNIT = {SMALL}
from moxu.cli.main import main
sys.exit(main())
"""
JOINED = """
import sys
from moxu.corpus.build import cluster
from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.sources.pieces import Piece, Unit
from moxu.errors import MoxuError, SettingsError
from moxu.serve.cluster.ray import connected

taken = []
def units():
    for number in range(50):
        taken.append(number)
        yield Unit((Piece("book", f"{number}.txt", "这是一颗老树。".encode()),))

with connected(sys.argv[1], option="--cluster", library=cluster.LIBRARY):
"""
TAKEN = """
    prepared = cluster.prepare_on_cluster(units(), PrepareOptions(), 1)
    next(prepared)
    print(len(taken), file=sys.stderr)
    print(1 + sum(1 for _ in prepared), file=sys.stderr)
"""
OTHER_VERSION = """
    cluster._versions = lambda options: ("0.0.1", "")
    try:
        list(cluster.prepare_on_cluster(units(), PrepareOptions(), 1))
    except SettingsError as error:
        print(error, file=sys.stderr)
"""
DEADLY = """
    import os

    class Deadly:
        def __reduce__(self):
            return os._exit, (1,)

    cluster._versions, cluster.PATIENCE = lambda options: ("", ""), 2.0
    try:
        list(cluster.prepare_on_cluster(units(), Deadly(), 1))
    except MoxuError as error:
        print(error, file=sys.stderr)
"""

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'moxu[cluster]'")
on_posix = pytest.mark.skipif(os.name == "nt", reason="kills processes")


@dataclass(frozen=True)
class Host:
    """A process that has started a cluster, and what it takes to join that."""

    process: subprocess.Popen[bytes]
    address: str
    environment: dict[str, str]

    @contextmanager
    def start(self, *arguments: object, code: str = PROGRAM) -> Iterator[subprocess.Popen[bytes]]:
        """Start a process that may join the cluster; it does not outlive the block."""
        command = [sys.executable, "-c", code, *map(str, arguments)]
        pipes: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=self.environment, **pipes) as process:
            try:
                yield process
            finally:
                process.kill()

    def build(self, source: Path, out: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return self.start("corpus", "build", source, "--out", out, "--cluster", self.address)

    def said(self, code: str) -> str:
        """Return what a program that joins the cluster says on standard error."""
        with self.start(self.address, code=code) as process:
            _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err.decode()
        return str(err.decode())

    @property
    def preparing(self) -> list[int]:
        """The workers that prepare something now."""
        listed = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        parents, found = {self.process.pid}, list[int]()
        while parents:
            children = {int(row[0]): row[2] for row in rows if int(row[1]) in parents and len(row) == 3}
            found += [pid for pid, command in children.items() if command.startswith("ray::MapBatches")]
            parents = set(children)
        return found


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", HOST], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    address, token = process.stdout.readline().decode().split()
    assert address.startswith("127.0.0.1:")
    joining = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    yield Host(process, address, environment | joining)  # the last: to join one that is on the loopback only
    process.communicate(timeout=PATIENCE)  # its input ends, and so does the cluster


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A folder of books, each a unit or more, damaged ones and a table among them; and the corpus of it."""
    folder = tmp_path_factory.mktemp("books") / "books"
    folder.mkdir()
    for number in range(24):
        text = novel(*(f"{number}-{place}" for place in range(8)), count=60)
        (folder / f"{number:02d}.txt").write_bytes(text.encode("gb18030" if number % 2 else "utf-8"))
    (folder / "坏.epub").write_bytes(b"PK\x03\x04junk")
    (folder / "坏.txt").write_bytes(novel("stray").encode("gb18030") + b"\xff\xff\x81")
    rows = [f'{{"text": "{seed}"}}' for seed in "夜雨江山"] + ["{", "[1]"]
    (folder / "t.jsonl").write_text("\n".join(rows), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "UNIT", SMALL)
        out = tmp_path_factory.mktemp("plain") / "out"
        assert build([folder], out, workers=1).works == 29
    return folder, files_of(out)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def wait_until(holds: Callable[[], object]) -> None:
    """Wait until something is so, which may take as long as processes to start."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


@needs_ray
@on_posix
def test_corpus_is_the_same_to_the_byte_although_a_worker_is_killed(
    host: Host, books: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, expected = books
    with host.build(folder, tmp_path / "out") as process:
        wait_until(lambda: host.preparing or process.poll() is not None)
        os.kill(host.preparing[0], signal.SIGKILL)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err.decode()  # for what is damaged
    assert files_of(tmp_path / "out") == expected
    assert {line.split()[0] for line in err.decode().splitlines()} == {"note:", "left"}  # Ray says nothing
    assert {line.split()[0] for line in out.decode().splitlines()} == {
        *("works", "chapters", "characters", "dropped", "seconds", "corpus")
    }


@needs_ray
@on_posix
def test_build_that_was_killed_goes_on_and_comes_to_the_same(
    host: Host, books: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, expected = books
    prepared = tmp_path / "out.part" / "prepared"
    with host.build(folder, tmp_path / "out") as process:
        wait_until(lambda: process.poll() is not None or (prepared.is_dir() and any(prepared.glob("*.arrow"))))
    assert process.returncode == -signal.SIGKILL
    with host.build(folder, tmp_path / "out") as process:
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err.decode()
    assert b"went on after what was prepared before" in err
    assert files_of(tmp_path / "out") == expected


@needs_ray
def test_units_are_taken_a_window_at_a_time_and_none_is_lost(host: Host) -> None:
    taken, prepared = map(int, host.said(JOINED + TAKEN).split())
    assert taken <= WINDOWS * WINDOW + 1  # a window is complete when there is one unit more
    assert prepared == 50


@needs_ray
def test_machine_with_another_moxu_is_a_mistake_on_one_line(host: Host) -> None:
    said = host.said(JOINED + OTHER_VERSION)
    assert re.fullmatch(r"the machine \S+ of the cluster has moxu .* here, where it is moxu 0\.0\.1; .*\n", said)


@needs_ray
def test_unit_that_ends_every_worker_is_told_on_one_line(host: Host) -> None:
    said = host.said(JOINED + DEADLY)
    assert re.fullmatch(r"the cluster gave nothing back \(.*\); .*the same command goes on; .*fewer cores.*\n", said)


def test_preparer_of_another_version_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"install the same on all of them"):
        _preparer(pickle.dumps(PrepareOptions()), ("0.0.1", ""))


def test_windows_are_bounded_by_bytes_but_hold_a_unit_of_any_size() -> None:
    sizes = [1, UNIT, 3 * UNIT + 1, 1, 1, 1]
    units = [Unit((Piece("book", f"{size}", bytes(size)),)) for size in sizes]
    windows = list(_windows(units, 3 * UNIT))
    assert [len(window) for window in windows] == [2, 1, 3]
    assert [table["number"].to_pylist() for table in windows[2]] == [[0], [1], [2]]
    assert [pickle.loads(table["unit"][0].as_py()) for window in windows for table in window] == units


def test_store_has_room_for_what_is_under_way_and_what_becomes_of_it() -> None:
    assert object_store_size(64) >= 2 * WINDOWS * WINDOW * UNIT * 64
