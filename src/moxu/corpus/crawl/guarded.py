"""The guard at its two posts within Scrapy: before a URL is asked for, and where a name becomes an address.

Scrapy passes a redirect through the middlewares like any other request, so the first post sees those too. Twisted
connects to the addresses that the resolver tells it and to no other, so nothing lies between check and use.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Response
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution
from zope.interface import implementer  # type: ignore[import-untyped]

from moxu.corpus.crawl.certificates import certificate_problem
from moxu.corpus.crawl.failures import PageFailed
from moxu.corpus.crawl.guard import Guard
from moxu.corpus.crawl.polite_spider import spider_of

PACKINGS = 2  # that an answer may lie in, one in the other; honest ones lie in one


class GuardMiddleware:
    """Refuses requests that the guard refuses, servers that nobody vouches for, and answers packed many times over."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(spider_of(crawler).guard)

    def process_request(self, request: Request) -> None:
        self._guard.check_url(request.url)

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002
        packings = b",".join(response.headers.getlist("Content-Encoding")).count(b",") + 1
        if packings > PACKINGS:
            raise PageFailed(f"refused: the answer is packed {packings} times over")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, CannotResolveHostError) and (refusal := self._guard.refusal(request.url)):
            raise refusal from None
        if problem := certificate_problem(exception):
            raise PageFailed(problem) from None


@implementer(IHostResolution)
class Resolution:
    """A name that is being looked up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves names as the system does, and tells only the addresses that the guard permits."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def resolveHostName(  # noqa: N802 — the names are Twisted's
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803, ARG002
        transportSemantics: str = "TCP",  # noqa: N803, ARG002
    ) -> Resolution:
        resolution = Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolution.task = asyncio.ensure_future(self._resolve(resolutionReceiver, hostName, portNumber))
        return resolution

    async def _resolve(self, receiver: Any, host: str, port: int) -> None:
        for address in self._guard.permitted(host, port, await self._addresses(host)):
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()

    async def _addresses(self, host: str) -> list[str]:
        """Return the addresses of ``host``; none when there is no such name."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return []
        return [str(place[0]) for _, _, _, _, place in found]
