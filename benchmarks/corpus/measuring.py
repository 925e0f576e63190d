"""How much time and memory a program takes with all processes that it starts."""

import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

EVERY = 0.05  # seconds between two looks
MB = 1 << 20


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock and of the processors; the largest sum of the memory of all processes, in MB; the status.

    Memory that processes share is counted once where the system tells (PSS, on Linux), else in each (RSS).
    """

    seconds: float
    processor_seconds: float
    peak: float
    status: int
    output: str


def measure(command: Sequence[str]) -> Measured:
    """Run a program to its end."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peak, spent, done = 0, dict[int, float](), threading.Event()

    def watch() -> None:
        nonlocal peak
        leader = psutil.Process(process.pid)
        while not done.wait(EVERY):
            memory = 0
            for each in _family(leader):
                used, seconds = _use(each)
                memory += used
                spent[each.pid] = max(seconds, spent.get(each.pid, 0.0))
            peak = max(peak, memory)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        output, _ = process.communicate()
    finally:
        done.set()
        watching.join()
    seconds = time.monotonic() - began
    return Measured(seconds, sum(spent.values()), peak / MB, process.returncode, output.decode(errors="replace"))


def _family(leader: psutil.Process) -> list[psutil.Process]:
    try:
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _use(process: psutil.Process) -> tuple[int, float]:
    """Return the bytes that a process takes, and its seconds of the processors."""
    try:
        memory, times = process.memory_full_info(), process.cpu_times()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0, 0.0
    return getattr(memory, "pss", memory.rss), times.user + times.system
