"""The decoding loop, in ids: read a prompt once, then choose, report and read, for all continuations at once."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from array_api_compat import array_namespace, device

from moxu.decode.chain import apply, sampler_chain
from moxu.decode.draw import draw, on_host, to_host, uniform
from moxu.decode.options import SamplingOptions
from moxu.decode.passages import Passages
from moxu.decode.reading import Horizon, Progress, read_on, read_prompt
from moxu.decode.samplers import log_weights
from moxu.decode.window import Window
from moxu.language_model import Array, LanguageModel
from moxu.text.tokenizer import Tokenizer

FinishReason = Literal["length", "stop", "end", "window", "cancelled"]
"""Why a text ended: it is as long as was asked; a stop string; the model's end token; its full context; its reader."""


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


@dataclass
class Row:
    """One continuation while it is written: its number, its seed, and its text so far in ids."""

    number: int
    seed: int
    history: list[int]  # the prompt and what was written
    held: int  # what the state holds of it, as its horizon counts
    written: int = 0  # tokens, those that only ended a passage among them
    passages: int = 0  # that are over


class Batch:
    """K continuations of one prompt, decoded together from one shared reading of it.

    Iterate over ``steps()``, once; a row leaves when it ends by itself or is dropped, and the batch narrows. The model
    reads a step only when the next one is wanted, so a token can be shown before the next is computed.

    ``horizon``: how far the model sees (None: a Window of its size, or its Passages). ``past_end``: the end token of a
    model that reads from left to right ends nothing, the text goes on after it. ``passages``: so many of them are
    written by a model that writes by passages (None: as many as it takes).
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        prompt: Sequence[int],
        *,
        options: SamplingOptions,
        seeds: Sequence[int],
        max_tokens: int,
        horizon: Horizon | None = None,
        past_end: bool = False,
        passages: int | None = None,
        top_logprobs: int | None = None,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.horizon = model, horizon or horizon_of(model, tokenizer)
        self.max_tokens, self.max_passages, self.top_logprobs = max_tokens, passages, top_logprobs
        self.past_end = past_end and model.passage is None
        self.end_id = None if self.past_end else tokenizer.end_id
        self.chain = sampler_chain(options, tokenizer.newline_id)
        beginning = self.horizon.beginning(prompt)
        logits, state = read_prompt(model, beginning, chunk=chunk, progress=progress)
        self._forbidden = forbidden(logits, tokenizer.forbidden_ids, tokenizer.vocab_size)  # (1, V)
        self._logits = logits  # of what follows each row: (B, V), and (1, V) while it is the same for all
        self._state = state.select([0] * len(seeds)) if len(seeds) > 1 else state
        held = self.horizon.held_after(beginning)
        self.rows = [Row(number, seed, list(prompt), held) for number, seed in enumerate(seeds)]
        self._left: set[int] = set()

    @property
    def numbers(self) -> list[int]:
        """The numbers of the rows that have not left."""
        return [row.number for row in self.rows]

    def steps(self) -> Iterator[Step]:
        """Yield the steps of all rows, row after row, until every row has ended or was dropped."""
        self._let_go()
        if len(self.rows) > 1:
            self._logits = array_namespace(self._logits).repeat(self._logits, len(self.rows), axis=0)
        while self.rows:
            yield from self._choose()
            self._let_go()
            if self.rows:
                self._read()

    def drop(self, number: int) -> None:
        """Let a row leave before the next token is read."""
        self._left.add(number)

    def _let_go(self) -> None:
        """Narrow the batch to the rows that stay."""
        staying = [place for place, row in enumerate(self.rows) if row.number not in self._left]
        if len(staying) < len(self.rows):
            self.rows = [self.rows[place] for place in staying]
            self._state = self._state.select(staying) if staying else None

    def _read(self) -> None:
        """Read the ids chosen last; every row here has one."""
        history, held = [row.history for row in self.rows], [row.held for row in self.rows]
        self._logits, self._state, counts = read_on(self.model, self._state, history, held, self.horizon)
        for row, count in zip(self.rows, counts, strict=True):
            row.held = count

    def _choose(self) -> list[Step]:
        logits = on_host(self._logits)
        logits = array_namespace(logits).where(self._forbidden, -float("inf"), logits)
        history = [row.history for row in self.rows]
        passages = None
        if isinstance(self.horizon, Passages):
            passages = [self.horizon.written(row.history, row.held) for row in self.rows]
        uniforms = [uniform(row.seed, row.written) for row in self.rows]
        ids = draw(apply(self.chain, logits, history, passages), uniforms)
        steps = [self._take(row, token_id) for row, token_id in zip(self.rows, ids, strict=True)]
        return steps if self.top_logprobs is None else with_logprobs(steps, logits, self.top_logprobs)

    def _take(self, row: Row, token_id: int) -> Step:
        """Add a token to its row and see whether it is the last."""
        row.written += 1
        ends = token_id == self.end_id
        if not ends:
            row.history.append(token_id)
        reason: FinishReason | None = "end" if ends else None
        if isinstance(self.horizon, Passages):
            reason = self._end_passage(row, self.horizon, ends)
        if reason is None and row.written >= self.max_tokens:
            reason = "length"
        if reason is None and self.horizon.ends(row.held):
            reason = "window"
        if reason is not None:
            self.drop(row.number)
        return Step(row.number, token_id, reason=reason)

    def _end_passage(self, row: Row, passages: Passages, ends: bool) -> FinishReason | None:
        """See whether a passage is over, and whether it was the row's last."""
        if ends and row.held == 0:
            return "end"  # an empty passage: the next would be empty too
        if not ends and not passages.is_full(row.held):
            return None
        row.passages += 1
        if row.passages == self.max_passages:
            return "end" if ends else "length"
        row.held = passages.over
        return None


def horizon_of(model: LanguageModel, tokenizer: Tokenizer) -> Horizon:
    """Return how far a model sees by itself: its passages, or a window of its size that is read again when full."""
    if model.passage is not None:
        return Passages.of(model.passage, tokenizer)
    return Window(size=model.max_context)


def forbidden(logits: Array, ids: Sequence[int], vocab_size: int) -> Array:
    """Return, where the logits are, which tokens (1, V) are never written: ``ids``, and those without any text."""
    mask = np.arange(logits.shape[-1])[None] >= vocab_size  # a model's vocabulary may be padded
    mask[:, list(ids)] = True
    view = on_host(logits)
    return array_namespace(view).asarray(mask, device=device(view))


def with_logprobs(steps: Sequence[Step], logits: Array, count: int) -> list[Step]:
    """Return the steps with the logprob of the chosen token and the ``count`` likeliest, from logits (B, V)."""
    xp = array_namespace(logits)
    chosen = xp.asarray([[step.id] for step in steps], device=device(logits))  # (B, 1)
    best = xp.argsort(logits, axis=-1, descending=True)[:, :count]  # (B, n)
    wanted = xp.concat([chosen, xp.astype(best, chosen.dtype)], axis=-1)
    ids, logprobs = to_host(wanted).tolist(), to_host(token_logprobs(logits, wanted)).tolist()
    return [_with_choices(step, *row) for step, *row in zip(steps, ids, logprobs, strict=True)]


def token_logprobs(logits: Array, ids: Array) -> Array:
    """Return the logarithm of the probability of each of ids (..., n) under logits (..., V)."""
    xp = array_namespace(logits)
    shifted, log_total = log_weights(logits)
    return xp.take_along_axis(shifted, ids, axis=-1) - log_total


def _with_choices(step: Step, ids: list[int], logprobs: list[float]) -> Step:
    pairs = zip(ids[1:], logprobs[1:], strict=True)
    alternatives = tuple(Choice(*pair) for pair in pairs if pair[1] > -math.inf)  # a small vocabulary has not so many
    return Step(step.row, step.id, logprobs[0], alternatives, step.reason)
