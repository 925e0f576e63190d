"""Packed text: the ids of many documents in one memory-mapped file, with an index that says what lies where."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moxu.errors import TextError
from moxu.settings import parse
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import load_tokenizer

IDS_FILE = "ids.bin"
INDEX_FILE = "index.json"

Ids = npt.NDArray[Any]


@dataclass(frozen=True)
class Document:
    """One work: where its ids lie, which split and group it belongs to, how many characters it has."""

    name: str
    split: str
    group: str
    start: int
    length: int
    characters: int


@dataclass(frozen=True)
class PackedIndex:
    """``index.json``: the type of the ids, the tokenizer's description, the documents in their order."""

    dtype: str
    tokenizer: dict[str, Any]
    documents: tuple[Document, ...]


class PackedText:
    """A folder that ``corpus.pack`` wrote, opened for reading without loading it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            content = (folder / INDEX_FILE).read_bytes()
            index = json.loads(content)
        except (FileNotFoundError, NotADirectoryError):
            raise TextError(
                f"{folder}: no packed text here (no {INDEX_FILE}); make it with: moxu corpus pack"
            ) from None
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise TextError(f"{folder / INDEX_FILE}: damaged: {error}") from None
        self.fingerprint = hashlib.sha256(content).hexdigest()  # the same for a folder that was only moved
        self.index = parse(PackedIndex, index, where=str(folder / INDEX_FILE))
        self.documents = self.index.documents
        expected = sum(document.length for document in self.documents)
        try:
            self.ids: Ids = np.memmap(folder / IDS_FILE, dtype=self.index.dtype, mode="r")
        except (FileNotFoundError, ValueError) as error:
            raise TextError(f"{folder / IDS_FILE}: cannot be read: {error}") from None
        if len(self.ids) != expected:
            raise TextError(f"{folder / IDS_FILE}: holds {len(self.ids)} ids; its index says {expected}: pack it again")

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.index.tokenizer, self.folder)

    def of_split(self, split: str) -> list[Document]:
        """Return the documents of a split; TextError names the splits there are when it has none."""
        chosen = [document for document in self.documents if document.split == split]
        if not chosen:
            splits = ", ".join(sorted({document.split for document in self.documents}))
            raise TextError(f"{self.folder}: no documents for {split}; it has: {splits} (a manifest names the splits)")
        return chosen


def write_index(folder: Path, index: PackedIndex) -> None:
    """Write ``index.json``, the last file of a packed folder: where it stands, the folder is whole."""
    (folder / INDEX_FILE).write_text(json.dumps(asdict(index), ensure_ascii=False, indent=1), "utf-8")
