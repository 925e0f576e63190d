"""The guard where names become addresses: whatever the name server says next, only public addresses are told."""

import asyncio
import socket
from typing import Any

import pytest

from crawls import Crawl
from moxu.corpus.crawl.guard import Guard
from moxu.corpus.crawl.guarded import GuardedResolver
from moxu.errors import TextError
from sites import Site


class Receiver:
    """What asks a resolver, as Twisted does."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.done = asyncio.Event()

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802
        assert resolution is not None

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.told.append((address.host, address.port))

    def resolutionComplete(self) -> None:  # noqa: N802
        self.done.set()


def resolve(guard: Guard, host: str, port: int) -> list[tuple[str, int]]:
    async def ask() -> list[tuple[str, int]]:
        receiver = Receiver()
        GuardedResolver(guard).resolveHostName(receiver, host, port)
        await receiver.done.wait()
        return receiver.told

    return asyncio.run(ask())


def test_each_answer_of_a_name_server_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["1.1.1.1"], ["127.0.0.1"], ["10.0.0.1", "2606:4700::1111"], ["::ffff:10.0.0.1"]]

    def lookup(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    guard = Guard()
    told = [resolve(guard, "changing.example", 80) for _ in range(4)]
    assert told == [[("1.1.1.1", 80)], [], [("2606:4700::1111", 80)], []]


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 80, "127.0.0.1", "::1", "0x7f.1", "localhost"])
def test_name_without_a_public_address_has_none(host: str) -> None:
    assert resolve(Guard(), host, 80) == []


def test_address_that_is_allowed_is_told_at_its_port_only() -> None:
    guard = Guard(frozenset({"127.0.0.1:8000"}))
    assert resolve(guard, "127.0.0.1", 8000) == [("127.0.0.1", 8000)]
    assert resolve(guard, "127.0.0.1", 8001) == []


def test_catalogue_whose_name_stands_for_this_machine_is_refused(
    site: Site, crawl_named: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: real("127.0.0.1", *rest, **more))
    with pytest.raises(TextError, match=r"refused: novels.example has a private address"):
        crawl_named(allow_private=False)
    assert not site.asked
    assert crawl_named(allow_private=True).is_complete
