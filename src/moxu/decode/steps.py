"""The decoding loop, in ids: read a prompt once, then choose, report and read, for all continuations at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from array_api_compat import array_namespace, device

from moxu.decode.chain import apply, sampler_chain
from moxu.decode.draw import draw, on_host, to_host, uniform
from moxu.decode.options import SamplingOptions
from moxu.decode.window import Window, read_on
from moxu.errors import SettingsError
from moxu.language_model import Array, LanguageModel
from moxu.text.tokenizer import Tokenizer

FinishReason = Literal["length", "stop", "end", "window", "cancelled"]
"""Why a text ended: it is as long as was asked; a stop string; the model's end token; its full context; its reader."""

Progress = Callable[[int, int], None]
"""Called with the number of tokens read so far and the number to read."""


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
    held: int  # how many of the newest ids of the history, at the last reading, the state holds
    written: int = 0


class Batch:
    """K continuations of one prompt, decoded together from one shared reading of it.

    Iterate over ``steps()``, once; a row leaves when it ends by itself or is dropped, and the batch narrows. The model
    reads a step only when the next one is wanted, so a token can be shown before the next is computed.
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
        window: Window | None = None,
        top_logprobs: int | None = None,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.window = model, window or Window(size=model.max_context)
        self.max_tokens, self.top_logprobs, self.end_id = max_tokens, top_logprobs, tokenizer.end_id
        self.chain = sampler_chain(options, tokenizer.newline_id)
        visible = self.window.visible(prompt)
        logits, state = read_prompt(model, visible, chunk=chunk, progress=progress)
        self._forbidden = forbidden(logits, tokenizer.forbidden_ids, tokenizer.vocab_size)  # (1, V)
        self._logits = logits  # of what follows each row: (B, V), and (1, V) while it is the same for all
        self._state = state.select([0] * len(seeds)) if len(seeds) > 1 else state
        self.rows = [Row(number, seed, list(prompt), len(visible)) for number, seed in enumerate(seeds)]
        self._left: set[int] = set()

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
        self._logits, self._state, counts = read_on(self.model, self._state, history, held, self.window)
        for row, count in zip(self.rows, counts, strict=True):
            row.held = count

    def _choose(self) -> list[Step]:
        logits = on_host(self._logits)
        logits = array_namespace(logits).where(self._forbidden, -float("inf"), logits)
        history = [row.history for row in self.rows]
        uniforms = [uniform(row.seed, row.written) for row in self.rows]
        ids = draw(apply(self.chain, logits, history), uniforms)
        steps = [self._take(row, token_id) for row, token_id in zip(self.rows, ids, strict=True)]
        return steps if self.top_logprobs is None else with_logprobs(steps, logits, self.top_logprobs)

    def _take(self, row: Row, token_id: int) -> Step:
        """Add a token to its row and see whether it is the last."""
        row.history.append(token_id)
        row.written += 1
        reason: FinishReason | None = None
        if token_id == self.end_id:
            reason = "end"
        elif row.written >= self.max_tokens:
            reason = "length"
        elif self.window.policy == "stop" and self.window.is_full(row.held):
            reason = "window"
        if reason is not None:
            self.drop(row.number)
        return Step(row.number, token_id, reason=reason)


def read_prompt(
    model: LanguageModel, ids: Sequence[int], *, chunk: int | None = None, progress: Progress | None = None
) -> tuple[Array, Any]:
    """Read one prompt; return the logits (1, V) of what follows it, and the state.

    With ``chunk`` it is read in pieces of so many tokens: bounded memory, and progress to report. (``extend`` makes
    logits for every token of a piece, so a piece should stay near a thousand.) A model whose prompt is read in both
    directions needs it whole. Raises SettingsError for an empty prompt.
    """
    if not ids:
        raise SettingsError("the prompt is empty; give at least one character")
    tokens, size = np.asarray([ids], np.int64), chunk or len(ids)  # (1, T)
    logits, state = model.prefill(tokens[:, :size])
    for start in range(size, len(ids), size):
        if progress is not None:
            progress(start, len(ids))
        after_each, state = model.extend(tokens[:, start : start + size], state)
        logits = after_each[:, -1]
    if progress is not None:
        progress(len(ids), len(ids))
    return logits, state


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
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    normaliser = xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))
    return xp.take_along_axis(shifted, ids, axis=-1) - normaliser


def _with_choices(step: Step, ids: list[int], logprobs: list[float]) -> Step:
    alternatives = tuple(Choice(*pair) for pair in zip(ids[1:], logprobs[1:], strict=True))
    return Step(step.row, step.id, logprobs[0], alternatives, step.reason)
