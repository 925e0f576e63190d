"""Small deterministic models in numpy, and a byte tokenizer: enough to drive decoding without any weights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from moxu.language_model import Passage
from moxu.text.detokenize import StreamingDetokenizer

BYTES = 256
END = 256


class ByteTokenizer:
    """Ids 0-255 are bytes; 256 ends a text; 257 is never to be written."""

    kind = "bytes"
    source_marks: tuple[int, int] | None = None
    vocab_size = 258
    newline_id: int | None = 10
    end_id: int | None = END
    forbidden_ids: tuple[int, ...] = (257,)

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(self.token_bytes(token_id) for token_id in ids).decode(errors="replace")

    def detokenizer(self) -> StreamingDetokenizer:
        return StreamingDetokenizer(self)

    def token_bytes(self, token_id: int) -> bytes:
        return bytes([token_id]) if token_id < BYTES else b""


class MarkedTokenizer(ByteTokenizer):
    """Bytes, an end, and the marks around a source, which are never to be written."""

    vocab_size = 259
    source_marks: tuple[int, int] | None = (257, 258)
    forbidden_ids: tuple[int, ...] = (257, 258)


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
    passage: Passage | None = None

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


class PassageModel(NgramModel):
    """Reads a source between the marks of MarkedTokenizer; what follows depends on all of it and on the last two ids.

    ``sources`` lists what it has read as sources, row by row.
    """

    def __init__(self, source: int = 6, target: int = 5, *, seed: int = 0, end: float = 0.0) -> None:
        super().__init__(259, seed=seed)
        self.passage = Passage(source, target)
        self.table[:, END] += end  # how readily a passage ends
        self.sources: list[list[int]] = []

    def prefill(self, ids: Any) -> tuple[Any, ArrayState]:
        ids = np.asarray(ids)
        assert self.passage is not None
        assert ids.shape[1] <= self.passage.source + 2
        assert (ids[:, 0] == 257).all()
        assert (ids[:, -1] == 258).all()
        self.sources += ids[:, 1:-1].tolist()
        self.tokens_read += ids.size
        memory = np.zeros((len(ids), 3), np.int64)
        memory[:, 0] = (ids * np.arange(3, ids.shape[1] + 3)).sum(axis=1)
        return self._logits(memory), ArrayState(np.zeros(len(ids), np.int64), memory)

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        rows = []
        for column in np.asarray(ids).T:
            state.memory[:, 1:] = np.stack([state.memory[:, 2], column], axis=1)
            state.lengths += 1
            rows.append(self._logits(state.memory))
        assert self.passage is not None
        assert state.lengths.max() < self.passage.target
        self.tokens_read += np.size(ids)
        return np.stack(rows, axis=1), state

    def _logits(self, memory: np.ndarray) -> np.ndarray:
        logits: np.ndarray = self.table[(memory @ np.asarray([1, 31, 7])) % 97]
        return logits
