"""Compressed files of strangers as streams of bounded cost: what one holds is read on, and never kept whole."""

import bz2
import gzip
import lzma
import zlib
from typing import IO

from moxu.corpus.sources.pieces import LARGEST
from moxu.errors import TextError

SMALL = 1 << 30  # bytes that anything may become, whatever it takes
LARGEST_RATIO = 400  # of what it becomes to what it takes; no text shrinks so much

DAMAGE = (EOFError, OSError, lzma.LZMAError, zlib.error)


class Unpacked:
    """A stream of what a compressed file holds, which stops with a TextError where it would cost too much."""

    def __init__(self, raw: IO[bytes], stream: IO[bytes]) -> None:
        self.raw, self._stream = raw, stream

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or what there is."""
        if not 0 <= size <= LARGEST:
            raise TextError(f"holds {size:,} bytes in one piece; expected {LARGEST:,} at most")
        data = self._stream.read(size)
        self._check()
        return data

    def seek(self, place: int) -> int:
        """Go on to a place ahead, piece by piece, so that a bomb is noticed on the way."""
        while (missing := place - self._stream.tell()) > 0 and self.read(min(missing, 1 << 20)):
            pass
        return self._stream.seek(place)

    def tell(self) -> int:
        """Return the place in what is unpacked."""
        return self._stream.tell()

    def _check(self) -> None:
        if self._stream.tell() > max(SMALL, LARGEST_RATIO * self.raw.tell()):
            raise TextError(f"becomes more than {LARGEST_RATIO} times as large when unpacked; expected texts")


def unpacked(raw: IO[bytes]) -> Unpacked:
    """Return what a file holds, compressed by gzip, xz, bzip2 or not at all, whatever its name says."""
    head = raw.read(6)
    raw.seek(0)
    return Unpacked(raw, _opened(raw, head))


def _opened(raw: IO[bytes], head: bytes) -> IO[bytes]:
    if head.startswith(b"\x1f\x8b"):
        return gzip.open(raw)  # type: ignore[return-value]  # it reads, seeks and tells
    if head == b"\xfd7zXZ\x00":
        return lzma.open(raw)
    if head.startswith(b"BZh"):
        return bz2.open(raw)
    return raw
