"""Packed text: the ids of many documents in one memory-mapped file, with an index that says what lies where.

index.json      what it is: the type of the ids, the tokenizer, the groups, how much there is of everything
ids.bin         the ids of all documents, one after the other
documents.npy   a row for each document (see ``documents``), and names.txt their names
chars.json ...  the file of the tokenizer
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moxu.corpus.pack.documents import Document, Documents
from moxu.errors import TextError
from moxu.settings import parse
from moxu.text.encodings import read_bytes
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import load_tokenizer

IDS_FILE = "ids.bin"
INDEX_FILE = "index.json"
FORMAT = 2

Ids = npt.NDArray[Any]


@dataclass(frozen=True)
class PackedIndex:
    """``index.json``.

    ``dtype`` is the type of the ids; ``vocabulary`` the digest of the tokenizer; ``sha256`` has the digest of each file
    that holds the documents. So the index, and its own digest, tell one corpus from any other.
    """

    format: int
    dtype: str
    tokenizer: dict[str, Any]
    vocabulary: str
    documents: int
    ids: int
    characters: int
    groups: tuple[str, ...]
    sha256: dict[str, str]


class PackedText:
    """A folder that ``corpus.pack`` wrote, opened for reading without loading it."""

    def __init__(self, folder: Path) -> None:
        """Open the folder; TextError when it holds no packed text, an older layout's, or damaged files."""
        self.folder = folder
        content, self.index = _read_index(folder)
        self.fingerprint = hashlib.sha256(content).hexdigest()  # the same for a folder that was only moved
        self.documents = Documents.open(folder, self.index.groups)
        try:
            self.ids: Ids = np.memmap(folder / IDS_FILE, dtype=self.index.dtype, mode="r")
        except (OSError, ValueError, TypeError) as error:
            raise TextError(f"{folder / IDS_FILE}: cannot be read: {error}") from None
        for what, found, expected in (
            ("ids", len(self.ids), self.index.ids),
            ("documents", len(self.documents), self.index.documents),
        ):
            if found != expected:
                raise TextError(f"{folder}: holds {found} {what}; its index says {expected}: pack it again")

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer it was packed with; TextError when its file was changed since."""
        if vocabulary_digest(self.index.tokenizer, self.folder) != self.index.vocabulary:
            raise TextError(f"{self.folder}: its vocabulary is not the one it was packed with; pack it again")
        return load_tokenizer(self.index.tokenizer, self.folder)

    def of_split(self, split: str) -> Documents:
        """Return the documents of a split; TextError names the splits there are when it has none."""
        chosen = self.documents.of_split(split)
        if not len(chosen):
            splits = ", ".join(self.documents.splits)
            raise TextError(f"{self.folder}: no documents for {split}; it has: {splits} (a manifest names the splits)")
        return chosen

    def ids_of(self, document: Document) -> Ids:
        """Return the ids of a document, the id of its end among them where the tokenizer has one."""
        return self.ids[document.start : document.end]

    def text_of(self, document: Document) -> str:
        """Return the text of a document, as far as the tokenizer keeps texts; without white space at its ends."""
        ids = self.ids_of(document)
        if len(ids) and ids[-1] == self.tokenizer.end_id:
            ids = ids[:-1]
        return self.tokenizer.decode(ids.tolist()).removeprefix("\n")

    def each(self, *splits: str) -> Iterator[tuple[Document, Ids]]:
        """Give the documents of these splits, or all, each with its ids."""
        for documents in map(self.of_split, splits) if splits else (self.documents,):
            for document in documents:
                yield document, self.ids_of(document)


def write_index(folder: Path, index: PackedIndex) -> None:
    """Write ``index.json``, the last file of a packed folder: where it stands, the folder is whole."""
    (folder / INDEX_FILE).write_bytes(json.dumps(asdict(index), ensure_ascii=False, indent=1).encode())


def vocabulary_digest(description: Mapping[str, Any], folder: Path) -> str:
    """Return a digest of the tokenizer that ``load_tokenizer`` would read: of its description and its file."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    digest.update(read_bytes(folder / str(description.get("file"))))
    return digest.hexdigest()


def _read_index(folder: Path) -> tuple[bytes, PackedIndex]:
    path = folder / INDEX_FILE
    try:
        content = path.read_bytes()
        values = json.loads(content)
    except (FileNotFoundError, NotADirectoryError):
        raise TextError(f"{folder}: no packed text here (no {INDEX_FILE}); make it with: moxu corpus pack") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise TextError(f"{path}: damaged: {error}") from None
    layout = values.get("format", 1) if isinstance(values, dict) else None
    if layout == 1:
        raise TextError(f"{folder}: was packed by an older moxu, in another layout; pack it again")
    if layout != FORMAT:
        raise TextError(
            f"{path}: is of format {layout!r}; this moxu reads format {FORMAT}: update it, or pack it again"
        )
    return content, parse(PackedIndex, values, where=str(path))
