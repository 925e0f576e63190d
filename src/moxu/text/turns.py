"""The vocabulary of the GPT course's question-answering bot: characters, and a mark between the turns of a dialogue.

Its ``dict_datas.json`` holds ``word2id`` and ``id2word``: <pad>, <unk> and <sep>, then the characters of the training
data. A line of those data is a dialogue, with a tab between its turns; the tab is read as <sep>, which also ends it.
"""

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

SPECIAL = ("<pad>", "<unk>", "<sep>")
PADDING, UNKNOWN, SEPARATOR = range(3)
BETWEEN_TURNS = "\t"


class TurnsTokenizer:
    """One id for each character; <sep>, a tab in the text, ends a turn, and unknown characters are <unk>."""

    kind = "turns"
    source_marks: tuple[int, int] | None = None
    end_id: int | None = SEPARATOR
    forbidden_ids: tuple[int, ...] = (PADDING, UNKNOWN)

    def __init__(self, words: Sequence[str], name: str = "vocabulary") -> None:
        """Take the words by id: <pad>, <unk>, <sep>, then characters; TextError, with ``name`` in it, for others."""
        self.words = tuple(words)
        if self.words[: len(SPECIAL)] != SPECIAL:
            raise TextError(f"{name}: begins with {list(self.words[: len(SPECIAL)])}; expected {list(SPECIAL)}")
        self._ids: dict[str, int] = {}
        for word_id, word in enumerate(self.words):
            if word in self._ids:
                raise TextError(f"{name}: {word!r} is both word {self._ids[word]} and word {word_id}")
            self._ids[word] = word_id
        self._ids[BETWEEN_TURNS] = SEPARATOR
        self.vocab_size = len(self.words)
        self.newline_id: int | None = self._ids.get("\n")

    def encode(self, text: str) -> list[int]:
        return [self._ids.get(character, UNKNOWN) for character in text]

    def encode_array(self, text: str) -> "Ids":
        """Return ``encode(text)`` as an array, a hundred times as fast: for whole books."""
        from moxu.text.code_points import code_points

        return self._table.look_up(code_points(text))

    @cached_property
    def _table(self) -> "CharacterTable":
        from moxu.text.code_points import CharacterTable

        characters = {word: word_id for word, word_id in self._ids.items() if len(word) == 1}
        return CharacterTable(characters, other=UNKNOWN)

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def detokenizer(self) -> StreamingDetokenizer:
        return StreamingDetokenizer(self)

    def token_bytes(self, token_id: int) -> bytes:
        return b"" if token_id < len(SPECIAL) else self.words[token_id].encode("utf-8", "replace")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a ``dict_datas.json``; TextError names what is wrong with it, or where its two tables disagree."""
        try:
            tables = json.loads(read_bytes(path))
        except (ValueError, RecursionError):
            tables = None
        if not isinstance(tables, dict) or not {"word2id", "id2word"} <= tables.keys():
            raise TextError(f"{path}: is no vocabulary of turns; expected a JSON object of word2id and id2word")
        words = _by_id(tables["id2word"], f"{path}: id2word")
        if tables["word2id"] != {word: word_id for word_id, word in enumerate(words)}:
            raise TextError(f"{path}: {_disagreement(words, tables['word2id'])}")
        return cls(words, str(path))

    def save(self, path: Path) -> None:
        """Write both tables as the course did."""
        tables = {"word2id": {word: word_id for word_id, word in enumerate(self.words)}, "id2word": list(self.words)}
        path.write_bytes(json.dumps(tables).encode())


def _by_id(table: Any, where: str) -> list[str]:
    """Return the words of a list, or of an object with the ids as its keys."""
    if isinstance(table, dict):
        table = [table.get(str(word_id)) for word_id in range(len(table))]
    if not isinstance(table, list) or not all(isinstance(word, str) and word for word in table):
        raise TextError(f"{where}: is no list of words by their ids 0, 1, 2 …")
    return table


def _disagreement(words: Sequence[str], ids: Any) -> str:
    """Return where ``word2id`` is not the inverse of ``id2word``."""
    if not isinstance(ids, dict):
        return f"word2id is a {type(ids).__name__}; expected an object of words and their ids"
    for word_id, word in enumerate(words):
        if ids.get(word) != word_id:
            return f"id2word has {word!r} for {word_id}, but word2id has {ids.get(word)!r} for {word!r}"
    return f"word2id has {len(ids)} words, but id2word has {len(words)}"
