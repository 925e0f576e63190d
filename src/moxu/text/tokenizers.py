"""The tokenizers by kind: how a checkpoint folder keeps one, and how a vocabulary file of any kind is read.

Tokenizers are imported when one is needed. A folder's ``config.json`` describes its tokenizer as
``{"kind": ..., "file": ...}``; the file lies in the folder itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, Self, cast

from moxu.errors import TextError
from moxu.settings import nearest
from moxu.text.encodings import read_bytes
from moxu.text.tokenizer import Tokenizer


class StoredTokenizer(Tokenizer, Protocol):
    """A tokenizer that is one file."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file; TextError when it is missing or of another kind."""
        ...

    def save(self, path: Path) -> None:
        """Write the file."""
        ...


@dataclass(frozen=True)
class Kind:
    """Where a kind of tokenizer is defined, and what its file is called in a checkpoint folder."""

    module: str
    name: str
    file: str


KINDS = {
    "chars": Kind("moxu.text.chars", "CharTokenizer", "chars.json"),
    "word_table": Kind("moxu.text.word_table", "WordTable", "words.json"),
    "rwkv_world": Kind("moxu.text.rwkv_world", "RwkvWorldTokenizer", "rwkv_vocab.txt"),
}


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> dict[str, Any]:
    """Write ``tokenizer`` into ``folder``; return the description that ``load_tokenizer`` takes."""
    file = _kind(tokenizer.kind).file
    cast(StoredTokenizer, tokenizer).save(folder / file)
    return {"kind": tokenizer.kind, "file": file}


def load_tokenizer(description: Mapping[str, Any], folder: Path) -> Tokenizer:
    """Read the tokenizer that ``description`` names from ``folder``; TextError when there is none such."""
    if not isinstance(description, Mapping) or not {"kind", "file"} <= description.keys():
        raise TextError(f"{folder}: the tokenizer is described by {description!r}; expected a kind and a file")
    kind, file = description["kind"], description["file"]
    if not isinstance(file, str) or not _is_plain_name(file):
        raise TextError(f"{folder}: the tokenizer's file is {file!r}; expected the name of a file in the folder")
    return _class(kind).load(folder / file)


def read_vocab(path: Path) -> Tokenizer:
    """Read a vocabulary file of any kind, told by its beginning; TextError when it is of none."""
    return _class(_recognise(path)).load(path)


def _kind(name: Any) -> Kind:
    if not isinstance(name, str) or name not in KINDS:
        raise TextError(f"unknown tokenizer kind {name!r}; {nearest(str(name), KINDS)}")
    return KINDS[name]


def _class(name: Any) -> type[StoredTokenizer]:
    kind = _kind(name)
    return cast(type[StoredTokenizer], getattr(import_module(kind.module), kind.name))


def _is_plain_name(file: str) -> bool:
    """Say whether ``file`` lies in the folder it is joined to, on any system (``C:x`` and ``..\\\\x`` are Windows')."""
    return file not in ("", ".", "..") and not any(character in file for character in "/\\:\0")


def _recognise(path: Path) -> str:
    """Return the kind of a vocabulary file from its first characters."""
    beginning = read_bytes(path)[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")  # any UTF looks alike
    word_id, _, rest = beginning.partition(b" ")
    if word_id.isdigit() and rest.lstrip()[:1] in (b"'", b'"', b"b"):
        return "rwkv_world"
    if beginning.startswith(b"{"):
        key = beginning[1:].lstrip()
        return "word_table" if key[:1] == b'"' and key[1:].partition(b'"')[0].isdigit() else "chars"
    raise TextError(f"{path}: is no vocabulary; expected a word table, an RWKV vocabulary or a character vocabulary")
