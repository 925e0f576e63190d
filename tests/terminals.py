"""The program on a terminal of its own, and waiting for what it does."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds
PROMPT = "\n> "  # at the beginning of a line: a model with random weights may well write the rest

# The leader of a session that opens a terminal makes it the session's own: it will send the signals of Ctrl-C. These
# are heeded even where the tests themselves were started to ignore them, in the background.
PROGRAM = """
import os, signal, sys
os.open(os.ttyname(0), os.O_RDWR)
signal.signal(signal.SIGINT, signal.default_int_handler)
from moxu.cli.main import main
sys.exit(main())
"""


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


class Terminal:
    """The program on a terminal of its own, where somebody types."""

    def __init__(self, *arguments: object, **environment: str) -> None:
        self._ours, theirs = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", **environment},
        )
        os.close(theirs)
        self._unread = b""

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, text: str) -> str:
        """Return what is shown up to and including ``text``."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in self._unread:
            assert time.monotonic() < end, self._unread.decode(errors="replace")
            self._read()
        shown, found, self._unread = self._unread.partition(text.encode())
        return (shown + found).decode(errors="ignore")

    def press_until(self, keys: str, text: str) -> None:
        """Press keys, again every few seconds, until ``text`` is shown.

        A signal may come between the appearance of a prompt and its first look at the keys, and get lost.
        """
        end = time.monotonic() + PATIENCE
        again = 0.0
        while text.encode() not in self._unread:
            assert time.monotonic() < end, self._unread.decode(errors="replace")
            if time.monotonic() > again:
                self.type(keys)
                again = time.monotonic() + 5
            self._read()
        self.wait_for(text)

    def wait_for_more(self, size: int) -> None:
        """Wait until so many bytes are shown behind those that were waited for."""
        end = time.monotonic() + PATIENCE
        while len(self._unread) < size:
            assert time.monotonic() < end, self._unread.decode(errors="replace")
            self._read()

    def _read(self) -> None:
        if select.select([self._ours], [], [], 0.1)[0]:
            self._unread += os.read(self._ours, 4096)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
