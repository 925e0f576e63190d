"""Texts to arrays of ids, with any tokenizer: what each process of a packing does."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.pack.texts import Text
from moxu.text.chars import FIRST_CHARACTER_ID, CharTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import load_tokenizer

Ids = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The ids of several texts, one after the other; of each, how many there are, its characters, and its unknown.

    A text of white space alone has no ids.
    """

    ids: Ids
    lengths: list[int]
    characters: list[int]
    unknown: list[int]


class Encoder:
    """Encodes each text as a newline, the text without white space at its ends, and the id that ends it.

    A newline or an end that the tokenizer does not have as an id is left out.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.dtype = np.dtype("<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4")
        self._before = "" if tokenizer.newline_id is None else "\n"
        self._after = np.array([] if tokenizer.end_id is None else [tokenizer.end_id], dtype=self.dtype)
        self._is_unknown = np.zeros(tokenizer.vocab_size, dtype=np.bool_)
        self._is_unknown[list(tokenizer.forbidden_ids)] = True

    def __call__(self, texts: Sequence[Text]) -> Encoded:
        """Read these texts and encode them."""
        parts, lengths, characters, unknown = [], [], [], []
        for text in texts:
            content = content_of(text, self._before)
            ids = self._ids(content)
            unknown.append(self._count_unknown(content, ids))
            characters.append(len(content))
            parts += [ids, self._after] if content else []
            lengths.append(len(ids) + len(self._after) if content else 0)
        return Encoded(np.concatenate(parts or [self._after[:0]]), lengths, characters, unknown)

    def _ids(self, content: str) -> Ids:
        if hasattr(self._tokenizer, "encode_array"):
            return cast(_ArrayTokenizer, self._tokenizer).encode_array(content).astype(self.dtype, copy=False)
        return np.array(self._tokenizer.encode(content), dtype=self.dtype)

    def _count_unknown(self, content: str, ids: Ids) -> int:
        if isinstance(self._tokenizer, CharTokenizer):  # to which nothing is unknown, but some is spelled
            return len(content) - int(np.count_nonzero(ids >= FIRST_CHARACTER_ID))
        return int(np.count_nonzero(self._is_unknown[ids])) if self._tokenizer.forbidden_ids else 0


def content_of(text: Text, before: str) -> str:
    """Return what is packed of a text: ``before`` and the text without white space at its ends; nothing of nothing."""
    content = text.read().strip()
    return before + content if content else ""


def encoder_of(description: dict[str, Any], folder: Path) -> partial[Encoder]:
    """Return what makes, in any process, the encoder with a tokenizer that was saved in ``folder``."""
    return partial(_load, description, folder)


def _load(description: dict[str, Any], folder: Path) -> Encoder:
    return Encoder(load_tokenizer(description, folder))


class _ArrayTokenizer(Protocol):
    def encode_array(self, text: str) -> Ids: ...
