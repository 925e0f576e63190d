"""AI-Writer's word tables: a JSON object from ids to single characters, in UTF-16 LE with a byte order mark.

A character that is not in the table is read as U+E083, a private-use character that is never generated.
"""

import codecs
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from moxu.errors import TextError
from moxu.text.detokenize import StreamingDetokenizer
from moxu.text.encodings import read_bytes

if TYPE_CHECKING:  # numpy is only imported for texts that are encoded into arrays
    from moxu.text.code_points import CharacterTable, Ids

UNKNOWN = "\ue083"


class WordTable:
    """A vocabulary of single characters, ids 0 to n - 1 in the order of ``words``; text of others becomes U+E083."""

    kind = "word_table"
    source_marks: tuple[int, int] | None = None

    def __init__(self, words: Sequence[str], name: str = "word table") -> None:
        """Check the table; TextError, with ``name`` in it, for a word that is no character, or twice, or no U+E083."""
        self._words = list(words)
        self._ids: dict[str, int] = {}
        for word_id, word in enumerate(self._words):
            if len(word) != 1 or "\ud800" <= word <= "\udfff":
                raise TextError(f"{name}: word {word_id} is {word!r}; expected one character")
            if word in self._ids:
                raise TextError(f"{name}: {word!r} is both word {self._ids[word]} and word {word_id}")
            self._ids[word] = word_id
        if UNKNOWN not in self._ids:
            raise TextError(f"{name}: has no {UNKNOWN!r}, the word for unknown characters; is this AI-Writer's table?")
        self.unknown_id = self._ids[UNKNOWN]
        self.vocab_size = len(self._words)
        self.newline_id: int | None = self._ids.get("\n")
        self.end_id: int | None = None
        self.forbidden_ids: tuple[int, ...] = (self.unknown_id,)

    def encode(self, text: str) -> list[int]:
        return [self._ids.get(character, self.unknown_id) for character in text]

    def encode_array(self, text: str) -> "Ids":
        """Return ``encode(text)`` as an array, a hundred times as fast: for whole books."""
        from moxu.text.code_points import code_points

        return self._table.look_up(code_points(text))

    @cached_property
    def _table(self) -> "CharacterTable":
        from moxu.text.code_points import CharacterTable

        return CharacterTable(self._ids, other=self.unknown_id)

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self._words[word_id] for word_id in ids)

    def detokenizer(self) -> StreamingDetokenizer:
        return StreamingDetokenizer(self)

    def token_bytes(self, token_id: int) -> bytes:
        return self._words[token_id].encode()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a table in UTF-16, as AI-Writer's are, or UTF-8; TextError names what is wrong with the file."""
        data = read_bytes(path)
        try:
            pairs = json.loads(data, object_pairs_hook=list)  # JSON in bytes tells its encoding by its first ones
        except (ValueError, RecursionError):
            raise TextError(f"{path}: is no word table; expected a JSON object of ids and characters") from None
        return cls(_in_order(pairs, str(path)), str(path))

    def save(self, path: Path) -> None:
        """Write the table as AI-Writer did, byte for byte."""
        table = {str(word_id): word for word_id, word in enumerate(self._words)}
        path.write_bytes(codecs.BOM_UTF16_LE + json.dumps(table, ensure_ascii=False).encode("utf-16-le"))


def _in_order(pairs: Any, name: str) -> list[str]:
    """Return the words of (id, word) pairs by id; TextError when the ids are not 0 to n - 1, each once."""
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) and isinstance(pair[1], str) for pair in pairs):
        raise TextError(f"{name}: is no word table; expected a JSON object of ids and characters")
    words: dict[str, str] = {}
    for key, word in pairs:
        if key in words:
            raise TextError(f"{name}: id {key!r} appears twice")
        words[key] = word
    for word_id in map(str, range(len(words))):
        if word_id not in words:
            stray = min(words.keys() - set(map(str, range(len(words)))))
            raise TextError(f"{name}: ids are not 0 to {len(words) - 1}: {word_id!r} is missing, there is {stray!r}")
    return [words[str(word_id)] for word_id in range(len(words))]
