"""From a listing of files to pieces: each file opened as what it is, and what cannot be read told, not raised."""

from collections.abc import Iterator

from moxu.corpus.build.archives import tar_pieces, zip_pieces
from moxu.corpus.build.pieces import LARGEST, Fault, Piece
from moxu.corpus.build.sources import CHAPTERS_FILE, CRAWL_FILE, File, Listing
from moxu.corpus.build.tables import arrow_pieces, line_pieces, parquet_pieces
from moxu.corpus.build.unpacking import DAMAGE, unpacked
from moxu.errors import TextError


def read_pieces(listing: Listing, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Yield the pieces of all files in their order, and the faults among them."""
    yield from listing.faults
    before = 0
    for file in listing.files:
        yield from _pieces_of(file, before, text_column)
        before += file.size


def _pieces_of(file: File, before: int, text_column: str | None) -> Iterator[Piece | Fault]:
    try:
        match file.kind:
            case "tar":
                yield from tar_pieces(file, before, text_column)
            case "zip":
                yield from zip_pieces(file, before, text_column)
            case "lines":
                with file.path.open("rb") as raw:
                    yield from line_pieces(file, unpacked(raw), lambda: before + raw.tell())
            case "parquet":
                yield from parquet_pieces(file, file.path, before, text_column)
            case "arrow":
                yield from arrow_pieces(file, before, text_column)
            case _:
                yield _whole(file, before + file.size)
    except (TextError, *DAMAGE) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Fault(file.name, f"cannot be read: {reason}")


def _whole(file: File, position: int) -> Piece | Fault:
    """Return a book, or a crawl with its manifest, whole."""
    if file.size > LARGEST:
        return Fault(file.name, f"has {file.size:,} bytes; expected a book of {LARGEST:,} at most; cut it into parts")
    if file.kind == "crawl":
        chapters, about = (file.path / name for name in (CHAPTERS_FILE, CRAWL_FILE))
        if about.stat().st_size > LARGEST:
            return Fault(file.name, f"{CRAWL_FILE} has more than {LARGEST:,} bytes")
        data, told = chapters.read_bytes(), about.read_bytes()
        return Piece("crawl", file.name, data, manifest=file.manifest, about=told, position=position)
    return Piece("book", file.name, file.path.read_bytes(), manifest=file.manifest, position=position)
