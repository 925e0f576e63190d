"""Scrapy's handler of HTTP, with what it lacks: a bound for the head of an answer, and a look at certificates.

Scrapy bounds the body of an answer and the time it takes, but keeps all headers that come within that time.
"""

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import Request
from twisted.web.iweb import IResponse

from moxu.corpus.crawl.certificates import checked_certificates
from moxu.corpus.crawl.polite_spider import spider_of

MAX_HEAD = 256 << 10  # bytes of status and headers, and of what came with them in one piece


class BoundedProtocol(_LenientHTTP11ClientProtocol):
    """A connection that is closed when the head of an answer does not end."""

    _head: int | None = None  # bytes since the request was sent; None once the head is over

    def request(self, request: Request) -> Deferred[IResponse]:
        self._head = 0
        answer = super().request(request)
        answer.addCallback(self._end_head)
        return answer

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 — Twisted's name
        if self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.abort()  # type: ignore[no-untyped-call]
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def _end_head(self, response: IResponse) -> IResponse:
        self._head = None
        return response


class BoundedFactory(_LenientHTTP11ClientFactory):
    """Makes such connections."""

    def buildProtocol(self, addr: IAddress | None) -> BoundedProtocol:  # noqa: N802, ARG002 — Twisted's name
        return BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class BoundedHandler(HTTP11DownloadHandler):
    """Scrapy's handler over such connections, which speaks TLS with servers that are who they say they are."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = BoundedFactory
        if not spider_of(crawler).options.insecure:
            self._contextFactory = checked_certificates()
