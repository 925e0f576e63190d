"""A server with two replicas on a Ray cluster of this machine: real processes, asked over HTTP."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch

from moxu.checkpoints import folder
from moxu.checkpoints.checkpoint import Checkpoint
from moxu.cli.main import main
from moxu.models.registry import build
from moxu.serve.cluster.replicated import BEGINNING, reason_of
from moxu.text.chars import CharTokenizer

if find_spec("ray") is None:
    pytest.skip("Ray is not installed: pip install 'moxu[cluster]'", allow_module_level=True)

CHARACTERS = "\n这是一颗的了不在有人我他来到说时要就出会也你对生能而子那得于着下自之年过，。？！“”"
PATIENCE = 120.0
SLOTS = 2
ENDLESS = {"prompt": "这是", "max_tokens": 16000, "stream": True}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small RWKV-7 of characters with random weights."""
    tokenizer, generator = CharTokenizer(CHARACTERS), torch.Generator().manual_seed(1)
    network = build("rwkv7", {"width": 64, "layers": 1, "vocab_size": tokenizer.vocab_size})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.3, generator=generator)
    path = tmp_path_factory.mktemp("model") / "small"
    checkpoint = Checkpoint("rwkv7", asdict(network.config), network.state_dict(), tokenizer, {})
    folder.write(checkpoint, path)
    return path


class Program:
    """``moxu serve --cluster`` in a process of its own, what it says, and all the processes it starts."""

    def __init__(self, model: Path) -> None:
        options = ["--model", str(model), "--port", "0", "--cluster", "--replicas", "2", "--slots", str(SLOTS)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moxu.cli.main", "serve", *options],
            env=environment | {"MOXU_DATABASE": str(model.parent / "stories.sqlite"), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=None if os.name == "nt" else lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.said: list[str] = []
        self._lines = queue.SimpleQueue[str]()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        self.url = self._address()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line.decode())

    def _address(self) -> str:
        while True:
            self.said.append(self._lines.get(timeout=PATIENCE))
            if found := re.search(r"serves small at (http://\S+)", self.said[-1]):
                return found[1]

    def end(self) -> int:
        """Press Ctrl-C, and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE)
        self._reading.join(PATIENCE)
        while not self._lines.empty():
            self.said.append(self._lines.get())
        return status

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._reading.join(PATIENCE)

    @property
    def started(self) -> dict[int, str]:
        """The commands of the processes it has started, and of those that these have."""
        listed = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        parents, found = {self.process.pid}, dict[int, str]()
        while parents:
            children = {int(row[0]): row[2] for row in rows if int(row[1]) in parents and len(row) == 3}
            found |= children
            parents = set(children)
        return found

    @property
    def replicas(self) -> list[int]:
        """The processes of the replicas."""
        return [pid for pid, command in self.started.items() if command.startswith("ray::ServeReplica")]

    def ask(self, **wishes: Any) -> httpx.Response:
        return httpx.post(self.url + "/v1/completions", json={"prompt": "这是"} | wishes, timeout=PATIENCE)

    def text(self, **wishes: Any) -> str:
        answer = self.ask(**wishes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["choices"][0]["text"])

    def count(self, name: str) -> float:
        """Return a figure of the replicas, of the last second."""
        figures = httpx.get(self.url + "/metrics", timeout=PATIENCE).text
        found = re.search(rf'^moxu_scheduler_{name}{{model="small"}} (\S+)$', figures, re.MULTILINE)
        assert found is not None
        return float(found[1])


@pytest.fixture(scope="module")
def program(model: Path) -> Iterator[Program]:
    if os.name == "nt":
        pytest.skip("no process can be sent a Ctrl-C of its own there")
    one = Program(model)
    try:
        yield one
        if one.process.poll() is None:
            one.end()  # killed, it would leave what Ray has logged
    finally:
        one.kill()


@pytest.fixture
def streams(program: Program) -> Iterator[list[Iterator[str]]]:
    """Three endless texts that have begun, at least one on each of two replicas with two slots."""
    with ExitStack() as opened:
        lines = list[Iterator[str]]()
        for _ in range(SLOTS + 1):
            call = httpx.stream("POST", program.url + "/v1/completions", json=ENDLESS, timeout=PATIENCE)
            lines.append(filter(None, opened.enter_context(call).iter_lines()))
            assert json.loads(next(lines[-1]).removeprefix("data: "))["model"] == "small"
        yield lines


def test_it_tells_of_its_replicas_while_they_start_and_then_its_address(program: Program) -> None:
    said = [line.strip() for line in program.said]
    assert [line for line in said if line.startswith("replica")] == ["replica 1 of 2 ready", "replica 2 of 2 ready"]
    assert program.count("replicas") == 2
    assert program.count("slots") == 2 * SLOTS
    assert len(said) < 6  # Ray itself is silent


def test_the_cluster_is_on_the_loopback(program: Program) -> None:
    (command,) = [line for line in program.started.values() if "/gcs_server " in line]
    assert "--node-ip-address=127.0.0.1" in command


def test_whichever_replica_writes_the_same_request_and_seed_are_the_same_text_as_here(
    program: Program, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["write", "这是", "--model", str(model), "--seed", "5", "--chars", "40", "--json"])
    expected = json.loads(capsys.readouterr().out)["continuations"][0]["text"]
    with ThreadPoolExecutor(4 * SLOTS) as pool:
        texts = list(pool.map(lambda _: program.text(seed=5, max_chars=40), range(4 * SLOTS)))
    assert set(texts) == {expected}


def test_a_long_story_goes_on_where_its_beginning_is_remembered(program: Program) -> None:
    story = "这是一颗" * (BEGINNING // 4)
    before = program.count("prompt_ids_remembered")
    for part in range(1, 5):
        program.text(prompt=story + "人" * part, max_tokens=1, raw=True)
    wait_until(lambda: program.count("prompt_ids_remembered") - before >= 3 * BEGINNING)


def test_what_cannot_be_done_is_refused_before_a_stream_begins(program: Program) -> None:
    answer = program.ask(n=SLOTS + 1, stream=True)
    assert answer.status_code == 400
    assert f"at most {SLOTS}" in answer.json()["error"]["message"]


def test_a_client_that_leaves_frees_its_slot(program: Program) -> None:
    before = program.count("cancelled")
    with httpx.stream("POST", program.url + "/v1/completions", json=ENDLESS, timeout=PATIENCE) as answer:
        lines = answer.iter_lines()
        assert next(lines)
        wait_until(lambda: program.count("slots_used") == 1)
    wait_until(lambda: program.count("slots_used") == 0 and program.count("cancelled") == before + 1)


def test_a_replica_that_is_killed_is_an_error_to_its_readers_and_replaced(
    program: Program, streams: list[Iterator[str]]
) -> None:
    expected = program.text(seed=3, max_chars=20)
    killed = program.replicas[0]
    os.kill(killed, signal.SIGKILL)
    lost = [line for stream in streams if (line := first_error(stream)) is not None]
    assert 1 <= len(lost) <= SLOTS
    assert json.loads(lost[0])["error"]["code"] == "internal_error"
    assert program.text(seed=3, max_chars=20) == expected
    wait_until(lambda: len({*program.replicas} - {killed}) == 2 == program.count("replicas"))
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: program.text(seed=3, max_chars=20), range(4))) == {expected}


def first_error(stream: Iterator[str]) -> str | None:
    """Return the error that comes in the next pieces of a stream, if one does."""
    for _, line in zip(range(400), stream, strict=False):
        if line.startswith('data: {"error"'):
            return line.removeprefix("data: ")
    return None


def test_ctrl_c_ends_every_text_and_leaves_nothing_of_the_cluster(program: Program) -> None:
    processes = program.started
    (folder_of_ray,) = {found[0] for command in processes.values() if (found := re.findall(r"/tmp/moxu-\w+", command))}
    with httpx.stream("POST", program.url + "/v1/completions", json=ENDLESS, timeout=PATIENCE) as answer:
        lines = answer.iter_lines()
        next(lines)
        ending = ThreadPoolExecutor(1).submit(program.end)
        rest = [line for line in lines if line]
    assert ending.result() == 0
    assert rest[-1] == "data: [DONE]"
    wait_until(lambda: not any(is_alive(pid) for pid in processes))
    assert not Path(folder_of_ray).exists()
    assert not any("Traceback" in line or "这是" in line for line in program.said)
    assert program.process.stdout is not None
    assert program.process.stdout.read() == b""


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something is so, which may take as long as a process to start."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("Error: x\n  raise\nmoxu.errors.CheckpointError: a.pth: damaged\n", "a.pth: damaged"),
        ("RuntimeError: Traceback\nValueError: no\n", "the replicas could not be started: ValueError: no"),
        ("", "the replicas could not be started; the logs of Ray Serve say why"),
    ],
)
def test_what_prevents_a_replica_from_starting_is_told_in_one_line(told: str, reason: str) -> None:
    assert reason_of(told) == reason
