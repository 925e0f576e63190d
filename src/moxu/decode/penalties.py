"""Samplers against repetition: they lower the logits of tokens that the last part of the text already holds."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device

from moxu.decode.samplers import History
from moxu.language_model import Array


@dataclass(frozen=True, kw_only=True)
class RepetitionPenalty:
    """Divides positive logits of tokens seen in the last ``window`` by ``penalty``, multiplies negative ones (CTRL)."""

    penalty: float | Array
    window: int

    def __call__(self, logits: Array, history: History) -> Array:
        xp = array_namespace(logits)
        seen = seen_recently(logits, history, self.window)
        punished = xp.where(logits > 0, logits / self.penalty, logits * self.penalty)
        return xp.where(seen, punished, logits)


@dataclass(frozen=True, kw_only=True)
class CountPenalty:
    """Subtracts ``presence`` from the logit of each token seen in the last ``window``, and ``frequency`` each time."""

    presence: float | Array
    frequency: float | Array
    window: int

    def __call__(self, logits: Array, history: History) -> Array:
        xp = array_namespace(logits)
        counts = recent_counts(logits, history, self.window)
        seen = xp.astype(counts > 0, logits.dtype)
        return logits - self.presence * seen - self.frequency * counts


def seen_recently(logits: Array, history: History, window: int) -> Array:
    """Return which tokens stand among the last ``window`` ids of each row: (B, V), where the logits are."""
    seen = np.zeros(logits.shape, np.bool_)  # (B, V)
    for row, ids in zip(seen, history, strict=True):
        row[ids[-window:]] = True
    return array_namespace(logits).asarray(seen, device=device(logits))


def recent_counts(logits: Array, history: History, window: int) -> Array:
    """Return how often each token stands among the last ``window`` ids of each row: (B, V), where the logits are."""
    counts = np.zeros(logits.shape, np.float32)  # (B, V)
    for row, ids in zip(counts, history, strict=True):
        np.add.at(row, np.asarray(ids[-window:], np.int64), 1.0)
    return array_namespace(logits).asarray(counts, device=device(logits))
