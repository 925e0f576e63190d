"""The tokenizer of the released RWKV models: the longest word of a fixed vocabulary that the text goes on with.

Its vocabulary file (``rwkv_vocab_v20230424.txt``) has a line for each word: an id, a Python literal (text or bytes)
and the number of its bytes. Words are bytes, so a token may end within a character.
"""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from moxu.errors import TextError
from moxu.text.detokenize import StreamingDetokenizer
from moxu.text.encodings import read_bytes

VOCAB_SIZE = 65_536  # rows of the released models; ids past the last word are padding
END = 0


class RwkvWorldTokenizer:
    """Greedy longest match over bytes; id 0 ends a text, ids without a word are never generated."""

    kind = "rwkv_world"
    source_marks: tuple[int, int] | None = None

    def __init__(self, words: Mapping[int, bytes], name: str = "vocabulary") -> None:
        """Check ``words`` by id; TextError, with ``name`` in it, for a bad id, a word twice, a missing byte."""
        self._words = dict(words)
        self._ids: dict[bytes, int] = {}
        for word_id, word in self._words.items():
            if not END < word_id < VOCAB_SIZE:
                raise TextError(f"{name}: id {word_id} is out of range; expected 1 to {VOCAB_SIZE - 1}")
            if not word or word in self._ids:
                raise TextError(f"{name}: the word of id {word_id}, {word!r}, is empty or has another id too")
            self._ids[word] = word_id
        for byte in range(256):
            if bytes((byte,)) not in self._ids:
                raise TextError(f"{name}: has no word for the byte {byte:#04x}; such a text could not be read")
        self._lengths = _lengths_by_beginning(self._ids)
        self.vocab_size = VOCAB_SIZE
        self.newline_id: int | None = self._ids[b"\n"]
        self.end_id: int | None = END
        self.forbidden_ids = tuple(token_id for token_id in range(1, VOCAB_SIZE) if token_id not in self._words)

    def encode(self, text: str) -> list[int]:
        data = text.encode("utf-8", "replace")  # a lone surrogate, which is no text, becomes a question mark
        known, lengths_of = self._ids, self._lengths
        ids = []
        place = 0
        while place < len(data):
            for length in lengths_of.get(data[place : place + 2], (1,)):
                word_id = known.get(data[place : place + length])
                if word_id is not None:
                    ids.append(word_id)
                    place += length
                    break
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def detokenizer(self) -> StreamingDetokenizer:
        return StreamingDetokenizer(self)

    def token_bytes(self, token_id: int) -> bytes:
        return self._words.get(token_id, b"")  # the end of a text and the padding add nothing

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a vocabulary file; TextError names the line that is wrong."""
        words: dict[int, bytes] = {}
        lines = read_bytes(path).decode("utf-8", "replace").split("\n")
        for number, line in enumerate(lines, start=1):
            if line.strip():
                word_id, word = _parse(line, f"{path}: line {number}")
                if word_id in words:
                    raise TextError(f"{path}: line {number}: id {word_id} appears twice")
                words[word_id] = word
        return cls(words, str(path))

    def save(self, path: Path) -> None:
        """Write the vocabulary as a file of the same format."""
        lines = (f"{word_id} {_literal(word)} {len(word)}\r\n" for word_id, word in sorted(self._words.items()))
        path.write_bytes("".join(lines).encode())  # lines end as in the original on every system


def _lengths_by_beginning(words: Iterable[bytes]) -> dict[bytes, tuple[int, ...]]:
    """Return, for each two bytes that words begin with, the lengths of those words, longest first, and one byte."""
    lengths: dict[bytes, set[int]] = {}
    for word in words:
        if len(word) > 1:
            lengths.setdefault(word[:2], {1}).add(len(word))
    return {beginning: tuple(sorted(found, reverse=True)) for beginning, found in lengths.items()}


def _parse(line: str, where: str) -> tuple[int, bytes]:
    """Return the id and the bytes of a line; TextError, beginning with ``where``, when it is none."""
    word_id, _, rest = line.strip().partition(" ")
    literal, _, length = rest.rpartition(" ")
    try:
        value = ast.literal_eval(literal.strip())
        word = value.encode() if isinstance(value, str) else value
        if not isinstance(word, bytes) or len(word) != int(length):
            raise ValueError("another type or length")
        return int(word_id), word
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise TextError(f"{where}: {line.strip()[:40]!r}; expected an id, a quoted word and its bytes") from None


def _literal(word: bytes) -> str:
    """Return the word as the vocabulary file writes it: quoted text where the bytes are text, else quoted bytes."""
    try:
        return repr(word.decode("utf-8"))
    except UnicodeDecodeError:
        return repr(word)
