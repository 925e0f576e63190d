"""``moxu serve`` in a process of its own, which can be killed at any moment and started again where it was."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx

PATIENCE = 120.0


class ServeProgram:
    """A server with the shipped model, over a database in a folder of its own; ``url`` stays the same."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.url = folder, 0, ""
        self.start()

    def start(self) -> None:
        """Start it, and wait until it can write."""
        log = self.folder / "log"
        command = [sys.executable, "-m", "moxu", "serve", "--port", str(self.port)]
        command += ["--database", str(self.folder / "stories.db")]
        with log.open("wb") as stderr:
            quiet = subprocess.DEVNULL
            self.process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=stderr, env={**os.environ})
        end = time.monotonic() + PATIENCE
        while not (found := re.search(r"at (http://[\d.]+:(\d+))", log.read_text("utf-8"))):
            assert time.monotonic() < end, log.read_text("utf-8")
            assert self.process.poll() is None, log.read_text("utf-8")
            time.sleep(0.01)
        self.url, self.port = found[1], int(found[2])
        while httpx.get(f"{self.url}/readyz", timeout=PATIENCE).status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it as it stands."""
        self.process.kill()
        self.process.wait(PATIENCE)
