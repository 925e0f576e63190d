"""One row of a text while it is written: the course it takes, the choice of its next token, and how it ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array

from moxu.decode.chain import apply, sampler_chain
from moxu.decode.draw import draw, on_host, to_host, uniform
from moxu.decode.options import SamplingOptions
from moxu.decode.passages import Passages
from moxu.decode.reading import Horizon
from moxu.decode.samplers import Sampler, log_weights
from moxu.language_model import Array
from moxu.text.tokenizer import Tokenizer

FinishReason = Literal["length", "stop", "end", "window", "time", "cancelled"]
"""Why a text ended: as long as was asked; a stop string; the model's end token; its context full; its time up; its
reader."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A token that might follow, and the logarithm of its probability."""

    id: int
    logprob: float


@dataclass(frozen=True, slots=True)
class Step:
    """One token chosen for one row; ``reason`` is set when it is the row's last.

    ``logprob`` and ``alternatives`` (likeliest first) are filled when asked for. They are of the model's own
    distribution over the tokens it may write, before any penalty, temperature or cut.
    """

    row: int
    id: int
    logprob: float | None = None
    alternatives: tuple[Choice, ...] = ()
    reason: FinishReason | None = None


@dataclass(frozen=True, kw_only=True)
class Course:
    """What the rows of one request have in common: how tokens are chosen, how far the model sees, where a text ends.

    ``past_end``: the end token of a model that reads from left to right ends nothing, the text goes on after it.
    ``max_passages``: so many are written by a model that writes by passages (None: as many as it takes).
    ``top_logprobs``: each step reports its logprob and so many likelier tokens (None: neither).
    """

    chain: tuple[Sampler, ...]
    horizon: Horizon
    max_tokens: int
    end_id: int | None
    past_end: bool = False
    max_passages: int | None = None
    top_logprobs: int | None = None

    @classmethod
    def of(
        cls,
        options: SamplingOptions,
        horizon: Horizon,
        tokenizer: Tokenizer,
        *,
        max_tokens: int,
        past_end: bool = False,
        passages: int | None = None,
        top_logprobs: int | None = None,
    ) -> Self:
        """Return the course of a request with these options, for a model with this horizon and vocabulary."""
        past_end = past_end and not isinstance(horizon, Passages)
        return cls(
            chain=sampler_chain(options, tokenizer.newline_id),
            horizon=horizon,
            max_tokens=max_tokens,
            end_id=None if past_end else tokenizer.end_id,
            past_end=past_end,
            max_passages=passages,
            top_logprobs=top_logprobs,
        )


@dataclass(eq=False)
class Row:
    """One continuation while it is written: its number in its request, its seed, and its text so far in ids."""

    number: int
    seed: int
    history: list[int]  # the prompt and what was written
    held: int  # what the state holds of it, as its horizon counts
    course: Course
    written: int = 0  # tokens, those that only ended a passage among them
    passages: int = 0  # that are over

    def take(self, token_id: int) -> Step:
        """Add a token and see whether it is the last."""
        course = self.course
        self.written += 1
        ends = token_id == course.end_id
        if not ends:
            self.history.append(token_id)
        reason: FinishReason | None = "end" if ends else None
        if isinstance(course.horizon, Passages):
            reason = self._end_passage(course.horizon, ends)
        if reason is None and self.written >= course.max_tokens:
            reason = "length"
        if reason is None and course.horizon.ends(self.held):
            reason = "window"
        return Step(self.number, token_id, reason=reason)

    def _end_passage(self, passages: Passages, ends: bool) -> FinishReason | None:
        """See whether a passage is over, and whether it was the last."""
        if ends and self.held == 0:
            return "end"  # an empty passage: the next would be empty too
        if not ends and not passages.is_full(self.held):
            return None
        self.passages += 1
        if self.passages == self.course.max_passages:
            return "end" if ends else "length"
        self.held = passages.over
        return None


def choose(rows: Sequence[Row], logits: Array) -> list[int]:
    """Return the token chosen for each row, from logits (B, V) in which what may not be written is -inf.

    The rows stay as they are. Those with equal chains are chosen for at once; what is chosen for a row does not depend
    on the others. Raises MoxuError when a row has no token to choose.
    """
    ids = [0] * len(rows)
    for chain, places in _by_chain(rows).items():
        group = [rows[place] for place in places]
        history = [row.history for row in group]
        uniforms = [uniform(row.seed, row.written) for row in group]
        chosen = draw(apply(chain, _of_rows(logits, places), history, _passages(group)), uniforms)
        for place, token_id in zip(places, chosen, strict=True):
            ids[place] = token_id
    return ids


def with_logprobs(rows: Sequence[Row], steps: Sequence[Step], logits: Array) -> list[Step]:
    """Return the steps of the rows, with the logprobs that their courses ask for, from logits (B, V)."""
    reported = list(steps)
    asking: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        if row.course.top_logprobs is not None:
            asking.setdefault(row.course.top_logprobs, []).append(place)
    for count, places in asking.items():
        told = report([steps[place].id for place in places], _of_rows(logits, places), count)
        for place, (logprob, alternatives) in zip(places, told, strict=True):
            reported[place] = replace(steps[place], logprob=logprob, alternatives=alternatives)
    return reported


def forbidden(logits: Array, ids: Sequence[int], vocab_size: int) -> Array:
    """Return, where the logits are, which tokens (1, V) are never written: ``ids``, and those without any text."""
    mask = np.arange(logits.shape[-1])[None] >= vocab_size  # a model's vocabulary may be padded
    mask[:, list(ids)] = True
    view = on_host(logits)
    return array_namespace(view).asarray(mask, device=device(view))


def token_logprobs(logits: Array, ids: Array) -> Array:
    """Return the logarithm of the probability of each of ids (..., n) under logits (..., V)."""
    xp = array_namespace(logits)
    shifted, log_total = log_weights(logits)
    return xp.take_along_axis(shifted, ids, axis=-1) - log_total


def report(ids: Sequence[int], logits: Array, count: int) -> list[tuple[float, tuple[Choice, ...]]]:
    """Return the logprob of one id in each row of logits (B, V), and the ``count`` likeliest tokens in its place."""
    xp = array_namespace(logits)
    told = xp.asarray([[token_id] for token_id in ids], device=device(logits))  # (B, 1)
    wanted = xp.concat([told, xp.astype(_likeliest(logits, count), told.dtype)], axis=-1)  # (B, 1 + count)
    found = zip(to_host(wanted).tolist(), to_host(token_logprobs(logits, wanted)).tolist(), strict=True)
    return [(logprobs[0], _choices(ids[1:], logprobs[1:])) for ids, logprobs in found]


def rows_of(array: Array, places: Sequence[int]) -> Array:
    """Return a copy of these rows of an array (B, ...), in this order."""
    xp = array_namespace(array)
    return xp.take(array, xp.asarray(list(places), dtype=xp.int64, device=device(array)), axis=0)


def _likeliest(logits: Array, count: int) -> Array:
    """Return the ids (B, count) of the likeliest tokens, likeliest first, from logits (B, V)."""
    xp = array_namespace(logits)
    if count == 0:
        return xp.empty((logits.shape[0], 0), dtype=xp.int64, device=device(logits))
    if not is_numpy_array(logits) or count >= logits.shape[-1]:
        return xp.argsort(logits, axis=-1, descending=True)[:, :count]
    best = np.sort(np.argpartition(logits, -count, axis=-1)[:, -count:], axis=-1)  # to sort all costs ten times as much
    order = np.argsort(-np.take_along_axis(logits, best, axis=-1), axis=-1, kind="stable")
    return np.take_along_axis(best, order, axis=-1)


def _choices(ids: Sequence[int], logprobs: Sequence[float]) -> tuple[Choice, ...]:
    pairs = zip(ids, logprobs, strict=True)
    return tuple(Choice(*pair) for pair in pairs if pair[1] > -math.inf)  # a small vocabulary has not so many


def _of_rows(logits: Array, places: Sequence[int]) -> Array:
    """Return these rows, in ascending order, without a copy when they are all."""
    return logits if len(places) == logits.shape[0] else rows_of(logits, places)


def _by_chain(rows: Sequence[Row]) -> dict[tuple[Sampler, ...], list[int]]:
    """Return the places of the rows that share a chain."""
    if all(row.course is rows[0].course for row in rows):
        return {rows[0].course.chain: list(range(len(rows)))}
    places: dict[tuple[Sampler, ...], list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.course.chain, []).append(place)
    return places


def _passages(rows: Sequence[Row]) -> list[Sequence[int]] | None:
    """Return the present passage of each row; all rows of one model write by passages, or none does."""
    horizons = [row.course.horizon for row in rows]
    if not isinstance(horizons[0], Passages):
        return None
    return [
        horizon.written(row.history, row.held)
        for horizon, row in zip(horizons, rows, strict=True)
        if isinstance(horizon, Passages)
    ]
