"""What every tokenizer offers: ids from text, text from ids, and the bytes each id adds."""

from collections.abc import Iterable
from typing import Protocol


class Tokenizer(Protocol):
    """Text to ids and back.

    ``kind`` names the tokenizer in a checkpoint folder; ``newline_id`` is the id of ``"\\n"`` (None when a newline is
    not a single token); ``end_id`` ends a document (None: the model never ends by itself); ``forbidden_ids`` are never
    generated (the unknown character, padding).
    """

    kind: str
    vocab_size: int
    newline_id: int | None
    end_id: int | None
    forbidden_ids: tuple[int, ...]

    def encode(self, text: str) -> list[int]:
        """Return the ids of ``text``, without any special token added."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ``ids``; bytes that are no valid UTF-8 become U+FFFD, special tokens become nothing."""
        ...

    def token_bytes(self, token_id: int) -> bytes:
        """Return the UTF-8 bytes that this id adds to the text; empty for special tokens."""
        ...
