"""The one event loop that all crawls of a process share: Twisted's reactor starts once, and never again.

It runs in a thread of its own, so that whoever called may look at a crawl, and stop it, and start another one later.
"""

import asyncio
import atexit
import functools
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from twisted.internet import asyncioreactor
from twisted.internet.error import ReactorAlreadyInstalledError

from moxu.errors import SettingsError

Result = TypeVar("Result")
STOPS_WITHIN = 5.0  # seconds


class ReactorThread:
    """Twisted's reactor in a thread of its own; ends with the process. SettingsError where there is another one."""

    def __init__(self) -> None:
        self._loop = asyncio.SelectorEventLoop()  # the kind that Twisted can use, on Windows too
        try:
            asyncioreactor.install(self._loop)  # type: ignore[no-untyped-call]
        except ReactorAlreadyInstalledError:
            self._loop.close()
            raise SettingsError("this program runs a reactor of Twisted; crawl in a process of its own") from None
        from twisted.internet import reactor

        self.reactor: Any = reactor  # there is none to import before it is installed
        self._thread = threading.Thread(target=self._run, name="moxu-crawl", daemon=True)
        self._thread.start()
        atexit.register(self._stop)

    def submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Start ``work`` on the reactor; the future can be waited for, and cancelled, from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, function: Callable[[], object]) -> None:
        """Have the reactor call ``function`` soon."""
        self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self.reactor.run(installSignalHandlers=False)
        self._loop.close()

    def _stop(self) -> None:
        self.call(self.reactor.stop)
        self._thread.join(STOPS_WITHIN)


@functools.cache
def reactor_thread() -> ReactorThread:
    """Return the thread of this process, which is started by the first to ask."""
    return ReactorThread()
