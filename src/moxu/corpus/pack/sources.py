"""What is packed: text files, books, folders and tar archives of them, and corpora that were built.

A source is walked, not read: of each text only its place is known until a process takes it. The order depends on the
names alone; in archives and corpora it is their own.
"""

import hashlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from moxu.corpus.manifest import MANIFEST_FILE, Manifest, read_manifest
from moxu.corpus.pack.archives import is_archive, read_archive
from moxu.corpus.pack.texts import BOOKS, NO_BOOK, PLAIN, Text, is_hidden
from moxu.corpus.work import SPLITS
from moxu.errors import TextError

CORPUS_FILE, CRAWL_FILE = "corpus.json", "chapters.jsonl"  # by which folders of corpora and of crawls are known
TABLES = (".jsonl", ".jsonl.gz", ".ndjson", ".parquet", ".arrow", ".zip")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a source, and the manifest that speaks of the texts in it."""

    path: Path
    size: int
    changed: int  # nanoseconds
    manifest: Manifest | None


class Sources:
    """The texts of some sources, which may be gone through as often as needed.

    A manifest gives each text its split and group by title, that is by the name of its file without the suffix; a text
    it does not name is refused, so that nothing meant for validation slips into training. It is given, or lies as
    ``manifest.tsv`` in a folder among the sources. ``size`` is how many bytes the files have, ``origin`` a digest of
    which files they are: equal, if none of them has changed.
    """

    def __init__(self, paths: Sequence[Path], manifest: Path | None = None) -> None:
        """Find the files; TextError for a source that is not there or that has to be built first."""
        self.paths = tuple(paths)
        self._manifest = read_manifest(manifest) if manifest else None
        self.size = 0
        digest = hashlib.sha256(repr(self._manifest).encode())
        for file in self._files():
            self.size += file.size
            digest.update(repr((str(file.path), file.size, file.changed)).encode("utf-8", "replace"))
        self.origin = digest.hexdigest()

    def __iter__(self) -> Iterator[Text]:
        """Give the texts; the ``part`` of each says how much of all sources lies up to its end."""
        before = 0
        for file in self._files():
            for text in _texts_in(file):
                part = (before + text.part * file.size) / max(1, self.size)
                yield replace(text, part=part)
            before += file.size

    def _files(self) -> Iterator[_File]:
        for path in self.paths:
            if not path.exists():
                raise TextError(f"{path}: no such file or folder")
            if not path.is_dir():
                if path.name.lower().endswith(TABLES):
                    raise TextError(f"{path}: first make a corpus of it, with: moxu corpus build; then pack that")
                yield _file(path, self._manifest)
            elif (path / CORPUS_FILE).is_file():
                if self._manifest is not None:
                    raise TextError(f"{path}: is a corpus, which knows its splits; leave --manifest out")
                yield _corpus(path)
            else:
                yield from _walk(path, self._manifest, [])


def _walk(folder: Path, manifest: Manifest | None, parents: list[Path]) -> Iterator[_File]:
    """Yield the books of a folder and of the folders in it; a link to a folder it lies in is not followed."""
    if folder.resolve() in parents:
        return
    entries = sorted(os.scandir(folder), key=lambda entry: unicodedata.normalize("NFC", entry.name))
    names = {entry.name for entry in entries}
    if CRAWL_FILE in names:
        raise TextError(f"{folder}: holds pages; first make a corpus of them, with: moxu corpus build; then pack that")
    if manifest is None and MANIFEST_FILE in names:
        manifest = read_manifest(folder / MANIFEST_FILE)
    for entry in entries:
        if is_hidden(entry.name):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), manifest, [*parents, folder.resolve()])
        elif PurePosixPath(entry.name).suffix.lower() in PLAIN | BOOKS and not NO_BOOK.fullmatch(entry.name):
            yield _file(Path(entry.path), manifest)


def _file(path: Path, manifest: Manifest | None) -> _File:
    status = path.stat()
    return _File(path, status.st_size, status.st_mtime_ns, manifest)


def _corpus(folder: Path) -> _File:
    """Return the folder of a corpus as if it were one file."""
    files = [_file(path, None) for path in sorted(folder.rglob("*.parquet"))]
    return _File(folder, sum(file.size for file in files), max((file.changed for file in files), default=0), None)


def _texts_in(file: _File) -> Iterator[Text]:
    """Yield the texts in a file; the ``part`` of each is that of this file."""
    if file.path.is_dir():
        yield from _texts_of_corpus(file.path)
    elif is_archive(file.path.name):
        for text in read_archive(file.path):
            yield _said(text, file.manifest, file.path)
    else:
        yield _said(Text(file.path.stem, file.path, part=1.0), file.manifest, file.path)


def _said(text: Text, manifest: Manifest | None, source: Path) -> Text:
    """Return the text with what the manifest says of it."""
    if manifest is None:
        return text
    row = manifest.row_of(text.name)
    if not row.split:
        raise TextError(f"{manifest.name}: has no split for {text.name!r} of {source}; give train, validation or test")
    return replace(text, split=row.split, group=row.group)


def _texts_of_corpus(folder: Path) -> Iterator[Text]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from moxu.corpus.folder import Corpus
    except ImportError:
        raise TextError(f"{folder}: reading a corpus needs pyarrow; pip install 'moxu[corpus]'") from None
    corpus = Corpus(folder)
    try:
        rows = sum(pq.read_metadata(path).num_rows for split in SPLITS for path in corpus.files(split))
    except (pa.ArrowException, OSError) as error:
        raise TextError(f"{folder}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    read = 0
    for work in corpus.works():
        read += len(work.book.chapters)
        yield Text(work.book.title or work.id, work.text, work.split or "train", work.group, part=read / rows)
