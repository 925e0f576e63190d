"""A ``moxu serve`` process, seen from outside: its address, memory, threads and figures."""

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from benchmarks.serve.client import Address, ask

STARTS_WITHIN = 60.0  # seconds; the limit that is demanded is checked where it is measured
STOPS_WITHIN = 20.0


@dataclass(frozen=True)
class Program:
    """A running server, and what it says on standard error."""

    process: psutil.Process
    address: Address
    log: Path

    @property
    def memory(self) -> float:
        """The resident memory, in MB."""
        return float(self.process.memory_info().rss) / 2**20

    @property
    def threads(self) -> int:
        return int(self.process.num_threads())

    async def figures(self) -> dict[str, float]:
        """Return the counts of the scheduler, by their names in ``/metrics``."""
        answer = await ask(self.address, self.address.head("GET", "/metrics"))
        found = re.findall(r"^moxu_scheduler_(\w+)\{[^}]*\} (\S+)$", answer.body.decode(), re.MULTILINE)
        return {name: float(value) for name, value in found}

    async def is_idle(self, seconds: float) -> bool:
        """Wait until nothing is done or waits, and all connections are gone, at most so long; return whether it is so.

        It has to stay so for a second: connections that a busy server has not looked at yet bring requests still.
        """
        end, since = time.perf_counter() + seconds, time.perf_counter()
        while (now := time.perf_counter()) < end:
            figures = await self.figures()
            busy = figures["slots_used"] or figures["waiting"] or self._connections()
            since = now if busy else since
            if now - since > 1:
                return True
            await asyncio.sleep(0.1)
        return False

    def _connections(self) -> int:
        """Return how many connections the server has not closed."""
        return sum(one.status in ("ESTABLISHED", "CLOSE_WAIT") for one in self.process.net_connections("tcp"))

    def failures(self) -> int:
        """Return how many lines of the log tell of an error."""
        return self.log.read_text("utf-8").count('"level": "error"')


@contextmanager
def serving(model: str) -> Iterator[Program]:
    """Start a server on a free port, wait until it is ready, and end it when the block is left."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "moxu", "serve", "--model", model, "--port", "0"]
        command += ["--database", str(Path(folder) / "stories.sqlite")]
        with log.open("wb") as stderr, _process(command, stderr) as process:
            address = _address(process, log)
            asyncio.run(_until_ready(address))
            yield Program(psutil.Process(process.pid), address, log)


def seconds_until_ready(model: str) -> float:
    """Return the seconds from the start of a process until ``/readyz`` says that it can write."""
    began = time.perf_counter()
    with serving(model):
        return time.perf_counter() - began


@contextmanager
def _process(command: list[str], stderr: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[bytes], log: Path) -> Address:
    """Wait until the server tells where it listens."""
    end = time.perf_counter() + STARTS_WITHIN
    while process.poll() is None and time.perf_counter() < end:
        if found := re.search(r"http://([\d.]+):(\d+)", log.read_text("utf-8")):
            return Address(found[1], int(found[2]))
        time.sleep(0.01)
    raise SystemExit(f"moxu serve did not start: {log.read_text('utf-8')}")


async def _until_ready(address: Address) -> None:
    """Wait until the server says that it can write."""
    end = time.perf_counter() + STARTS_WITHIN
    while time.perf_counter() < end:
        answer = await ask(address, address.head("GET", "/readyz"))
        if answer.status == 200:
            return
        await asyncio.sleep(0.01)
    raise SystemExit("moxu serve did not become ready")
