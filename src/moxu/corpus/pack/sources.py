"""What is packed: the texts of whatever a corpus can be built of, plain ones exactly as they stand.

Sources are walked, not read: of a file of a text only its place is known until a process takes it. The order depends on
the names alone; in archives, tables and corpora it is their own.
"""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from moxu.corpus.manifest import Manifest
from moxu.corpus.pack.texts import Text
from moxu.corpus.sources.listing import File, list_sources
from moxu.corpus.sources.pieces import Fault, Piece
from moxu.corpus.sources.reading import pieces_of
from moxu.corpus.sources.works import open_corpus, works_of
from moxu.corpus.work import Work
from moxu.errors import TextError


class Sources:
    """The texts of some sources, which may be gone through as often as needed.

    A manifest gives each text its split and group by title, that is by the name of its file without the suffix; a text
    it does not name is refused, so that nothing meant for validation slips into training. It is given, or lies as
    ``manifest.tsv`` in a folder among the sources. ``size`` is how many bytes the files have, ``origin`` a digest of
    which files they are: equal, if none of them has changed. What is damaged is an error; ``foreign`` has the files
    that only other programs read, as far as texts have been gone through.
    """

    def __init__(self, paths: Sequence[Path], manifest: Path | None = None) -> None:
        """Find the files; TextError for a source that is not there, and for a corpus with a manifest beside it."""
        listing = list_sources(paths, manifest, whole_corpora=True)
        self.foreign: dict[str, Fault] = {}
        self._files, self._manifests = listing.files, listing.manifests
        self.size = listing.size
        for fault in listing.faults:
            self._miss(fault)
        digest = hashlib.sha256(repr(self._manifests).encode())
        for file in self._files:
            if file.kind == "corpus" and manifest is not None:
                raise TextError(f"{file.path}: is a corpus, which knows its splits; leave --manifest out")
            for path in sorted(file.path.rglob("*")) if file.path.is_dir() else [file.path]:
                status = path.stat()
                digest.update(repr((str(path), status.st_size, status.st_mtime_ns)).encode("utf-8", "replace"))
        self.origin = digest.hexdigest()

    def __iter__(self) -> Iterator[Text]:
        """Give the texts; the ``part`` of each says how much of all sources lies up to its end, about."""
        before = 0
        for file in self._files:
            texts = self._texts_in(file, before)
            manifest = None if file.kind == "corpus" else self._manifests.get(file.manifest)
            yield from texts if manifest is None else _said(texts, manifest, file.path)
            before += file.size

    def _texts_in(self, file: File, before: int) -> Iterator[Text]:
        """Yield the texts in a file, of which it is known how many bytes lie ``before`` it."""
        if file.kind == "book":
            yield Text(PurePosixPath(file.name).stem, file.path, part=self._part(before + file.size))
        elif file.kind == "corpus":
            corpus = open_corpus(file.path)
            read, chapters = 0, corpus.chapters
            for work in corpus.works():
                read += len(work.book.chapters)
                yield _text_of(work, self._part(before + file.size * read / chapters))
        else:
            pieces = pieces_of(file, before)
            for is_book, found in itertools.groupby(pieces, lambda piece: getattr(piece, "kind", "") == "book"):
                yield from self._texts_of_books(found) if is_book else self._texts_of_rows(found)  # noqa: B031

    def _texts_of_books(self, found: Iterator[Any]) -> Iterator[Text]:
        """Yield the texts in an archive, which the processes that take them read."""
        for piece in found:
            name = PurePosixPath(piece.source)
            yield Text(name.stem, piece.data, file=name.name, part=self._part(piece.position))

    def _texts_of_rows(self, found: Iterator[Piece | Fault]) -> Iterator[Text]:
        """Yield the works of tables and crawls."""
        position = 0

        def counted() -> Iterator[Piece | Fault]:
            nonlocal position
            for piece in found:
                position = piece.position if isinstance(piece, Piece) else position
                yield piece

        for work in works_of(counted(), None, self._miss):
            yield _text_of(work, self._part(position))

    def _part(self, position: float) -> float:
        return min(1.0, position / max(1, self.size))

    def _miss(self, fault: Fault) -> None:
        """Raise what should have been read, and remember what other programs read."""
        if fault.foreign:
            self.foreign[fault.source] = fault
        elif not fault.harmless:
            raise TextError(f"{fault.source}: {fault.reason}")


def _text_of(work: Work, part: float) -> Text:
    return Text(work.book.title or work.id, work.text, work.split or "train", work.group, part=part)


def _said(texts: Iterator[Text], manifest: Manifest, source: Path) -> Iterator[Text]:
    """Yield the texts with what the manifest says of them."""
    for text in texts:
        row = manifest.row_of(text.name)
        if not row.split:
            raise TextError(
                f"{manifest.name}: has no split for {text.name!r} of {source}; give train, validation or test"
            )
        yield replace(text, split=row.split, group=row.group)
