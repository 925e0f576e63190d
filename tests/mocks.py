"""Small deterministic models in numpy, and a byte tokenizer: enough to drive decoding without any weights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BYTES = 256
END = 256


class ByteTokenizer:
    """Ids 0-255 are bytes; 256 ends a text; 257 is never to be written."""

    kind = "bytes"
    vocab_size = 258
    newline_id: int | None = 10
    end_id: int | None = END
    forbidden_ids: tuple[int, ...] = (257,)

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(self.token_bytes(token_id) for token_id in ids).decode(errors="replace")

    def token_bytes(self, token_id: int) -> bytes:
        return bytes([token_id]) if token_id < BYTES else b""


class WordTokenizer(ByteTokenizer):
    """Ids are words of a list; nothing ends a text and nothing is forbidden."""

    newline_id: int | None = None
    end_id: int | None = None
    forbidden_ids: tuple[int, ...] = ()

    def __init__(self, *words: str) -> None:
        self.words = words
        self.vocab_size = len(words)

    def encode(self, text: str) -> list[int]:
        return [self.words.index(character) for character in text]

    def token_bytes(self, token_id: int) -> bytes:
        return self.words[token_id].encode()


@dataclass
class ArrayState:
    """A State of numpy arrays; ``memory`` (B, n) is what the rows remember."""

    lengths: np.ndarray
    memory: np.ndarray

    def select(self, rows: Sequence[int]) -> "ArrayState":
        index = np.asarray(rows, np.int64)
        return ArrayState(self.lengths[index], self.memory[index])

    def join(self, other: "ArrayState") -> "ArrayState":
        return ArrayState(np.concatenate([self.lengths, other.lengths]), np.concatenate([self.memory, other.memory]))

    def arrays(self) -> dict[str, Any]:
        return {"lengths": self.lengths, "memory": self.memory}


class NgramModel:
    """Fixed state: the logits are a random row chosen by the last two ids. Counts the tokens it was given to read."""

    max_context: int | None = None

    def __init__(self, vocab_size: int = 258, *, seed: int = 0, scale: float = 2.0) -> None:
        self.vocab_size, self.tokens_read = vocab_size, 0
        self.table = (np.random.default_rng(seed).normal(size=(97, vocab_size)) * scale).astype(np.float32)

    def prefill(self, ids: Any) -> tuple[Any, ArrayState]:
        state = ArrayState(np.zeros(len(ids), np.int64), np.zeros((len(ids), 2), np.int64))
        logits, state = self.extend(ids, state)
        return logits[:, -1], state

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        ids = np.asarray(ids)
        self.tokens_read += ids.size
        read = np.concatenate([state.memory, ids], axis=1)
        state.memory[:] = read[:, -2:]  # in place, as a real model may
        state.lengths += ids.shape[1]
        return self.table[(read[:, 1:-1] * 31 + read[:, 2:] * 7) % 97], state


class WindowedModel(NgramModel):
    """Holds ``max_context`` ids; the logits depend on every id and on where in the window it stands."""

    def __init__(self, max_context: int, vocab_size: int = 258, *, seed: int = 0) -> None:
        super().__init__(vocab_size, seed=seed, scale=1.0)
        self.max_context = max_context

    def prefill(self, ids: Any) -> tuple[Any, ArrayState]:
        state = ArrayState(np.zeros(len(ids), np.int64), np.zeros((len(ids), self.max_context or 0), np.int64))
        logits, state = self.extend(ids, state)
        return logits[:, -1], state

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        logits = np.empty((*np.shape(ids), self.vocab_size), np.float32)
        for row, tokens in enumerate(np.asarray(ids)):
            for place, token in enumerate(tokens):
                state.memory[row, state.lengths[row]] = token  # IndexError past the window
                state.lengths[row] += 1
                logits[row, place] = self._read(state.memory[row, : state.lengths[row]])
        self.tokens_read += logits.shape[0] * logits.shape[1]
        return logits, state

    def _read(self, held: np.ndarray) -> np.ndarray:
        logits: np.ndarray = self.table[(held * 31 + np.arange(len(held)) * 13) % 97].sum(axis=0) / np.sqrt(len(held))
        return logits
