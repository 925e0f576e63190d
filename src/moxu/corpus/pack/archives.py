"""Tar archives of texts, read one text after the other and never unpacked to a disk."""

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Self

from moxu.corpus.pack.texts import BOOKS, NO_BOOK, PLAIN, Text, is_hidden
from moxu.errors import TextError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
LARGEST = 1 << 30  # bytes of a text: a hundred times the longest of novels

_DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)


def is_archive(name: str) -> bool:
    """Say whether a file is a tar archive by its name."""
    return name.lower().endswith(SUFFIXES)


def read_archive(path: Path) -> Iterator[Text]:
    """Yield the texts and books in the archive's order; TextError when it is damaged or holds something endless."""
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, tarinfo=_Member) as archive:
            size = max(1, path.stat().st_size)
            for member in archive:  # going back in a compressed file would mean starting over
                name = PurePosixPath(member.name)
                wanted = name.suffix.lower() in PLAIN | BOOKS and not is_hidden(name.name)
                if not member.isfile() or not wanted or NO_BOOK.fullmatch(name.name):
                    continue
                if member.size > LARGEST:
                    raise TextError(f"{path}: {name.name} would take {member.size:,} bytes; expected a book")
                content = archive.extractfile(member)
                assert content is not None  # it is a file
                yield Text(name.stem, content.read(), file=name.name, part=min(1.0, file.tell() / size))
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200]
        raise TextError(f"{path}: not a readable archive: {reason}") from None


class _Member(tarfile.TarInfo):
    """An entry of an archive; where one cannot be read, this is an error, which the library takes for the end."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined] # the mark of the end
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"cut or damaged: {error}") from None
