"""The tokenizers by kind: how a checkpoint folder keeps one, and how a vocabulary file of any kind is read.

Tokenizers are imported when one is needed. A folder's ``config.json`` describes its tokenizer as
``{"kind": ..., "file": ...}``, with what the file does not hold; the file lies in the folder itself.
"""

import re
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
    def load(cls, path: Path, **told: Any) -> Self:
        """Read the file, and take what it is ``told``; TextError when it is missing or of another kind."""
        ...

    def save(self, path: Path) -> None:
        """Write the file."""
        ...


@dataclass(frozen=True)
class Kind:
    """Where a kind of tokenizer is defined, and what its file is called in a checkpoint folder.

    ``told`` names what ``load`` has to be told because the file does not hold it.
    """

    module: str
    name: str
    file: str
    told: tuple[str, ...] = ()


KINDS = {
    "chars": Kind("moxu.text.chars", "CharTokenizer", "chars.json"),
    "word_table": Kind("moxu.text.word_table", "WordTable", "words.json"),
    "rwkv_world": Kind("moxu.text.rwkv_world", "RwkvWorldTokenizer", "rwkv_vocab.txt"),
    "cpm": Kind("moxu.text.cpm", "CpmTokenizer", "chinese_vocab.model"),
    "wordpiece": Kind("moxu.text.wordpiece", "WordPieceTokenizer", "vocab.txt"),
    "bpe": Kind("moxu.text.bpe", "BpeTokenizer", "tokenizer.json", told=("end_id", "vocab_size")),
    "turns": Kind("moxu.text.turns", "TurnsTokenizer", "dict_datas.json"),
}
GPT2_FILES = ("vocab.json", "merges.txt")  # two files that are one vocabulary


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> dict[str, Any]:
    """Write ``tokenizer`` into ``folder``; return the description that ``load_tokenizer`` takes."""
    kind = _kind(tokenizer.kind)
    cast(StoredTokenizer, tokenizer).save(folder / kind.file)
    return {"kind": tokenizer.kind, "file": kind.file} | {name: getattr(tokenizer, name) for name in kind.told}


def load_tokenizer(description: Mapping[str, Any], folder: Path) -> Tokenizer:
    """Read the tokenizer that ``description`` names from ``folder``; TextError when there is none such."""
    if not isinstance(description, Mapping) or not {"kind", "file"} <= description.keys():
        raise TextError(f"{folder}: the tokenizer is described by {description!r}; expected a kind and a file")
    kind, file = description["kind"], description["file"]
    if not isinstance(file, str) or not _is_plain_name(file):
        raise TextError(f"{folder}: the tokenizer's file is {file!r}; expected the name of a file in the folder")
    told = {name: description[name] for name in _kind(kind).told if name in description}
    if not all(value is None or type(value) is int for value in told.values()):
        raise TextError(f"{folder}: the tokenizer is described by {told!r}; expected numbers")
    return _class(kind).load(folder / file, **told)


def read_vocab(path: Path) -> Tokenizer:
    """Read a vocabulary file of any kind, told by its beginning; TextError when it is of none."""
    if path.name in GPT2_FILES and all((path.parent / name).is_file() for name in GPT2_FILES):
        from moxu.text.bpe import BpeTokenizer

        return BpeTokenizer.from_vocab_merges(*(path.parent / name for name in GPT2_FILES))
    kind = recognise(path)
    if kind is None:
        raise TextError(f"{path}: is no vocabulary; expected one of {', '.join(KINDS)}, see docs/models.md")
    return _class(kind).load(path)


def recognise(path: Path) -> str | None:
    """Return the kind of a vocabulary file from its beginning; None for another file."""
    data = read_bytes(path)
    if _is_sentencepiece(data):
        return "cpm"
    beginning = data[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")  # any UTF looks alike
    word_id, _, rest = beginning.partition(b" ")
    if word_id.isdigit() and rest.lstrip()[:1] in (b"'", b'"', b"b"):
        return "rwkv_world"
    if beginning.startswith(b"{"):
        return _kind_of_json(beginning[1:].lstrip())
    return "wordpiece" if re.search(rb"^\[UNK\]\s", data, re.MULTILINE) else None


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


def _is_sentencepiece(data: bytes) -> bool:
    """Say whether ``data`` begins with a SentencePiece model's first piece: its text, then its score.

    A model is a protobuf message, whose fields begin with a tag: 0A for the piece and for its text within, both with
    their length, and 15 for the score.
    """
    return data[:1] == data[2:3] == b"\x0a" and data[3] < 100 and data[4 + data[3] :][:1] == b"\x15"


def _kind_of_json(text: bytes) -> str | None:
    """Return the kind of a JSON vocabulary by its first key."""
    if not text.startswith(b'"'):
        return None
    key = text[1:].partition(b'"')[0]
    if key.isdigit():
        return "word_table"
    return _FIRST_KEYS.get(key.decode("utf-8", "replace"))


_FIRST_KEYS = {
    **dict.fromkeys(("kind", "characters"), "chars"),
    **dict.fromkeys(("word2id", "id2word"), "turns"),
    **dict.fromkeys(("version", "truncation", "padding", "added_tokens", "normalizer", "model"), "bpe"),
    **dict.fromkeys(("pre_tokenizer", "post_processor", "decoder"), "bpe"),
}
