"""What records are made from: whatever a corpus can be built of, or tables in which there are records already."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from moxu.corpus.manifest import Manifest
from moxu.corpus.pairs.folder import INDEX_FILE, PairFolder
from moxu.corpus.pairs.formats import TABLES, has_texts, is_turns, read_dialogues, read_lyrics, read_pairs
from moxu.corpus.pairs.kinds import Kind
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record, key_of
from moxu.corpus.sources.listing import File, list_sources
from moxu.corpus.sources.pieces import Fault
from moxu.corpus.sources.reading import pieces_of
from moxu.corpus.sources.works import open_corpus, works_of
from moxu.corpus.work import SPLITS, Work
from moxu.errors import SettingsError, TextError

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

    def miss(self, fault: Fault) -> None:
        """Note what could not be read, if it should have been."""
        if not fault.harmless:
            self.tell(f"{fault.source}: {fault.reason}")

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
    for source in sources:
        if (source / INDEX_FILE).is_file():
            yield from _from_pairs(source, kind, tally)
            continue
        listing = list_sources([source], reading.manifest, whole_corpora=True, also=TABLES)
        for fault in listing.faults:
            tally.miss(fault)
        if not listing.files:
            raise TextError(f"{source}: no books and no tables here; expected a corpus, books, or {' '.join(TABLES)}")
        for file in listing.files:
            has_records = reading.columns or reading.template or not has_texts(file.path)
            if has_records and is_table(file.path, kind.form):
                progress(file.path.name)
                yield from _from_table(file.path, kind, reading, tally)
            else:
                works = _works_in(file, listing.manifests.get(file.manifest), tally)
                yield from _from_works(works, kind, options, tally, progress)


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


def _works_in(file: File, manifest: Manifest | None, tally: Tally) -> Iterator[Work]:
    """Give the works in a file; one that is a work by itself is known by its name."""
    if file.kind == "corpus":
        return open_corpus(file.path).works()
    works = works_of(pieces_of(file), manifest, tally.miss, strict=True)
    return (replace(work, id=file.path.stem) for work in works) if file.kind == "book" else works
