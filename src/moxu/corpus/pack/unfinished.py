"""A packed folder while it is made: ``NAME.part``, which grows by whole texts and can be gone on with.

Ids, names and rows are appended in this order, so what the rows speak of is there, whenever a program ends.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.book import one_line
from moxu.corpus.pack.documents import NAMES_FILE, ROW, ROWS_FILE, Rows
from moxu.corpus.pack.encoding import Encoded
from moxu.corpus.pack.packed import FORMAT, IDS_FILE, PackedIndex, vocabulary_digest, write_index
from moxu.corpus.pack.texts import Text
from moxu.corpus.target import claim, clear, is_free, part_of, take_place
from moxu.corpus.work import SPLITS
from moxu.errors import SettingsError, TextError
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import save_tokenizer

BEGUN_FILE = "begun.json"  # of which sources and with which tokenizer: only the same is gone on with
GROWING_FILE = "documents.rows"
GROWING_FILES = (IDS_FILE, NAMES_FILE, GROWING_FILE)  # in the order in which they are written
BLOCK = 1 << 20


class Unfinished:
    """The folder that is packed into before it takes its name; use as a context manager, which closes its files."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, dtype: np.dtype[Any], origin: str | None) -> None:
        """Begin, or go on where the same packing was stopped, after the ``done`` texts that are there.

        ``origin`` tells one state of the sources from any other; with None it always begins. SettingsError when
        another thing has the name.
        """
        self.goal, self.path, self.dtype = folder, part_of(folder), dtype
        self._begun()  # which refuses another's folder before there is a claim in it
        with ExitStack() as closing:
            closing.enter_context(claim(folder))
            self._begin(tokenizer, origin)
            self._files = [closing.enter_context((self.path / name).open("ab")) for name in GROWING_FILES]
            self._closing = closing.pop_all()

    def _begin(self, tokenizer: Tokenizer, origin: str | None) -> None:
        with tempfile.TemporaryDirectory() as place:
            self.tokenizer = save_tokenizer(tokenizer, Path(place))
            self._vocabulary = vocabulary_digest(self.tokenizer, Path(place))
        begun = {"format": FORMAT, "origin": origin, "tokenizer": self.tokenizer, "vocabulary": self._vocabulary}
        if self._begun() != begun or origin is None:
            clear(self.path)
            (self.path / BEGUN_FILE).write_text(json.dumps(begun), "utf-8")
        save_tokenizer(tokenizer, self.path)
        for name in GROWING_FILES:
            (self.path / name).touch()
        self._groups: dict[str, int] = {}
        self.done, self._ids, self._names = self._whole()
        self._digest = _digest_of(self.path / IDS_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def remaining(self, texts: Iterable[Text]) -> Iterator[Text]:
        """Go past the texts that are there already, which are not read again, and give the others."""
        for number, text in enumerate(texts):
            self._groups.setdefault(text.group, len(self._groups))
            if number >= self.done:
                yield text

    def append(self, texts: Sequence[Text], encoded: Encoded) -> None:
        """Add texts that were encoded."""
        names = [one_line(text.name).encode("utf-8", "replace") + b"\n" for text in texts]
        rows = np.zeros(len(texts), dtype=ROW)
        rows["length"], rows["characters"], rows["unknown"] = encoded.lengths, encoded.characters, encoded.unknown
        rows["start"] = self._ids + _starts(encoded.lengths)
        rows["name"] = self._names + _starts([len(name) for name in names])
        rows["group"] = [self._groups[text.group] for text in texts]
        rows["split"] = [SPLITS.index(text.split) for text in texts]
        contents = encoded.ids.tobytes(), b"".join(names), rows.tobytes()
        for file, content in zip(self._files, contents, strict=True):
            file.write(content)
            file.flush()
        self._digest.update(contents[0])
        self._ids, self._names = self._ids + len(encoded.ids), self._names + len(contents[1])

    def finish(self) -> list[str]:
        """Give the folder its name, in the place of an older one; return the names of texts that were empty.

        TextError when there was no text at all.
        """
        self._closing.close()
        rows = np.fromfile(self.path / GROWING_FILE, dtype=ROW)
        documents = rows[rows["length"] > 0]
        if not len(documents):
            shutil.rmtree(self.path)
            raise TextError("there is no text in these sources; give texts, folders or archives of them, or a corpus")
        np.save(self.path / ROWS_FILE, documents)
        write_index(self.path, self._index(documents))
        with (self.path / NAMES_FILE).open("rb") as names:
            empty = [_line_at(names, place) for place in rows["name"][rows["length"] == 0].tolist()]
        for name in (GROWING_FILE, BEGUN_FILE):
            (self.path / name).unlink()
        take_place(self.path, self.goal)
        return empty

    def _begun(self) -> Any:
        """Return what the folder was begun with, if it is there; SettingsError when it is another thing."""
        file = self.path / BEGUN_FILE
        if not is_free(self.path) and not file.exists():
            raise SettingsError(f"{self.path}: is there already, and no unfinished packing; remove it first")
        try:
            return json.loads(file.read_bytes())
        except (FileNotFoundError, ValueError):  # none, or one that was not even begun
            return None

    def _whole(self) -> tuple[int, int, int]:
        """Cut off what is not whole; return how many texts there are, their ids, and the bytes of their names."""
        rows = np.fromfile(self.path / GROWING_FILE, dtype=ROW)
        ids = (self.path / IDS_FILE).stat().st_size // self.dtype.itemsize
        names = (self.path / NAMES_FILE).read_bytes()
        is_whole = (rows["start"] + rows["length"] <= ids) & (rows["name"] < names.rfind(b"\n"))
        count = int(np.argmin(is_whole)) if not is_whole.all() else len(rows)
        last_id = int(rows["start"][count - 1] + rows["length"][count - 1]) if count else 0
        last_name = names.index(b"\n", int(rows["name"][count - 1])) + 1 if count else 0
        sizes = {GROWING_FILE: count * ROW.itemsize, IDS_FILE: last_id * self.dtype.itemsize, NAMES_FILE: last_name}
        for name, size in sizes.items():
            with (self.path / name).open("r+b") as file:
                file.truncate(size)
        return count, last_id, last_name

    def _index(self, documents: Rows) -> PackedIndex:
        digests = {name: _digest_of(self.path / name).hexdigest() for name in (ROWS_FILE, NAMES_FILE)}
        return PackedIndex(
            format=FORMAT,
            dtype=self.dtype.str,
            tokenizer=self.tokenizer,
            vocabulary=self._vocabulary,
            documents=len(documents),
            ids=self._ids,
            characters=int(documents["characters"].sum()),
            groups=tuple(self._groups),
            sha256={IDS_FILE: self._digest.hexdigest(), **digests},
        )


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    sizes = np.asarray(lengths, dtype=np.int64)
    return np.cumsum(sizes) - sizes


def _line_at(file: Any, place: int) -> str:
    file.seek(place)
    line: bytes = file.readline()
    return line.decode().rstrip("\n")


def _digest_of(path: Path) -> "hashlib._Hash":
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest
