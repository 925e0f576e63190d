"""The files in archives (tar in any compression, zip), one after the other; nothing is unpacked to a disk."""

import tarfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import cast

from moxu.corpus.build.pieces import LARGEST, Fault, Piece, shown
from moxu.corpus.build.sources import FOREIGN_REASON, NO_BOOK, File, is_hidden, kind_of, members, split_of
from moxu.corpus.build.tables import line_pieces, parquet_pieces
from moxu.corpus.build.unpacking import DAMAGE, LARGEST_RATIO, unpacked
from moxu.errors import TextError

MOST_ENTRIES = 1_000_000  # of a zip archive, whose list lies in memory
SMALL = 1 << 20  # bytes that any file in a zip archive may have, whatever it takes
UTF8_NAME = 0x800
_ZIP_DAMAGE = (*DAMAGE, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)


def tar_pieces(file: File, before: int, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Yield what a tar archive holds, in its own order: going back in a compressed file means starting over."""
    try:
        with file.path.open("rb") as raw, tarfile.open(fileobj=cast(BytesIO, unpacked(raw)), mode="r:") as archive:
            for member in archive:
                if not member.isfile():
                    continue
                name, unwanted = _taken(file, member.name)
                position = before + raw.tell()
                if unwanted is not None:
                    yield from unwanted
                elif member.size > LARGEST:
                    yield _too_large(name, member.size)
                else:
                    content = archive.extractfile(member)
                    assert content is not None  # it is a file
                    yield from _pieces(file, name, content.read(), position, text_column)
                archive.members = []  # type: ignore[attr-defined]  # else each would be kept
    except (TextError, tarfile.TarError, *DAMAGE) as error:
        yield Fault(file.name, f"damaged archive: {error}; what follows in it is missing")


def zip_pieces(file: File, before: int, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Yield what a zip archive holds, in the order of its list."""
    try:
        with file.path.open("rb") as raw, zipfile.ZipFile(raw) as archive:
            if len(archive.filelist) > MOST_ENTRIES:
                yield Fault(file.name, f"holds {len(archive.filelist):,} files; expected {MOST_ENTRIES:,} at most")
                return
            for info in archive.filelist:
                if not info.is_dir():
                    yield from _zip_member(file, archive, info, before, text_column)
    except _ZIP_DAMAGE as error:
        yield Fault(file.name, f"damaged archive: {error}")


def _zip_member(
    file: File, archive: zipfile.ZipFile, info: zipfile.ZipInfo, before: int, text_column: str | None
) -> Iterator[Piece | Fault]:
    name, unwanted = _taken(file, _name_in_zip(info))
    if unwanted is not None:
        yield from unwanted
    elif info.flag_bits & 1:
        yield Fault(name, "is encrypted; save the archive without a password")
    elif info.file_size > min(LARGEST, max(SMALL, LARGEST_RATIO * info.compress_size)):
        yield _too_large(name, info.file_size)
    else:
        try:
            data = archive.read(info)
        except _ZIP_DAMAGE as error:
            yield Fault(name, f"damaged: {error}")
        else:
            yield from _pieces(file, name, data, before + info.header_offset + info.compress_size, text_column)


def _name_in_zip(info: zipfile.ZipInfo) -> str:
    """Return a name as it was meant: old programs write GBK, and do not say so."""
    if info.flag_bits & UTF8_NAME:
        return info.filename
    try:
        return info.orig_filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _taken(file: File, path: str) -> tuple[str, list[Fault] | None]:
    """Return the name of a file in an archive, and the faults to tell instead of reading it; None where it is read."""
    parts = [shown(part) for part in members(path)]
    name = "/".join([file.name, *parts])
    if not parts or any(map(is_hidden, parts)):
        return name, []
    if parts[-1].lower() == "manifest.tsv":
        return name, [
            Fault(name, "is a manifest within an archive, which is not heeded; give it with --manifest", True)
        ]
    if NO_BOOK.fullmatch(parts[-1]):
        return name, []
    match kind_of(parts[-1]):
        case "foreign":
            return name, [Fault(name, FOREIGN_REASON)]
        case "tar" | "zip":
            return name, [Fault(name, "is an archive within an archive; unpack one of them")]
        case "other" | "arrow":
            return name, [Fault(name, "is no kind of text that is read", harmless=True)]
    return name, None


def _pieces(file: File, name: str, data: bytes, position: int, text_column: str | None) -> Iterator[Piece | Fault]:
    kind = kind_of(PurePosixPath(name).name)
    inner = File(file.path, name, kind, len(data), split_of(name, kind), file.manifest)
    if kind == "lines":
        yield from line_pieces(inner, unpacked(BytesIO(data)), lambda: position)
    elif kind == "parquet":
        yield from parquet_pieces(inner, BytesIO(data), position, text_column)
    else:
        yield Piece("book", name, data, manifest=file.manifest, position=position)


def _too_large(name: str, size: int) -> Fault:
    return Fault(name, f"has {size:,} bytes; expected a text of {LARGEST:,} at most, and no archive that bursts")
