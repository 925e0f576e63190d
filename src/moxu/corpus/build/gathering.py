"""All that is kept of a whole corpus while it is built: some numbers for each chapter and each work, in mapped files.

Texts stay in the prepared files, and are read again, one file at a time, when they are written.
"""

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.build.prepared import CHAPTERS, PreparedWork, read_prepared
from moxu.corpus.clean.tally import Tally
from moxu.corpus.dedup.fingerprint import EXACT_BYTES, Fingerprinter
from moxu.corpus.sources.pieces import Fault
from moxu.corpus.work import SPLITS
from moxu.errors import TextError
from moxu.settings import nearest

UNNAMED = -1  # the split of a work of which nothing says what it is for


@dataclass(frozen=True, slots=True)
class Entry:
    """A work in the prepared files, or a further part of one: its places, what is known of it, and its chapters' rows.

    ``work`` and ``chapter`` are places in the whole corpus; ``begins`` says whether the work begins here.
    """

    work: int
    begins: bool
    chapter: int
    about: PreparedWork
    rows: range


@dataclass(frozen=True, slots=True)
class Sheaf:
    """One prepared file: its entries, and its chapters as columns of plain values."""

    entries: tuple[Entry, ...]
    columns: dict[str, list[Any]]
    tally: Tally
    faults: tuple[Fault, ...]


def sheaves(paths: Sequence[Path], columns: Collection[str] = CHAPTERS.names) -> Iterator[Sheaf]:
    """Read the prepared files in their order; parts of a work that follow one another are joined."""
    work, chapter, number, previous = -1, 0, 0, ("", "")
    for path in paths:
        prepared = read_prepared(path, columns)
        table = {name: prepared.chapters.column(name).to_pylist() for name in prepared.chapters.column_names}
        counts = np.bincount(np.array(table["work"], np.int64), minlength=len(prepared.works))
        entries, row = [], 0
        for about, count in zip(prepared.works, counts.tolist(), strict=True):
            place = (about.source, about.key)
            begins = not about.key or place != previous
            work, previous = work + begins, place
            rows = range(row, row + count)
            number = _count(table["number"], rows, 0 if begins else number) if "number" in table else 0
            entries.append(Entry(work, begins, chapter + row, about, rows))
            row += count
        chapter += row
        yield Sheaf(tuple(entries), table, prepared.tally, prepared.faults)


def _count(numbers: list[int], rows: range, number: int) -> int:
    """Number the chapters whose source does not tell, on from the one before; return the last number."""
    for row in rows:
        number = numbers[row] = numbers[row] or number + 1
    return number


@dataclass
class Works:
    """Arrays with a number for each of M works.

    ``ids`` (M,) are the hashes that name them, ``copies`` (M,) how many works before have the same; ``named`` (M,) is
    the place of the split that a manifest or a source names, or UNNAMED; ``starts`` (M + 1,) where their chapters are.
    """

    ids: NDArray[np.uint64]
    copies: NDArray[np.int64]
    named: NDArray[np.int8]
    starts: NDArray[np.int64]

    def id_of(self, work: int) -> str:
        """Return the id of a work; works that are the same to the letter are told apart by a number."""
        copy = int(self.copies[work])
        return f"{int(self.ids[work]):016x}" + (f"-{copy + 1}" if copy else "")


@dataclass
class Chapters:
    """Arrays with numbers for each of N chapters; the large ones are mapped files.

    ``exact`` (N, 16), ``signatures`` (N, bins) and ``has_signature`` (N,) are fingerprints; ``sketches`` (S,) are the
    hashes of all sketches, those of chapter i from ``sketch_starts[i]`` to ``sketch_starts[i + 1]``; ``sizes`` (N,)
    are characters of the paragraphs; ``untitled`` (N,) says which had no paragraphs before they were cleaned.
    """

    works: NDArray[np.int32]
    sizes: NDArray[np.int64]
    was_empty: NDArray[np.bool_]
    exact: NDArray[np.uint8]
    signatures: NDArray[np.uint32]
    has_signature: NDArray[np.bool_]
    sketches: NDArray[np.uint64]
    sketch_starts: NDArray[np.int64]


def gather(paths: Sequence[Path], folder: Path, named: Mapping[str, str]) -> tuple[Works, Chapters]:
    """Gather the numbers of all works and chapters; large arrays become files in ``folder``.

    ``named`` are splits by title, which go before those that sources name; TextError for a title that no work has.
    """
    collecting = _Collecting(named)
    names = [name for name in CHAPTERS.names if name not in ("text", "heading", "number")]
    bins = Fingerprinter().bins
    with (folder / "signatures").open("wb") as signatures, (folder / "sketches").open("wb") as sketches:
        for sheaf in sheaves(paths, names):
            collecting.add(sheaf, signatures, sketches, bins)
    for title in named:
        if title not in collecting.titles:
            raise TextError(f"no work has the title {title!r}; {nearest(title, collecting.titles)}")
    works, count = collecting.works(), len(collecting.chapter_works)
    return works, Chapters(
        np.frombuffer(collecting.chapter_works, np.int32),
        np.frombuffer(collecting.sizes, np.int64),
        np.frombuffer(bytes(collecting.was_empty), np.bool_),
        np.frombuffer(bytes(collecting.exact), np.uint8).reshape(count, EXACT_BYTES),
        _mapped(folder / "signatures", "<u4").reshape(count, bins),
        np.frombuffer(bytes(collecting.has_signature), np.bool_),
        _mapped(folder / "sketches", "<u8"),
        np.frombuffer(collecting.sketch_starts, np.int64),
    )


def _mapped(path: Path, dtype: str) -> NDArray[Any]:
    """Return a file as an array; one without content cannot be mapped."""
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)


@dataclass
class _Collecting:
    """The arrays, as they grow; titles only where some are asked for."""

    asked: Mapping[str, str]
    titles: set[str] = field(default_factory=set)
    ids: "array[int]" = field(default_factory=lambda: array("Q"))
    named: "array[int]" = field(default_factory=lambda: array("b"))
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    chapter_works: "array[int]" = field(default_factory=lambda: array("i"))
    sizes: "array[int]" = field(default_factory=lambda: array("q"))
    was_empty: bytearray = field(default_factory=bytearray)
    exact: bytearray = field(default_factory=bytearray)
    has_signature: bytearray = field(default_factory=bytearray)
    sketch_starts: "array[int]" = field(default_factory=lambda: array("q", [0]))
    digest: Any = None  # of the work that is being read

    def add(self, sheaf: Sheaf, signatures: IO[bytes], sketches: IO[bytes], bins: int) -> None:
        columns = sheaf.columns
        for entry in sheaf.entries:
            self._add_work(entry)
            self.chapter_works.extend([entry.work] * len(entry.rows))
        self.sizes.extend(columns["characters"])
        self.was_empty += bytes(columns["was_empty"])
        self.exact += b"".join(columns["exact"])
        self.has_signature += bytes(signature is not None for signature in columns["signature"])
        signatures.write(b"".join(signature or bytes(4 * bins) for signature in columns["signature"]))
        sketches.write(b"".join(columns["sketch"]))
        for sketch in columns["sketch"]:
            self.sketch_starts.append(self.sketch_starts[-1] + len(sketch) // 8)

    def _add_work(self, entry: Entry) -> None:
        about = entry.about
        if entry.begins:
            self.digest = blake2b(f"{about.title}\0{about.author}\0".encode(), digest_size=8)
            self.ids.append(0)
            split = self.asked.get(about.title, about.split)
            self.named.append(SPLITS.index(split) if split else UNNAMED)
            if self.asked:
                self.titles.add(about.title)
            self.starts.append(entry.chapter)
        self.digest.update(about.digest.encode())
        self.ids[-1] = int.from_bytes(self.digest.digest(), "big")

    def works(self) -> Works:
        ids = np.frombuffer(self.ids, np.uint64)
        order = np.argsort(ids, kind="stable")
        begins = np.flatnonzero(np.diff(ids[order], prepend=np.uint64(0)) != 0) if len(ids) else order
        begins = np.union1d(begins, [0]) if len(ids) else begins
        ranks = np.arange(len(ids)) - np.repeat(begins, np.diff(begins, append=len(ids)))
        copies = np.empty(len(ids), np.int64)
        copies[order] = ranks
        starts = np.array([*self.starts, len(self.chapter_works)], np.int64)
        return Works(ids, copies, np.frombuffer(self.named, np.int8), starts)
