"""The spider against hostile sites: each bad answer costs one chapter, which is told, and never the crawl."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from aiohttp import web

from crawls import Crawl
from sites import Reply, Site, chapter_html, small_book

MANY = 3 << 20
LIMIT = 1 << 18
NAMES = {"inside.example": "127.0.0.1", "mapped.example": "::ffff:127.0.0.1", "metadata.example": "169.254.169.254"}


def zstd_compressed(data: bytes) -> bytes:
    from backports import zstd

    return bytes(zstd.compress(data))


def packed(encoding: str, body: bytes) -> Reply:
    return Reply(body, headers={"Content-Encoding": encoding})


async def endless_body(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    while True:
        await response.write("雨".encode() * 10_000)


async def one_byte_at_a_time(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def never(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
    await asyncio.sleep(3600)
    return web.Response()


def sends_on(path: str) -> str:
    return f'<html><head><meta http-equiv="refresh" content="0; url={path}"></head><body>请稍候</body></html>'


def raw(pieces: Callable[[], Iterable[bytes]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer with bytes that need not be HTTP, and close."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert isinstance(request.transport, asyncio.Transport)
        for piece in pieces():
            if request.transport.is_closing():
                break
            request.transport.write(piece)
            await asyncio.sleep(0)
        request.transport.abort() if not request.transport.is_closing() else None
        return web.Response()

    return answer


def endless_headers() -> Iterable[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(1_000_000):
        yield b"X-%d: %s\r\n" % (number, b"x" * 4000)


PROBLEMS: dict[str, tuple[Any, str]] = {
    "missing": (Reply("没有", status=404), "answers 404 Not Found"),
    "gone": (Reply("没有", status=410), "answers 410 Gone"),
    "forbidden": (Reply("不行", status=403), "answers 403 Forbidden"),
    "broken": (Reply("坏了", status=500), "answers 500 Internal Server Error"),
    "unknown status": (Reply("？", status=599), "answers 599"),
    "no content": (Reply(status=204), "answers 204 No Content"),
    "picture": (Reply(b"\x89PNG", content_type="image/png"), "is image/png; expected a page of HTML"),
    "document": (Reply(b"%PDF", content_type="application/pdf"), "is application/pdf; expected a page of HTML"),
    "not text": (Reply(bytes(range(256)) * 40, content_type="text/html"), "is not text"),
    "large": (Reply(b" " * MANY), "is larger than 262,144 bytes"),
    "endless": (endless_body, "is larger than 262,144 bytes"),
    "gzip bomb": (packed("gzip", gzip.compress(b" " * MANY)), "larger than 262,144 bytes once unpacked"),
    "deflate bomb": (packed("deflate", zlib.compress(b" " * MANY)), "larger than 262,144 bytes once unpacked"),
    "brotli bomb": (packed("br", brotli.compress(b" " * MANY)), "larger than 262,144 bytes once unpacked"),
    "zstd bomb": (packed("zstd", zstd_compressed(b" " * MANY)), "larger than 262,144 bytes once unpacked"),
    "bomb in a bomb": (packed("gzip, gzip", gzip.compress(gzip.compress(b" " * MANY))), "once unpacked"),
    "packed often": (packed("gzip, gzip, gzip", b""), "refused: the answer is packed 3 times over"),
    "no gzip": (packed("gzip", b"plain"), "the answer cannot be read"),
    "cut gzip": (packed("gzip", gzip.compress(chapter_html(5).encode())[:100]), ""),
    "no brotli": (packed("br", b"plain"), "has no text"),
    "slow": (one_byte_at_a_time, "gives no whole answer within 2 seconds"),
    "silent": (never, "gives no whole answer within 2 seconds"),
    "endless headers": (raw(endless_headers), "the connection broke"),
    "no HTTP": (raw(lambda: [b"220 mail.example ESMTP\r\n"]), "the connection broke"),
    "nothing": (raw(list), "the connection broke"),
    "cut": (raw(lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<html>"]), "the answer breaks off"),
    "loop": (Reply(status=302, headers={"Location": "/book/5.html"}), "redirects too often"),
    "to a file": (Reply(status=302, headers={"Location": "file:///etc/passwd"}), "answers 302 Found"),
    "to nowhere": (Reply(status=302), "answers 302 Found"),
    "empty": (Reply(""), "has no text"),
    "says 404": (Reply("<html><title>404</title><body><p>抱歉，您访问的页面不存在。</p></body></html>"), "characters"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_bad_answer_costs_one_chapter(site: Site, crawl_site: Crawl, name: str) -> None:
    site.pages["/book/5.html"], reason = PROBLEMS[name]
    timeout = 2.0 if "within 2 seconds" in reason else 30.0  # enough for all other pages, however busy the machine is
    result = crawl_site(timeout=timeout, max_page_bytes=LIMIT, retries=0)
    assert [finding.number for finding in result.findings] == [5]
    assert reason in result.findings[0].detail
    assert "\n" not in str(result.findings[0])
    assert result.written >= 11
    assert not result.is_complete


@pytest.mark.parametrize(
    "target",
    [
        *("http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://127.1:{port}/", "http://0x7f.1:{port}/"),
        *("http://2130706433:{port}/", "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/"),
        *("http://inside.example:{port}/", "http://mapped.example:{port}/", "http://metadata.example/"),
        *("//127.0.0.1:{port}/", "http://user:password@127.0.0.1:{port}/"),
    ],
)
@pytest.mark.parametrize("status", [301, 307])
def test_redirect_to_a_private_address_is_refused(
    site: Site, crawl_site: Crawl, monkeypatch: pytest.MonkeyPatch, target: str, status: int
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real(NAMES.get(host, host), *rest, **more))
    with Site({"/": chapter_html(5)}) as secret:
        location = target.format(port=secret.port).encode().decode("latin-1")
        site.pages["/book/5.html"] = Reply(status=status, headers={"Location": location})
        result = crawl_site(retries=0)
    assert [finding.number for finding in result.findings] == [5]
    assert "refused: " in result.findings[0].detail
    assert not secret.asked


def test_redirect_within_the_site_is_followed(site: Site, crawl_site: Crawl) -> None:
    site.pages["/book/5.html"] = Reply(status=302, headers={"Location": "/elsewhere"})
    site.pages["/elsewhere"] = chapter_html(5)
    assert crawl_site().is_complete


@pytest.mark.parametrize("target", ["/", "/book/", "/index"])
def test_chapter_that_sends_on_to_the_door_or_the_catalogue_is_no_chapter(
    site: Site, crawl_site: Crawl, target: str
) -> None:
    site.pages["/book/5.html"] = Reply(status=302, headers={"Location": target})
    site.pages["/index"] = Reply(status=302, headers={"Location": "/"})
    site.pages["/"] = chapter_html(50)
    result = crawl_site()
    assert [(finding.kind, finding.number) for finding in result.findings] == [("failed", 5)]
    assert f"sends on to {site.url(target).replace('index', '')}, which is no chapter" in result.findings[0].detail
    site.pages["/book/5.html"] = chapter_html(5)
    assert crawl_site().is_complete


def test_page_that_sends_a_browser_on_is_followed(site: Site, crawl_site: Crawl) -> None:
    site.pages["/real/"], site.pages["/book/"] = site.pages["/book/"], sends_on("/real/")
    site.pages["/book/5.html"], site.pages["/real/5"] = sends_on("../real/5"), chapter_html(5)
    assert crawl_site().is_complete


def test_page_that_sends_a_browser_on_for_ever_is_given_up(site: Site, crawl_site: Crawl) -> None:
    site.pages |= {"/book/5.html": sends_on("/a"), "/a": sends_on("/b"), "/b": sends_on("/a")}
    result = crawl_site(max_redirects=4)
    assert [str(finding) for finding in result.findings] == [
        f"5 第5章 雨夜: {site.url('/book/5.html')}: redirects too often"
    ]
    assert site.asked["/a"] + site.asked["/b"] == 4


def test_page_that_sends_a_browser_to_a_private_address_is_refused(site: Site, crawl_site: Crawl) -> None:
    with Site({"/x": chapter_html(5)}) as secret:
        site.pages["/book/5.html"] = sends_on(secret.url("/x"))
        result = crawl_site()
    assert "refused: 127.0.0.1 is a private address" in result.findings[0].detail
    assert not secret.asked


def test_redirects_end_where_the_options_say(site: Site, crawl_site: Crawl) -> None:
    for number in range(1, 9):
        site.pages[f"/hop/{number}"] = Reply(status=302, headers={"Location": f"/hop/{number + 1}"})
    site.pages["/book/5.html"] = Reply(status=302, headers={"Location": "/hop/1"})
    assert "redirects too often" in crawl_site(max_redirects=3).findings[0].detail
    assert sum(path.startswith("/hop") for path in site.asked) == 3


def test_cookies_are_not_kept_and_proxies_not_used(
    site: Site, crawl_site: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookies: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        cookies.append(request.headers.get("Cookie"))
        html = small_book(12)[request.path]
        assert isinstance(html, str)
        return web.Response(text=html, content_type="text/html", headers={"Set-Cookie": "who=reader; Path=/"})

    site.pages |= dict.fromkeys(small_book(12), answer)
    with Site() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url(""))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert crawl_site().is_complete
    assert cookies == [None] * 13
    assert not proxy.asked


def test_packed_pages_are_unpacked(site: Site, crawl_site: Crawl) -> None:
    html = chapter_html(1).encode()
    site.pages["/book/1.html"] = packed("gzip", gzip.compress(html))
    site.pages["/book/2.html"] = packed("deflate", zlib.compress(chapter_html(2).encode()))
    site.pages["/book/3.html"] = packed("br", brotli.compress(chapter_html(3).encode()))
    site.pages["/book/4.html"] = packed("zstd", zstd_compressed(chapter_html(4).encode()))
    assert crawl_site().is_complete
