"""What every tokenizer offers: ids from text, text from ids, whole or as they come, and the bytes each id adds."""

from collections.abc import Iterable
from typing import Protocol


class Detokenizer(Protocol):
    """Decodes the ids of one text as they come.

    The pushed pieces and ``finish`` joined are the ``decode`` of all the ids; what was given out is never taken back.
    """

    def push(self, token_id: int) -> str:
        """Take an id; return the text that no later id can change any more."""
        ...

    def finish(self) -> str:
        """Return what was held back, and begin anew."""
        ...


class Tokenizer(Protocol):
    """Text to ids and back.

    ``kind`` names the tokenizer in a checkpoint folder; ``newline_id`` is the id of ``"\\n"`` (None when a newline is
    not a single token); ``end_id`` ends a document (None: the model never ends by itself); ``forbidden_ids`` are never
    generated (the unknown character, padding). ``source_marks`` stand before and after what a model reads as its source
    ([CLS] and [SEP]; None where the vocabulary has no such marks).
    """

    kind: str
    vocab_size: int
    newline_id: int | None
    end_id: int | None
    forbidden_ids: tuple[int, ...]
    source_marks: tuple[int, int] | None

    def encode(self, text: str) -> list[int]:
        """Return the ids of ``text``, without any special token added."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ``ids``; bytes that are no valid UTF-8 become U+FFFD, special tokens become nothing."""
        ...

    def detokenizer(self) -> Detokenizer:
        """Return what decodes the ids of one text as they come."""
        ...

    def token_bytes(self, token_id: int) -> bytes:
        """Return the UTF-8 bytes that this id adds to the text; empty for special tokens.

        Where what an id adds depends on its neighbours, as with WordPiece, these are the bytes of the id alone.
        """
        ...
