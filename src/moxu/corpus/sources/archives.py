"""The files in archives (tar in any compression, zip), one after the other; nothing is unpacked to a disk."""

import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import Self, cast

from moxu.corpus.marks import CHAPTERS_FILE, CRAWL_FILE, JOURNAL_FILE
from moxu.corpus.sources.columns import tables_for
from moxu.corpus.sources.lines import line_pieces
from moxu.corpus.sources.listing import NO_BOOK, File, foreign, is_hidden, kind_of, members, split_of
from moxu.corpus.sources.pieces import LARGEST, Fault, Piece, shown
from moxu.corpus.sources.unpacking import DAMAGE, LARGEST_RATIO, unpacked
from moxu.errors import TextError

CRAWL = (CHAPTERS_FILE, CRAWL_FILE, JOURNAL_FILE)
MOST_ENTRIES = 1_000_000  # of a zip archive, whose list lies in memory
SMALL = 1 << 20  # bytes that any file in a zip archive may have, whatever it takes
UTF8_NAME = 0x800
_ZIP_DAMAGE = (*DAMAGE, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file in an archive: its name as the user knows it, what it holds, and how many bytes were read before."""

    name: str
    data: bytes
    position: int


def tar_pieces(file: File, before: int, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Yield what a tar archive holds, in its own order: going back in a compressed file means starting over."""
    yield from _pieces(file, _tar_entries(file, before), text_column)


def zip_pieces(file: File, before: int, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Yield what a zip archive holds, in the order of its list."""
    yield from _pieces(file, _zip_entries(file, before), text_column)


def _tar_entries(file: File, before: int) -> Iterator[_Entry | Fault]:
    try:
        with (
            file.path.open("rb") as raw,
            tarfile.open(fileobj=cast(BytesIO, unpacked(raw)), mode="r:", tarinfo=_Member) as archive,
        ):
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
                    yield _Entry(name, content.read(), position)
                archive.members = []  # type: ignore[attr-defined]  # else each would be kept
    except (TextError, tarfile.TarError, *DAMAGE) as error:
        yield Fault(file.name, f"damaged archive: {error}; what follows in it is missing")


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


def _zip_entries(file: File, before: int) -> Iterator[_Entry | Fault]:
    try:
        with file.path.open("rb") as raw, zipfile.ZipFile(raw) as archive:
            if len(archive.filelist) > MOST_ENTRIES:
                yield Fault(file.name, f"holds {len(archive.filelist):,} files; expected {MOST_ENTRIES:,} at most")
                return
            for info in archive.filelist:
                if not info.is_dir():
                    yield from _zip_member(file, archive, info, before)
    except _ZIP_DAMAGE as error:
        yield Fault(file.name, f"damaged archive: {error}")


def _zip_member(file: File, archive: zipfile.ZipFile, info: zipfile.ZipInfo, before: int) -> Iterator[_Entry | Fault]:
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
            yield _Entry(name, data, before + info.header_offset + info.compress_size)


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
    if NO_BOOK.fullmatch(parts[-1]) and parts[-1] != CRAWL_FILE:
        return name, []
    match kind_of(parts[-1]):
        case "foreign":
            return name, [foreign(name)]
        case "tar" | "zip":
            return name, [Fault(name, "is an archive within an archive; unpack one of them", foreign=True)]
        case "other" | "arrow" if parts[-1] != CRAWL_FILE:
            return name, [Fault(name, "is no kind of text that is read", harmless=True)]
    return name, None


def _pieces(file: File, entries: Iterable[_Entry | Fault], text_column: str | None) -> Iterator[Piece | Fault]:
    """Yield the pieces of the files in an archive; the files of a crawl lie one after the other, and are one piece."""
    crawl: dict[str, _Entry] = {}
    folder = ""
    for entry in entries:
        if isinstance(entry, Fault):
            yield entry
            continue
        around, _, name = entry.name.rpartition("/")
        if around != folder:
            yield from _crawl_pieces(file, folder, crawl, text_column)
            crawl, folder = {}, around
        if name in CRAWL:
            crawl[name] = entry
        else:
            yield from _pieces_of(file, entry, text_column)
    yield from _crawl_pieces(file, folder, crawl, text_column)


def _crawl_pieces(
    file: File, folder: str, crawl: Mapping[str, _Entry], text_column: str | None
) -> Iterator[Piece | Fault]:
    """Yield the crawl that was in a folder, or what its files are if it was none."""
    if CHAPTERS_FILE in crawl and CRAWL_FILE in crawl:
        chapters, about = crawl[CHAPTERS_FILE], crawl[CRAWL_FILE]
        position = max(chapters.position, about.position)
        yield Piece("crawl", folder, chapters.data, manifest=file.manifest, about=about.data, position=position)
        return
    for name, entry in crawl.items():
        if name != CRAWL_FILE:
            yield from _pieces_of(file, entry, text_column)


def _pieces_of(file: File, entry: _Entry, text_column: str | None) -> Iterator[Piece | Fault]:
    name, data = entry.name, entry.data
    kind = kind_of(PurePosixPath(name).name)
    inner = File(file.path, name, kind, len(data), split_of(name, kind), file.manifest)
    if kind == "lines":
        yield from line_pieces(inner, unpacked(BytesIO(data)), lambda: entry.position)
    elif kind == "parquet":
        yield from tables_for(name).parquet_pieces(inner, BytesIO(data), entry.position, text_column)
    else:
        yield Piece("book", name, data, manifest=file.manifest, position=entry.position)


def _too_large(name: str, size: int) -> Fault:
    return Fault(name, f"has {size:,} bytes; expected a text of {LARGEST:,} at most, and no archive that bursts")
