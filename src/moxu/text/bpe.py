"""Any tokenizer of the ``tokenizers`` library: GPT-2's byte-level BPE, Llama's with byte fallback, BERT's, Unigram.

Ids are the library's. Text is put together here, id by id, so that it can be shown as it is written: as the file's
decoder describes it, but bytes that are no character become one U+FFFD as everywhere in moxu, and WordPiece's blanks
are set as in ``text.wordpiece``, not between ideographs.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from moxu.errors import TextError
from moxu.text.detokenize import StreamingDetokenizer
from moxu.text.encodings import read_bytes
from moxu.text.tokenizer import Detokenizer
from moxu.text.wordpiece import CONTINUATION, WordPieceDetokenizer

GPT2_END = "<|endoftext|>"
ENDS = (GPT2_END, "</s>", "<eos>", "<|end_of_text|>", "[EOS]", "[SEP]")  # when no configuration names the end
LARGEST_ID = 1 << 21  # real vocabularies have some hundred thousand; more is a mistake, and would cost memory
BETWEEN_WORDS = "▁"


class BpeTokenizer:
    """What a ``tokenizer.json`` describes; special tokens are never read from text, and add nothing to it."""

    kind = "bpe"

    def __init__(
        self, description: str, name: str = "tokenizer", *, end_id: int | None = None, vocab_size: int | None = None
    ) -> None:
        """Build the tokenizer of a ``tokenizer.json``'s contents.

        ``end_id`` None: the end is told by its name. ``vocab_size`` may be larger than the vocabulary, for a model that
        was padded. TextError, with ``name`` in it, when the description is damaged or of an unknown sort.
        """
        self._description, self._name = description, name
        self._core, fields = _build(description, name)
        self._decoder = _decoder(fields.get("decoder"), name)
        entries: dict[str, int] = self._core.get_vocab(with_added_tokens=True)
        self._entries = {token_id: token for token, token_id in entries.items()}
        if not entries or max(self._entries) >= LARGEST_ID:
            wrong = f"an id {max(self._entries)}" if entries else "no entries"
            raise TextError(f"{name}: has {wrong}; expected ids from 0 to at most {LARGEST_ID - 1}")
        added = self._core.get_added_tokens_decoder()
        self._special = frozenset(token_id for token_id, token in added.items() if token.special)
        names = {self._entries[token_id]: token_id for token_id in self._special}
        self.end_id: int | None = next((names[end] for end in ENDS if end in names), None) if end_id is None else end_id
        self.source_marks: tuple[int, int] | None = None
        if {"[CLS]", "[SEP]"} <= names.keys():
            self.source_marks = names["[CLS]"], names["[SEP]"]
        self._set_size(max(self._entries) + 1 if vocab_size is None else vocab_size)
        self.newline_id = self._newline_id()

    def encode(self, text: str) -> list[int]:
        readable = text.encode("utf-8", "replace").decode()  # a lone surrogate, which is no text, is a question mark
        with _in_one_line(f"{self._name}: cannot encode {text[:20]!r}"):
            ids: list[int] = self._core.encode(readable, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        detokenizer = self.detokenizer()
        return "".join(map(detokenizer.push, ids)) + detokenizer.finish()

    def detokenizer(self) -> Detokenizer:
        if self._decoder.is_wordpiece:
            return WordPieceDetokenizer(self._words)
        return StreamingDetokenizer(self, self._decoder.leading)

    def token_bytes(self, token_id: int) -> bytes:
        return self._decoder.bytes_of(self._words[token_id])

    def with_vocab_size(self, vocab_size: int) -> Self:
        """Return the same tokenizer for a model whose vocabulary was padded to ``vocab_size``."""
        padded = copy.copy(self)
        padded._set_size(vocab_size)
        return padded

    @classmethod
    def load(cls, path: Path, *, end_id: int | None = None, vocab_size: int | None = None) -> Self:
        """Read a ``tokenizer.json``; the configuration files beside it say what ends a text, if they are there."""
        tokenizer = cls(_read_text(path), str(path), end_id=end_id, vocab_size=vocab_size)
        return tokenizer if end_id is not None else tokenizer._with_end_of(path.parent)

    @classmethod
    def from_vocab_merges(cls, vocab: Path, merges: Path) -> Self:
        """Read GPT-2's own two files: ids by token, and the pairs that are merged, the first ones first."""
        tokenizers = _library(str(vocab))
        entries = _json_table(vocab)
        if not all(type(token_id) is int and 0 <= token_id < LARGEST_ID for token_id in entries.values()):
            raise TextError(f"{vocab}: is no vocabulary of byte-level BPE; expected an object of tokens and their ids")
        lines = [line for line in _read_text(merges).split("\n") if line and not line.startswith("#version")]
        pairs = [tuple(line.rstrip("\r").split(" ")) for line in lines]
        if not all(len(pair) == 2 for pair in pairs):
            stray = next(line for line, pair in zip(lines, pairs, strict=True) if len(pair) != 2)
            raise TextError(f"{merges}: {stray[:40]!r} is no merge; expected two tokens with a blank between")
        with _in_one_line(f"{merges}: does not belong to {vocab.name}"):
            core = tokenizers.Tokenizer(tokenizers.models.BPE(entries, pairs))
        core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        core.decoder = tokenizers.decoders.ByteLevel()
        if GPT2_END in entries:
            core.add_special_tokens([GPT2_END])
        return cls(core.to_str(), str(vocab))._with_end_of(vocab.parent)

    def save(self, path: Path) -> None:
        """Write the ``tokenizer.json`` as it was read; which id ends a text, and padding, are not in it."""
        path.write_bytes(self._description.encode())

    def _set_size(self, vocab_size: int) -> None:
        """Set how many ids there are, and with them those that are never written."""
        if not max(self._entries) < vocab_size <= LARGEST_ID:
            raise TextError(
                f"{self._name}: has {max(self._entries) + 1} entries, which do not fit a vocabulary of {vocab_size}"
            )
        if self.end_id is not None and not 0 <= self.end_id < vocab_size:
            raise TextError(f"{self._name}: the id {self.end_id} ends a text; expected one below {vocab_size}")
        self.vocab_size = vocab_size
        texts = {token_id: token for token_id, token in self._entries.items() if token_id not in self._special}
        self._words = [texts.get(token_id, "") for token_id in range(vocab_size)]
        written = self._entries.keys() - (self._special - {self.end_id})
        self.forbidden_ids: tuple[int, ...] = tuple(
            token_id for token_id in range(vocab_size) if token_id not in written
        )

    def _newline_id(self) -> int | None:
        try:
            ids = self.encode("\n")
        except TextError:  # a vocabulary that knows neither a newline nor the unknown
            return None
        return ids[0] if len(ids) == 1 and self.token_bytes(ids[0]) == b"\n" else None

    def _with_end_of(self, folder: Path) -> Self:
        """Return the tokenizer with the end of a text that a Hugging Face folder names; the same when it names none."""
        end_id = self._end_of(folder)
        if end_id is None or end_id == self.end_id:
            return self
        ending = copy.copy(self)
        ending.end_id = end_id
        ending._set_size(self.vocab_size)
        return ending

    def _end_of(self, folder: Path) -> int | None:
        ids = {token: token_id for token_id, token in self._entries.items()}
        for file, key in _WHERE_ENDS_ARE_NAMED.items():
            end = _json_table(folder / file).get(key) if (folder / file).is_file() else None
            end = end[0] if isinstance(end, list) and end else end
            end = end.get("content") if isinstance(end, dict) else end
            end = ids.get(end) if isinstance(end, str) else end
            if type(end) is int and end in self._entries:
                return end
        return None


_WHERE_ENDS_ARE_NAMED = {
    "tokenizer_config.json": "eos_token",
    "generation_config.json": "eos_token_id",
    "config.json": "eos_token_id",
}


@dataclass(frozen=True)
class _Decoder:
    """How a token's name becomes text."""

    is_byte_level: bool = False
    is_wordpiece: bool = False
    has_byte_fallback: bool = False
    replaced: tuple[tuple[str, str], ...] = ()
    leading: bytes = b""  # what is taken off the beginning of a text

    def bytes_of(self, token: str) -> bytes:
        if self.is_byte_level and all(character in _BYTES for character in token):
            return bytes(_BYTES[character] for character in token)
        if self.has_byte_fallback and len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            return bytes.fromhex(token[3:5])
        if self.is_wordpiece:
            token = token.removeprefix(CONTINUATION)
        for old, new in self.replaced:
            token = token.replace(old, new)
        return token.encode("utf-8", "replace")


def _decoder(described: Any, name: str) -> _Decoder:
    """Return the decoder of a ``tokenizer.json``; TextError for one of another sort."""
    described = described if isinstance(described, Mapping) else {}
    steps = described.get("decoders", []) if described.get("type") == "Sequence" else [described]
    decoder: dict[str, Any] = {}
    for step in steps:
        match step:
            case {"type": "ByteLevel"}:
                decoder["is_byte_level"] = True
            case {"type": "WordPiece", "prefix": "##"}:
                decoder["is_wordpiece"] = True
            case {"type": "ByteFallback"}:
                decoder["has_byte_fallback"] = True
            case {"type": "Fuse"}:
                pass  # only joins what is joined here anyway
            case {"type": "Replace", "pattern": {"String": str(old)}, "content": str(new)}:
                decoder["replaced"] = (*decoder.get("replaced", ()), (old, new))
            case {"type": "Strip", "content": " ", "start": 0 | 1 as start, "stop": 0}:
                decoder["leading"] = b" " * start
            case {"type": "Metaspace"}:
                decoder["replaced"] = ((step.get("replacement", BETWEEN_WORDS), " "),)
                keeps = step.get("prepend_scheme") == "never" or step.get("add_prefix_space") is False
                decoder["leading"] = b"" if keeps else b" "
            case _:
                kind = step.get("type") if isinstance(step, Mapping) else step
                raise TextError(
                    f"{name}: has a decoder {kind!r}; expected ByteLevel, Metaspace, WordPiece, or Replace, "
                    f"ByteFallback, Fuse and Strip"
                )
    return _Decoder(**decoder)


def _byte_of_each_character() -> dict[str, int]:
    """Return the bytes by the characters that stand for them in byte-level BPE.

    Bytes that are visible in Latin-1 stand for themselves, the others in their order for the characters from U+0100.
    """
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in visible]
    return {chr(byte): byte for byte in visible} | {chr(0x100 + place): byte for place, byte in enumerate(others)}


_BYTES = _byte_of_each_character()


def _build(description: str, name: str) -> tuple[Any, dict[str, Any]]:
    """Return the library's tokenizer and the fields of its description."""
    tokenizers = _library(name)
    fields = _parse(description, name)
    model = fields.get("model")
    if not isinstance(model, dict):
        raise TextError(f"{name}: is no tokenizer; expected an object with a 'model'")
    if model.get("continuing_subword_prefix") and "merges" in model:  # the library trusts it with its memory
        raise TextError(f"{name}: is a BPE with a mark for what continues a word; expected one without")
    with _in_one_line(f"{name}: is no tokenizer, or damaged"):
        core = tokenizers.Tokenizer.from_str(description)
    core.no_truncation()
    core.no_padding()
    core.encode_special_tokens = True  # typed in a text they are text
    return core, fields


@contextmanager
def _in_one_line(mistake: str) -> Iterator[None]:
    """Turn an error of the library into a TextError; its errors have no class of their own."""
    try:
        yield
    except Exception as error:
        raise TextError(f"{mistake}: {_line(error)}") from None
    except BaseException as error:  # what Rust calls a panic derives from nothing narrower
        if type(error).__name__ != "PanicException":
            raise
        raise TextError(f"{mistake}: {_line(error)}") from None


def _library(name: str) -> ModuleType:
    try:
        import tokenizers
    except ImportError:
        raise TextError(f"{name}: reading it needs the tokenizers library; pip install 'moxu[hf]'") from None
    return tokenizers


def _read_text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: is no tokenizer: {error}") from None


def _json_table(path: Path) -> dict[str, Any]:
    return _parse(_read_text(path), str(path))


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TextError(f"{name}: is no JSON, or damaged: {_line(error)}") from None
    if not isinstance(values, dict):
        raise TextError(f"{name}: holds a {type(values).__name__}; expected an object")
    return values


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
