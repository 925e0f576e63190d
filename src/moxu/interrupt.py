"""Ctrl-C where it does no harm: between two steps of training, between two pieces of a text, never within one."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Self


class Interruption:
    """While entered, the first Ctrl-C is only noted in ``requested``; a second one interrupts at once."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Self:
        self._ours = threading.current_thread() is threading.main_thread()  # only there may handlers be set
        if self._ours:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Finish what is in the block before a Ctrl-C that fell into it takes effect."""
    with Interruption() as interruption:
        yield
    if interruption.requested:
        raise KeyboardInterrupt
