"""Zip archives of strangers, read in memory and within bounds, and our own: equal books are equal bytes.

Nothing is ever unpacked to a disk, so the names in an archive cannot lead anywhere. What an archive says of the size of
an entry is binding (Python reads no further), so bounds on what it says are bounds on what it can cost.
"""

import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO

from moxu.errors import TextError

MOST_ENTRIES = 10_000
LARGEST_ENTRY = 64 << 20  # bytes, unpacked
LARGEST_SUM = 192 << 20  # of all entries that are read
LARGEST_RATIO = 400  # of what an entry becomes to what it takes
SMALL = 1 << 20  # bytes that any entry may have, whatever the ratio
PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DIRECTORY_MARK = b"PK\x01\x02"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip archive can tell

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError)


class Archive:
    """The entries of a zip archive; ``name`` is the file's, for messages. TextError when it is damaged or a bomb."""

    def __init__(self, data: bytes, name: str) -> None:
        if data.count(DIRECTORY_MARK) > MOST_ENTRIES:  # before zipfile makes an object of each
            raise TextError(f"{name}: holds more than {MOST_ENTRIES:,} files; expected a book")
        self.name, self._read = name, 0
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except _DAMAGE as error:
            raise TextError(f"{name}: damaged archive: {error}") from None

    def __contains__(self, entry: str) -> bool:
        return entry in self._zip.NameToInfo

    def read(self, entry: str) -> bytes:
        """Return what an entry holds; TextError when it is missing, damaged, encrypted or too large."""
        info = self._zip.NameToInfo.get(entry)
        if info is None:
            raise TextError(f"{self.name}: has no {entry[:100]!r} in it; the file is damaged or of another kind")
        if info.flag_bits & 1 or info.compress_type not in PLAIN_METHODS:
            raise TextError(f"{self.name}: {entry[:100]!r} is encrypted or packed in an unusual way; save it anew")
        self._read += info.file_size
        too_large = info.file_size > LARGEST_ENTRY or self._read > LARGEST_SUM
        if too_large or info.file_size > max(SMALL, LARGEST_RATIO * info.compress_size):
            raise TextError(f"{self.name}: {entry[:100]!r} would take {info.file_size:,} bytes; expected a book")
        try:
            return self._zip.read(info)
        except _DAMAGE as error:
            raise TextError(f"{self.name}: {entry[:100]!r} is damaged: {error}") from None


def write_archive(entries: Sequence[tuple[str, bytes]], *, stored: int = 0) -> bytes:
    """Return a zip archive of these entries in their order; the first ``stored`` of them are not compressed."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (name, content) in enumerate(entries):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # the same on every system
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if number < stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=6)
    return file.getvalue()
