"""From a listing of files to pieces, and from pieces to works: what cannot be read is told, not raised."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from moxu.corpus.marks import CHAPTERS_FILE, CRAWL_FILE
from moxu.corpus.read.books import read_book
from moxu.corpus.sources.archives import tar_pieces, zip_pieces
from moxu.corpus.sources.columns import tables_for
from moxu.corpus.sources.crawled import read_crawl
from moxu.corpus.sources.lines import line_pieces
from moxu.corpus.sources.listing import File, Listing
from moxu.corpus.sources.pieces import LARGEST, Fault, Piece
from moxu.corpus.sources.rows import Raw, read_rows
from moxu.corpus.sources.unpacking import DAMAGE, unpacked
from moxu.errors import TextError

PLAIN = ("txt", "markdown")  # formats of which the characters of the file are counted, not those of its paragraphs


def read_pieces(listing: Listing, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Yield the pieces of all files in their order, and the faults among them."""
    yield from listing.faults
    before = 0
    for file in listing.files:
        yield from pieces_of(file, before, text_column)
        before += file.size


def pieces_of(file: File, before: int = 0, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Yield the pieces of a file, opened as what it is; ``before`` it all sources have so many bytes.

    SettingsError where the libraries that read it are not installed.
    """
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
                yield from tables_for(file.name).parquet_pieces(file, file.path, before, text_column)
            case "arrow":
                yield from tables_for(file.name).arrow_pieces(file, before, text_column)
            case _:
                yield _whole(file, before + file.size)
    except (TextError, *DAMAGE) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Fault(file.name, f"cannot be read: {reason}")


def read_piece(piece: Piece, text_column: str | None = None) -> Iterator[Raw | Fault]:
    """Yield the works in a piece, or parts of works that go on in the next, and what cannot be read."""
    match piece.kind:
        case "crawl":
            yield from read_crawl(piece)
        case "lines" | "table":
            yield from read_rows(piece, text_column)
        case "book":
            try:
                yield _read_book(piece)
            except TextError as error:
                yield Fault(piece.source, str(error).removeprefix(f"{PurePosixPath(piece.source).name}: "))


def _read_book(piece: Piece) -> Raw:
    book = read_book(piece.data, piece.source)
    if book.format in PLAIN and book.encoding is not None:
        characters = len(piece.data.decode(book.encoding, "replace").strip())
    else:
        sizes = [sum(map(len, chapter.lines)) + len(chapter.lines) for chapter in book.chapters]
        characters = max(sum(sizes) - 1, 0)
    return Raw(book, piece.source, characters, split=piece.split)


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
