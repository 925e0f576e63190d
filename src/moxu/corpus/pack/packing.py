"""Turn texts into packed ids: count characters, choose the vocabulary, encode document after document."""

import csv
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from moxu.corpus.pack.packed import IDS_FILE, Document, PackedIndex, write_index
from moxu.errors import TextError
from moxu.text.chars import CharTokenizer
from moxu.text.encodings import decode_bytes, read_text
from moxu.text.tokenizers import save_tokenizer

Progress = Callable[[str, int], None]
"""Called with a document's name and its characters when it has been packed."""


@dataclass(frozen=True)
class Work:
    """A text to pack, with what the manifest says of it."""

    name: str
    text: str
    split: str = "train"
    group: str = ""


def read_works(sources: Iterable[Path], manifest: Path | None = None) -> Iterator[Work]:
    """Read ``.txt`` files, folders of them (sorted) and tar archives of them (in the archive's order).

    A manifest (tab-separated, with the columns ``title``, ``split``, ``era`` and ``style``) assigns splits and groups
    (``era, style``) by title; a work it does not name is refused, so that nothing meant for validation slips into
    training.
    """
    rows = _read_manifest(manifest) if manifest else None
    for source in sources:
        for name, text in _read_source(source):
            if rows is None:
                yield Work(name, text)
            elif name not in rows:
                raise TextError(f"{manifest}: does not name {name!r} of {source}; add a row for it")
            else:
                row = rows[name]
                yield Work(name, text, split=row["split"], group=f"{row['era']}, {row['style']}")


def _read_manifest(path: Path) -> dict[str, dict[str, str]]:
    rows = list(csv.DictReader(read_text(path).splitlines(), delimiter="\t"))
    missing = {"title", "split", "era", "style"} - set(rows[0] if rows else ())
    if missing:
        raise TextError(f"{path}: no column {', '.join(sorted(missing))}; expected title, split, era and style")
    return {row["title"]: row for row in rows}


def _read_source(source: Path) -> Iterator[tuple[str, str]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.txt")):
            yield path.stem, read_text(path)
    elif source.suffixes[-2:-1] == [".tar"] or source.suffix in {".tar", ".tgz"}:
        yield from _read_archive(source)
    else:
        yield source.stem, read_text(source)


def _read_archive(source: Path) -> Iterator[tuple[str, str]]:
    try:
        with tarfile.open(source) as archive:
            for member in archive:  # in the archive's order: going back in a compressed file means starting over
                file = archive.extractfile(member) if member.name.endswith(".txt") else None
                if file is not None:
                    yield PurePosixPath(member.name).stem, decode_bytes(file.read(), member.name)[0]
    except (FileNotFoundError, tarfile.TarError) as error:
        raise TextError(f"{source}: not a readable archive: {error}") from None


def build_vocabulary(works: Iterable[Work], size: int) -> CharTokenizer:
    """Choose the most frequent characters of the works that are not held out for validation."""
    counts: Counter[str] = Counter()
    for work in works:
        if work.split == "train":
            counts.update(work.text)
    return CharTokenizer.of_counts(counts, size)


def pack(works: Iterable[Work], tokenizer: CharTokenizer, folder: Path, progress: Progress | None = None) -> None:
    """Encode each work as a newline, its text and the end id; write the folder whole or not at all."""
    part = folder.with_name(folder.name + ".part")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    dtype = np.dtype("<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4")
    documents, start = [], 0
    with (part / IDS_FILE).open("wb") as file:
        for work in works:
            text = "\n" + work.text.strip()
            ids = np.array([*tokenizer.encode(text), tokenizer.end_id], dtype=dtype)
            file.write(ids.tobytes())
            documents.append(Document(work.name, work.split, work.group, start, len(ids), len(text)))
            start += len(ids)
            if progress:
                progress(work.name, len(text))
    write_index(part, PackedIndex(dtype.str, save_tokenizer(tokenizer, part), tuple(documents)))
    if folder.exists():
        shutil.rmtree(folder)
    part.replace(folder)
