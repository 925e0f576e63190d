"""The files that sources hold, in an order that depends on their names only, and what each is taken for.

Hidden files, and those that speak about the others (README, LICENSE, manifests), are no books. A folder that links to
one of its own parents is entered once. The result and its unfinished form are never sources.
"""

import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from moxu.corpus.manifest import MANIFEST_FILE, Manifest, read_manifest
from moxu.corpus.marks import CHAPTERS_FILE, CRAWL_FILE, DATA, INDEX_FILE
from moxu.corpus.sources.pieces import Fault, shown
from moxu.corpus.work import SPLITS
from moxu.errors import TextError

PLAIN = frozenset({".txt", ".text"})
BOOKS = PLAIN | {".epub", ".htm", ".html", ".xhtml", ".docx", ".md", ".markdown"}
FOREIGN = frozenset({".pdf", ".doc", ".rtf", ".mobi", ".azw", ".azw3", ".chm", ".umd", ".wps", ".rar", ".7z"})
TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
NO_BOOK = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|changelog|authors|contributing|manifest)(?:[-._].*)?", re.IGNORECASE
)
HELD_OUT = re.compile(r"(?P<split>validation|valid|val|dev|test)(?:[-_.].*)?", re.IGNORECASE)  # how data sets name them

FileKind = Literal["book", "tar", "zip", "lines", "parquet", "arrow", "crawl", "corpus", "foreign", "other"]


@dataclass(frozen=True, slots=True)
class File:
    """A file to read, its name as the user knows it, its bytes, and what covers it (see ``Piece``)."""

    path: Path
    name: str
    kind: FileKind
    size: int
    split: str = ""
    manifest: str = ""


@dataclass
class Listing:
    """All files of the sources in their order, the manifests that cover them, and what could not even be listed."""

    files: list[File] = field(default_factory=list)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many bytes the files have."""
        return sum(file.size for file in self.files)


def list_sources(
    sources: Sequence[Path],
    manifest: Path | None = None,
    without: Sequence[Path] = (),
    *,
    whole_corpora: bool = False,
    also: Collection[str] = (),
) -> Listing:
    """List the files of some sources; ``without`` are folders that are never entered.

    ``whole_corpora`` lists a corpus that was built as one, not its files; files that end as ``also`` says are listed
    as what they are, "other". TextError where a source is not there, or a manifest is wrong.
    """
    listing = Listing()
    covering = ""
    if manifest is not None:
        covering = manifest.name
        listing.manifests[covering] = read_manifest(manifest)
    avoided = {path.resolve() for path in without}
    for source in sources:
        if not source.exists():
            raise TextError(f"{source}: no such file or folder")
        name = shown(source.resolve().name) or "sources"
        walk = _Walk(listing, avoided, manifest is not None, whole_corpora, tuple(also))
        if source.is_dir():
            walk.enter(source, name, covering)
        else:
            walk.add(source, name, covering, asked_for=True)
    return listing


@dataclass
class _Walk:
    """A walk through one source."""

    listing: Listing
    avoided: set[Path]
    fixed: bool  # a manifest was given, which covers everything
    whole_corpora: bool
    also: tuple[str, ...]
    parents: list[Path] = field(default_factory=list)

    def enter(self, folder: Path, name: str, manifest: str) -> None:
        real = folder.resolve()
        if real in self.avoided or real in self.parents:
            return
        self.parents.append(real)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: unicodedata.normalize("NFC", entry.name))
        except OSError as error:
            self.listing.faults.append(Fault(name, f"cannot be listed: {error.strerror or error}"))
            entries = []
        names = {entry.name for entry in entries}
        if MANIFEST_FILE in names and not self.fixed:
            manifest = f"{name}/{MANIFEST_FILE}"
            self.listing.manifests[manifest] = read_manifest(folder / MANIFEST_FILE)
        if {CHAPTERS_FILE, CRAWL_FILE} <= names:
            self.listing.files.append(File(folder, name, "crawl", _size(folder / CHAPTERS_FILE), "", manifest))
        elif {INDEX_FILE, DATA} <= names:
            self._add_corpus(folder, name, manifest)
        else:
            for entry in entries:
                self._add_entry(entry, f"{name}/{shown(entry.name)}", manifest)
        self.parents.pop()

    def _add_entry(self, entry: "os.DirEntry[str]", name: str, manifest: str) -> None:
        if is_hidden(entry.name):
            return
        if entry.is_dir():
            self.enter(Path(entry.path), name, manifest)
        elif not NO_BOOK.fullmatch(entry.name):
            self.add(Path(entry.path), name, manifest)

    def _add_corpus(self, folder: Path, name: str, manifest: str) -> None:
        """Add the files of a corpus that was built; they keep the splits they were given."""
        files = [
            File(path, f"{name}/{path.name}", "parquet", _size(path), split, manifest)
            for split in SPLITS
            for path in sorted((folder / DATA).glob(f"{split}-*.parquet"))
        ]
        if self.whole_corpora:
            files = [File(folder, name, "corpus", sum(file.size for file in files), "", manifest)]
        self.listing.files += files

    def add(self, path: Path, name: str, manifest: str, *, asked_for: bool = False) -> None:
        kind = kind_of(name)
        if not path.is_file():
            self.listing.faults.append(Fault(name, "is no file, or a link that leads nowhere"))
        elif kind == "foreign":
            self.listing.faults.append(foreign(name))
        elif kind == "other" and not asked_for and not path.name.lower().endswith(self.also):
            self.listing.faults.append(Fault(name, "is no kind of text that is read", harmless=True))
        else:
            kind = "book" if kind == "other" and asked_for else kind
            self.listing.files.append(File(path, name, kind, _size(path), split_of(name, kind), manifest))


def foreign(name: str) -> Fault:
    """Return the fault that a file is of a kind which only other programs read."""
    reason = "is of a kind that is not read; expected txt, epub, docx, html or markdown, or archives of them"
    return Fault(name, reason, foreign=True)


def kind_of(name: str) -> FileKind:
    """Return what a file is taken for by its name."""
    lower = PurePosixPath(name).name.lower()
    suffix = PurePosixPath(lower).suffix
    if lower.endswith(TARS):
        return "tar"
    if lower.endswith(LINES):
        return "lines"
    if suffix in BOOKS:
        return "book"
    if suffix in FOREIGN:
        return "foreign"
    if suffix == ".arrow":
        return "other" if lower.startswith("cache-") else "arrow"  # what the library datasets keeps for itself
    kinds: dict[str, FileKind] = {".zip": "zip", ".parquet": "parquet"}
    return kinds.get(suffix, "other")


def split_of(name: str, kind: FileKind) -> str:
    """Return the split that the name of a table, or of the folder it lies in, holds out; empty where it does not."""
    if kind not in ("lines", "parquet", "arrow"):
        return ""
    path = PurePosixPath(name)
    for part in (path.name, path.parent.name):
        if found := HELD_OUT.fullmatch(part):
            return "test" if found["split"].lower() == "test" else "validation"
    return ""


def is_hidden(name: str) -> bool:
    """Say whether a file is one that systems and programs keep for themselves."""
    return name.startswith((".", "~$", "__MACOSX")) or name.lower() in ("thumbs.db", "desktop.ini")


def members(name: str) -> Iterator[str]:
    """Yield the parts of a path in an archive, whatever system wrote it."""
    yield from (part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading it will tell what is wrong
