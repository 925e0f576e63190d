"""Ids to text as they are generated, never half a character."""

import codecs

from moxu.text.tokenizer import Tokenizer


class StreamingDetokenizer:
    """Decodes the ids of one text as they come; the pushed pieces and ``finish`` joined are ``tokenizer.decode``."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token_id: int) -> str:
        """Return the characters that this id completes; bytes that cannot become one come out as U+FFFD."""
        return self._decoder.decode(self._tokenizer.token_bytes(token_id))

    def finish(self) -> str:
        """Return what an unfinished character leaves (U+FFFD or nothing), and begin anew."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest
