"""Samplers that change logits before any cut: against repetition, by what the text already holds, or as asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device
from numpy.typing import NDArray

from moxu.decode.samplers import History, log_softmax
from moxu.errors import SettingsError
from moxu.language_model import Array


@dataclass(frozen=True, kw_only=True)
class LogitBias:
    """Adds to the logits of these ids; SettingsError for an id that the model has not."""

    biases: tuple[tuple[int, float], ...]

    def __call__(self, logits: Array, history: History) -> Array:  # noqa: ARG002
        added = np.zeros((1, logits.shape[-1]), np.float32)  # (1, V)
        for token_id, bias in self.biases:
            if not 0 <= token_id < added.shape[-1]:
                raise SettingsError(f"logit_bias has id {token_id}; expected ids from 0 to {added.shape[-1] - 1}")
            added[0, token_id] += bias
        xp = array_namespace(logits)
        return logits + xp.asarray(added, dtype=logits.dtype, device=device(logits))


@dataclass(frozen=True, kw_only=True)
class NoRepeatNgram:
    """Forbids every token that would make the last ``size`` tokens of a text stand in it twice, prompt included."""

    size: int

    def __call__(self, logits: Array, history: History) -> Array:
        banned = np.zeros(logits.shape, np.bool_)  # (B, V)
        for row, ids in zip(banned, history, strict=True):
            row[_followers(ids, self.size)] = True
        xp = array_namespace(logits)
        return xp.where(xp.asarray(banned, device=device(logits)), -xp.inf, logits)


@dataclass(frozen=True, kw_only=True)
class OccurrencePenalty:
    """Multiplies the probability of a token by ``factor`` once for each time that the text of the row holds it.

    What it gives are logarithms of probabilities that sum to less than 1: what one token loses, no other gains. That
    matters to a nucleus, which grows where the likeliest were punished; see ``TopP.as_given``. Source: the generators
    of Misaka-Writer V3.
    """

    factor: float | Array

    def __call__(self, logits: Array, history: History) -> Array:
        xp = array_namespace(logits)
        loss = xp.log(xp.asarray(self.factor, dtype=logits.dtype, device=device(logits)))
        return log_softmax(logits) + recent_counts(logits, history, None) * loss


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


def recent_counts(logits: Array, history: History, window: int | None) -> Array:
    """Return how often each token stands among the last ``window`` ids (None: all) of each row: (B, V).

    The counts are where the logits are.
    """
    counts = np.zeros(logits.shape, np.float32)  # (B, V)
    for row, ids in zip(counts, history, strict=True):
        np.add.at(row, np.asarray(ids if window is None else ids[-window:], np.int64), 1.0)
    return array_namespace(logits).asarray(counts, device=device(logits))


def _followers(ids: Sequence[int], size: int) -> NDArray[np.int64]:
    """Return what has followed the last ``size - 1`` ids wherever they stand in ``ids``."""
    tokens = np.asarray(ids, np.int64)
    if len(tokens) < size:
        return tokens[:0]
    grams = np.lib.stride_tricks.sliding_window_view(tokens, size)  # (N - size + 1, size)
    again = (grams[:, :-1] == tokens[len(tokens) - size + 1 :]).all(axis=1)  # (N - size + 1,)
    followers: NDArray[np.int64] = grams[again, -1]
    return followers
