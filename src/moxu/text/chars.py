"""A vocabulary of characters in which nothing is unknown: what it lacks is spelled in UTF-8 bytes.

Ids: 0 ends a document, 1 … 256 are the bytes 0 … 255, then one id for each character, most frequent first.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from moxu.errors import TextError
from moxu.text.detokenize import StreamingDetokenizer
from moxu.text.encodings import read_bytes

if TYPE_CHECKING:  # numpy is only imported for texts that are encoded into arrays
    from moxu.text.code_points import CharacterTable, Ids

END_ID = 0
FIRST_BYTE_ID = 1
FIRST_CHARACTER_ID = FIRST_BYTE_ID + 256


class CharTokenizer:
    """Characters with byte fallback; every Unicode text round-trips (see ``text.tokenizer.Tokenizer``)."""

    kind = "chars"
    source_marks: tuple[int, int] | None = None
    end_id: int | None = END_ID
    forbidden_ids: tuple[int, ...] = ()

    def __init__(self, characters: str) -> None:
        """Make the vocabulary of these characters, each once; TextError names one that is repeated."""
        self.characters = characters
        self._ids = {character: FIRST_CHARACTER_ID + index for index, character in enumerate(characters)}
        if len(self._ids) != len(characters):
            character, count = Counter(characters).most_common(1)[0]
            raise TextError(f"vocabulary: the character {character!r} stands in it {count} times; expected once")
        self.vocab_size = FIRST_CHARACTER_ID + len(characters)
        self.newline_id: int | None = self._ids.get("\n", FIRST_BYTE_ID + ord("\n"))

    @classmethod
    def of_counts(cls, counts: Mapping[str, int], size: int) -> Self:
        """Choose the most frequent characters for a vocabulary of at most ``size`` ids; the newline is always in."""
        by_frequency = sorted(counts, key=lambda character: (-counts[character], character))
        chosen = ["\n", *(character for character in by_frequency if character != "\n")]
        return cls("".join(chosen[: max(1, size - FIRST_CHARACTER_ID)]))

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for character in text:
            known = self._ids.get(character)
            if known is not None:
                ids.append(known)
            else:
                ids.extend(FIRST_BYTE_ID + byte for byte in character.encode("utf-8", errors="replace"))
        return ids

    def encode_array(self, text: str) -> "Ids":
        """Return ``encode(text)`` as an array, a hundred times as fast: for whole books."""
        from moxu.text.code_points import code_points, spelled_out

        codes = code_points(text)
        return spelled_out(codes, self._table.look_up(codes), END_ID, FIRST_BYTE_ID)

    @cached_property
    def _table(self) -> "CharacterTable":
        from moxu.text.code_points import CharacterTable

        return CharacterTable(self._ids, other=END_ID)

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", errors="replace")

    def detokenizer(self) -> StreamingDetokenizer:
        return StreamingDetokenizer(self)

    def token_bytes(self, token_id: int) -> bytes:
        if token_id >= FIRST_CHARACTER_ID:
            return self.characters[token_id - FIRST_CHARACTER_ID].encode()
        if token_id >= FIRST_BYTE_ID:
            return bytes([token_id - FIRST_BYTE_ID])
        return b""

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON: ``{"kind": "chars", "characters": "…"}``."""
        path.write_text(json.dumps({"kind": self.kind, "characters": self.characters}, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote; TextError names a file that is something else."""
        try:
            description = json.loads(read_bytes(path))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise TextError(f"{path}: not a vocabulary of characters: {error}") from None
        if not isinstance(description, dict) or not isinstance(description.get("characters"), str):
            raise TextError(f"{path}: not a vocabulary of characters; expected an object with 'characters'")
        return cls(description["characters"])
