"""The generations of KoboldAI's clients, which they ask for, and end, by calls of their own while they are written.

KoboldCpp writes for one client at a time, so a call without a key means the one text there is. Here many write, and
nobody may see or end the text of somebody else. So a generation belongs to its owner (an address and an API key), and
within that to its ``genkey``. A call without a key means a generation that was begun without one, and only where its
owner has no more than one of these.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Self

from starlette.requests import Request

from moxu.serve.bridge import Reader
from moxu.serve.limits import Limits
from moxu.serve.service import digest


@dataclass(frozen=True)
class Owner:
    """Whoever asks: the address, and the digest of what was brought as a key."""

    address: str
    key: bytes

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return who sent a request."""
        address = "" if request.client is None else request.client.host
        return cls(address, digest(request.headers.get("authorization", "")))


@dataclass(eq=False)
class Generation:
    """A generation while it is written; ``texts`` is what there is of each text."""

    owner: Owner
    genkey: str
    reader: Reader
    texts: list[str]


@dataclass(frozen=True)
class _Kept:
    """The texts of a generation that is over, and the alarm at which they are forgotten."""

    texts: list[str]
    alarm: asyncio.TimerHandle


@dataclass(frozen=True)
class Generations:
    """All that are written; and those that are over and have a key, for a while, but not too many."""

    limits: Limits
    _written: dict[Generation, None] = field(default_factory=dict)  # in the order in which they were begun
    _kept: dict[tuple[Owner, str], _Kept] = field(default_factory=dict)  # in the order in which they ended

    def begin(self, owner: Owner, genkey: str | None, reader: Reader, count: int) -> Generation:
        """Return a generation that is written from now on; of two with the same key the later one is shown."""
        generation = Generation(owner, genkey or "", reader, [""] * count)
        self._forget(owner, generation.genkey)
        self._written[generation] = None
        return generation

    def end(self, generation: Generation) -> None:
        """Note that a generation is over, however it ended; a second time this does nothing."""
        if generation not in self._written:
            return
        del self._written[generation]
        owner, genkey = generation.owner, generation.genkey
        if not genkey:
            return
        self._forget(owner, genkey)
        while len(self._kept) >= self.limits.kept_texts:
            self._forget(*next(iter(self._kept)))
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(self.limits.kept_seconds, self._forget, owner, genkey)
        self._kept[owner, genkey] = _Kept(generation.texts, alarm)

    def texts(self, owner: Owner, genkey: str | None) -> list[str]:
        """Return what there is of the generation with this key, or of the owner's only one without; else nothing."""
        if written := self._find(owner, genkey):
            return written[-1].texts
        kept = self._kept.get((owner, genkey or ""))
        return [] if kept is None else kept.texts

    def abort(self, owner: Owner, genkey: str | None) -> bool:
        """End the generations with this key, or the owner's only one without; return whether there is any."""
        found = self._find(owner, genkey)
        for generation in found:
            generation.reader.cancel()
        return bool(found)

    def _find(self, owner: Owner, genkey: str | None) -> list[Generation]:
        found = [one for one in self._written if one.owner == owner and one.genkey == (genkey or "")]
        return found if genkey or len(found) == 1 else []

    def _forget(self, owner: Owner, genkey: str) -> None:
        if (kept := self._kept.pop((owner, genkey), None)) is not None:
            kept.alarm.cancel()
