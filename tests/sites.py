"""Sites on the loopback interface, to crawl: any pages one likes, or a whole novel with all that novels online have."""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Reply:
    """What a path answers; at first, so many times, a failure of that status."""

    body: str | bytes = ""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0
    failure: int = 503
    delay: float = 0.0


class Site:
    """A server in a thread of its own, and how often each path was asked for; ``pages`` may change while it runs."""

    def __init__(
        self, pages: Mapping[str, Reply | str | Handler] | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.pages, self.tls = dict(pages or {}), tls
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.under_way = self.most_under_way = 0
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def url(self, path: str = "/") -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}{path}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = web.Server(self._answer, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self.tls).start()
        self.port: int = runner.addresses[0][1]
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.BaseRequest)
        self.asked[request.path_qs] += 1
        self.agents.add(request.headers.get("User-Agent", ""))
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            return await self.reply(request)
        finally:
            self.under_way -= 1

    async def reply(self, request: web.BaseRequest) -> web.StreamResponse:
        page = self.pages.get(request.path_qs)
        if page is None:
            return web.Response(status=404, text="没有这一页")
        if not isinstance(page, Reply | str):
            return await page(request)  # type: ignore[arg-type]
        reply = Reply(page) if isinstance(page, str) else page
        await asyncio.sleep(reply.delay)
        if self.asked[request.path_qs] <= reply.failures:
            return web.Response(status=reply.failure, text="太忙了", headers=reply.headers)
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        headers = {"Content-Type": reply.content_type, **reply.headers}
        return web.Response(status=reply.status, body=body, headers=headers)


def small_book(chapters: int) -> dict[str, Reply | str | Handler]:
    """Return the pages of a book at /book/: a catalogue, and chapters of one page each."""
    links = "".join(
        f'<li><a href="/book/{number}.html">第{number}章 雨夜</a></li>' for number in range(1, chapters + 1)
    )
    pages: dict[str, Reply | str | Handler] = {
        "/book/": f"<html><head><title>雨夜行</title></head><body><h1>雨夜行</h1><ul>{links}</ul></body></html>"
    }
    return pages | {f"/book/{number}.html": chapter_html(number) for number in range(1, chapters + 1)}


def chapter_html(number: int, rest: str = "") -> str:
    """Return the page of a chapter, whose paragraphs no other has; ``rest`` comes behind its text."""
    lines = "".join(f"<p>　　{line}</p>" for line in chapter_lines(number))
    return (
        f"<html><head><title>第{number}章 雨夜_雨夜行</title></head><body><h1>第{number}章 雨夜</h1>"
        f'<div id="content">{lines}</div>{rest}</body></html>'
    )


def chapter_lines(number: int) -> list[str]:
    """Return the paragraphs of a chapter."""
    return [
        f"第{number}夜，雨落在第{line}块石板上，他数到{number * line}，灯还亮着，屋里没有人，只听见更鼓一声声敲过去。"
        for line in range(1, 13)
    ]
