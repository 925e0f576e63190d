"""What records are made from: a corpus that was built, books, or tables in which there are records already."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from moxu.corpus.book import Book
from moxu.corpus.manifest import MANIFEST_FILE, Manifest, Row, read_manifest
from moxu.corpus.pairs.folder import INDEX_FILE, PairFolder
from moxu.corpus.pairs.formats import TABLES, is_turns, read_dialogues, read_lyrics, read_pairs
from moxu.corpus.pairs.kinds import Kind
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record, key_of
from moxu.corpus.read.txt import read_txt
from moxu.corpus.work import SPLITS, Work
from moxu.errors import SettingsError, TextError
from moxu.text.encodings import read_bytes

CORPUS_FILE, CRAWL_FILE = "corpus.json", "chapters.jsonl"  # by which folders of corpora and of crawls are known
BOOKS = (".txt", ".epub", ".docx", ".md", ".markdown", ".html", ".htm", ".xhtml")
MOST_TOLD = 20  # damaged records that are remembered; all are counted

Progress = Callable[[str], None]
"""Called with the title of each work, or the name of each table, that is begun."""


@dataclass(frozen=True)
class Reading:
    """How sources are read beside the kind's own options.

    ``validation`` is the part of the records of tables that is held out; works have their splits from the corpus, or
    from the ``manifest``. ``columns`` and ``template`` are those of ``read_pairs`` and ``read_lyrics``; ``whole``
    says that each text file is one song.
    """

    manifest: Path | None = None
    validation: float = 0.0
    columns: tuple[str, ...] = ()
    template: str = ""
    whole: bool = False


@dataclass
class Tally:
    """What was left out while records were made, and which works there were."""

    skipped: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    damaged_count: int = 0
    works: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, message: str) -> None:
        """Note a damaged record."""
        self.damaged_count += 1
        if len(self.damaged) < MOST_TOLD:
            self.damaged.append(message)


def records_from(
    sources: Sequence[Path], kind: Kind, options: Any, reading: Reading, tally: Tally, progress: Progress
) -> Iterator[tuple[Record, str]]:
    """Yield each record and its split; nothing but one work, or one record of a table, is held.

    A file that cannot be read is told to the tally, like a damaged record, and the others are read.
    """
    manifest = read_manifest(reading.manifest) if reading.manifest else None
    for source in sources:
        if (source / CORPUS_FILE).is_file():
            yield from _from_works(_works_of_corpus(source), kind, options, tally, progress)
            continue
        if (source / INDEX_FILE).is_file():
            yield from _from_pairs(source, kind, tally)
            continue
        beside = source / MANIFEST_FILE
        named = manifest or (read_manifest(beside) if beside.is_file() else None)
        for path in _files(source):
            if is_table(path, kind.form):
                progress(path.name)
                yield from _from_table(path, kind, reading, tally)
            else:
                yield from _from_works(_works_of_book(path, named, tally), kind, options, tally, progress)


def is_table(path: Path, form: type[Record]) -> bool:
    """Say whether a file has records in it already, and is no book that they are to be taken from."""
    suffix = path.suffix.lower()
    if suffix in TABLES or (suffix == ".txt" and form is Lyric):
        return True
    return suffix == ".txt" and form is Dialogue and is_turns(path)


def split_of(record: Record, validation: float) -> str:
    """Return the split of a record that belongs to no work; it follows from its source, or first turn or line."""
    digest = hashlib.blake2b(key_of(record).encode(), digest_size=8).digest()
    return "validation" if int.from_bytes(digest, "big") < validation * 2**64 else "train"


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        if not source.exists():
            raise TextError(f"{source}: no such file or folder")
        return [source]
    if (source / CRAWL_FILE).is_file():
        raise TextError(f"{source}: is what a crawl has fetched; make a corpus of it first: moxu corpus build")
    named = (path for path in source.rglob("*") if path.suffix.lower() in (*TABLES, *BOOKS))
    files = sorted(path for path in named if path.is_file() and path.name != MANIFEST_FILE)
    if not files:
        raise TextError(f"{source}: no books and no tables here; expected a corpus, or {' '.join((*BOOKS, *TABLES))}")
    return files


def _from_table(path: Path, kind: Kind, reading: Reading, tally: Tally) -> Iterator[tuple[Record, str]]:
    records: Iterator[Record]
    if kind.form is Pair:
        records = read_pairs(path, reading.columns, tally.tell)
    elif kind.form is Dialogue:
        records = read_dialogues(path, tally.tell)
    else:
        records = read_lyrics(path, reading.template, tally.tell, whole=reading.whole)
    try:
        for record in records:
            yield record, split_of(record, reading.validation)
    except TextError as error:  # of the file, not of a record
        tally.tell(str(error))


def _from_pairs(source: Path, kind: Kind, tally: Tally) -> Iterator[tuple[Record, str]]:
    """Yield the records of a folder that was made before, and what it knows of their works."""
    folder = PairFolder(source)
    if folder.form is not kind.form:
        form, wanted = folder.form.__name__.lower(), kind.form.__name__.lower()
        raise SettingsError(f"{source}: holds {form}s ({folder.kind}); expected {wanted}s")
    tally.works += folder.index.get("works", [])
    for split in SPLITS:
        for record in folder.records(split, tally.tell):
            yield record, split


def _from_works(
    works: Iterator[Work], kind: Kind, options: Any, tally: Tally, progress: Progress
) -> Iterator[tuple[Record, str]]:
    for work in works:
        progress(work.book.title)
        split, count = work.split or "train", 0
        for chapter in work.book.chapters:
            for record in kind.make(chapter, options, tally.skipped):
                yield replace(record, work=work.id), split
                count += 1
        entry = {"id": work.id, "title": work.book.title, "split": split, "group": work.group, "records": count}
        tally.works.append(entry)


def _works_of_corpus(source: Path) -> Iterator[Work]:
    try:
        from moxu.corpus.folder import Corpus
    except ImportError:
        raise SettingsError(f"{source}: reading a corpus needs pyarrow; pip install 'moxu[corpus]'") from None
    return Corpus(source).works()


def _works_of_book(path: Path, manifest: Manifest | None, tally: Tally) -> Iterator[Work]:
    """Yield the one work of a file, or tell the tally why it cannot be read."""
    row = manifest.row_of(path.stem) if manifest else Row(path.stem)
    try:
        book = _read_book(path)
    except TextError as error:
        tally.tell(str(error))
    else:
        yield Work(path.stem, book, path.name, row.licence, row.split, row.group)


def _read_book(path: Path) -> Book:
    """Return the book in a file; a plain text is read without the libraries that other books need."""
    data = read_bytes(path)
    if path.suffix.lower() == ".txt":
        book = read_txt(data, path.name)
        return replace(book, title=book.title or path.stem)
    try:
        from moxu.corpus.read.books import read_book
    except ImportError:
        raise SettingsError(f"{path}: reading it needs lxml and markdown-it; pip install 'moxu[books]'") from None
    return read_book(data, path.name)
