"""Ids to text as they are generated, never half a character, for tokenizers whose ids are bytes of the text."""

import codecs
from typing import Protocol


class TokenBytes(Protocol):
    """A tokenizer of which ``decode`` is the bytes of the ids, one after another, as UTF-8."""

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes that this id adds to the text, whatever stands beside it."""
        ...


class StreamingDetokenizer:
    """Decodes the ids of one text as they come; the pushed pieces and ``finish`` joined are ``tokenizer.decode``."""

    def __init__(self, tokenizer: TokenBytes, leading: bytes = b"") -> None:
        """Begin a text; ``leading`` is what the tokenizer puts before every text, and is not shown."""
        self._tokenizer, self._leading = tokenizer, leading
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = False

    def push(self, token_id: int) -> str:
        """Return the characters that this id completes; bytes that cannot become one come out as U+FFFD."""
        added = self._tokenizer.token_bytes(token_id)
        if added and not self._begun:
            self._begun = True
            added = added.removeprefix(self._leading)
        return self._decoder.decode(added)

    def finish(self) -> str:
        """Return what an unfinished character leaves (U+FFFD or nothing), and begin anew."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        self._begun = False
        return rest
