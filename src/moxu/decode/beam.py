"""Beam search: the likeliest texts, found by following several beginnings at once instead of drawing.

The rules are those of ``generate`` in transformers, whose hypotheses it finds: a step considers the 2 x beams likeliest
ways to go on from all beams; one that ends counts as finished only among the first ``beams`` of them; the score of a
finished hypothesis is the sum of its tokens' logprobs divided by their number to the power of ``length_penalty``, the
end token counted, the prompt not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from moxu.decode.chain import apply, penalty_chain
from moxu.decode.draw import on_host, to_host
from moxu.decode.options import SamplingOptions
from moxu.decode.passages import Passages
from moxu.decode.reading import Horizon, Progress, read_on, read_prompt
from moxu.decode.rows import FinishReason, Step, forbidden
from moxu.decode.samplers import Sampler, log_softmax
from moxu.decode.steps import horizon_of
from moxu.decode.window import Window
from moxu.errors import MoxuError, SettingsError
from moxu.language_model import Array, LanguageModel
from moxu.text.tokenizer import Tokenizer

EarlyStopping = bool | Literal["never"]
"""When a search ends that has as many finished hypotheses as beams: at once (True), when the best beam would not be
better if it ended now (False), or when it cannot become better however long it goes on ("never")."""


@dataclass(frozen=True)
class Hypothesis:
    """What a beam wrote: its ids, the end token among them if it wrote one, their logprobs, and its score."""

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]  # after the penalties
    score: float


@dataclass(frozen=True)
class _Beam:
    """What was written so far; ``parent`` is the place, among the beams before, of the one it goes on from."""

    ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    total: float = 0.0
    parent: int = 0


@dataclass(frozen=True, kw_only=True)
class _Rules:
    beams: int
    max_tokens: int
    end_id: int | None
    length_penalty: float
    early_stopping: EarlyStopping

    def score(self, total: float, length: int) -> float:
        return float(total / length**self.length_penalty)

    def is_finished(self, beam: _Beam) -> bool:
        return len(beam.ids) == self.max_tokens or beam.ids[-1] == self.end_id

    def is_over(self, running: Sequence[_Beam], finished: Sequence[Hypothesis]) -> bool:
        """Whether no more need be read; both lists are best first."""
        if not running:
            return True
        if len(finished) < self.beams:
            return False
        if self.early_stopping is True:
            return True
        longest = self.early_stopping == "never" and self.length_penalty > 0
        length = self.max_tokens if longest else len(running[0].ids)
        return self.score(running[0].total, length) <= finished[-1].score


def beam_search(
    model: LanguageModel,
    prompt: Sequence[int],
    *,
    beams: int,
    max_tokens: int,
    end_id: int | None = None,
    length_penalty: float = 1.0,
    early_stopping: EarlyStopping = False,
    penalties: Sequence[Sampler] = (),
    forbidden_ids: Sequence[int] = (),
    returned: int = 1,
    horizon: Horizon | None = None,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> list[Hypothesis]:
    """Return the ``returned`` best of ``beams`` hypotheses of at most ``max_tokens`` tokens after a prompt, best first.

    ``penalties`` act on the logprobs of each step, ``forbidden_ids`` are never written. ``horizon``: how far the model
    sees (None: the window of its size, with which ``prompt`` is what is read, marks included). With ``Passages`` the
    search is for one of them, and ``max_tokens`` may not exceed its target. Raises SettingsError for numbers that do
    not go together, MoxuError where the penalties leave fewer texts than are to be returned.
    """
    if not 1 <= returned <= beams:
        raise SettingsError(f"{returned} hypotheses are wanted of {beams} beams; expected between 1 and {beams}")
    rules = _Rules(
        beams=beams,
        max_tokens=max_tokens,
        end_id=end_id,
        length_penalty=length_penalty,
        early_stopping=early_stopping,
    )
    horizon = horizon or Window(size=model.max_context)
    beginning = horizon.beginning(prompt)
    logits, state = read_prompt(model, beginning, chunk=chunk, progress=progress)
    running, finished, held = [_Beam()], list[Hypothesis](), [horizon.held_after(beginning)]
    while True:
        logprobs = _logprobs(logits, forbidden_ids)
        written = [list(beam.ids) for beam in running]
        history = [[*prompt, *ids] for ids in written]
        logprobs = apply(penalties, logprobs, history, None if model.passage is None else written)
        running, finished = _step(rules, running, finished, to_host(logprobs))
        if rules.is_over(running, finished):
            break
        parents = [beam.parent for beam in running]
        logits, state, held = read_on(
            model,
            state.select(parents),
            [[*prompt, *beam.ids] for beam in running],
            [held[parent] for parent in parents],
            [horizon] * len(parents),
        )
    if len(finished) < returned:
        raise MoxuError(
            f"the search found {len(finished)} of {returned} texts, then nothing was left to choose; "
            "is no_repeat_ngram too small?"
        )
    return finished[:returned]


def _logprobs(logits: Array, forbidden_ids: Sequence[int]) -> Array:
    """Return the logarithms of the probabilities (B, V) among what may be written; MoxuError when they are none."""
    view = on_host(logits)
    xp = array_namespace(view)
    allowed = xp.where(forbidden(view, forbidden_ids, view.shape[-1]), -float("inf"), view)
    if not bool(xp.all(xp.isfinite(xp.max(allowed, axis=-1)))):
        raise MoxuError("the model gave NaN instead of probabilities; is it damaged?")
    return log_softmax(allowed)


def _step(
    rules: _Rules, running: list[_Beam], finished: list[Hypothesis], logprobs: NDArray[Any]
) -> tuple[list[_Beam], list[Hypothesis]]:
    """Go one token on from all beams by logprobs (B, V); return what runs on and what is finished, best first."""
    candidates = _candidates(running, logprobs, 2 * rules.beams)
    ended = [beam for beam in candidates[: rules.beams] if rules.is_finished(beam)]
    finished = [*finished, *(_hypothesis(rules, beam) for beam in ended)]
    finished.sort(key=lambda one: -one.score)
    return [beam for beam in candidates if not rules.is_finished(beam)][: rules.beams], finished[: rules.beams]


def _candidates(running: list[_Beam], logprobs: NDArray[Any], count: int) -> list[_Beam]:
    """Return the ``count`` likeliest beams that are one token longer, likeliest first."""
    totals = np.asarray([[beam.total] for beam in running]) + logprobs.astype(np.float64)  # (B, V)
    flat = np.where(np.isnan(totals), -np.inf, totals).reshape(-1)  # (B * V,); NaN: nothing is left, see ``apply``
    count = min(count, int(np.isfinite(flat).sum()))
    if not count:  # penalties may leave nothing to write
        return []
    likeliest = np.argpartition(-flat, count - 1)[:count]
    likeliest = likeliest[np.lexsort((likeliest, -flat[likeliest]))]
    return [_longer(running, logprobs, *divmod(int(place), logprobs.shape[1])) for place in likeliest]


def _longer(running: list[_Beam], logprobs: NDArray[Any], parent: int, token_id: int) -> _Beam:
    beam, logprob = running[parent], float(logprobs[parent, token_id])
    return _Beam((*beam.ids, token_id), (*beam.logprobs, logprob), beam.total + logprob, parent)


def _hypothesis(rules: _Rules, beam: _Beam) -> Hypothesis:
    return Hypothesis(beam.ids, beam.logprobs, rules.score(beam.total, len(beam.ids)))


class Search:
    """The ``count`` best of ``beams`` texts, given as the steps of so many rows once all are found.

    Of ``options`` only the penalties act. For the rest see ``beam_search`` and ``Batch``.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        prompt: Sequence[int],
        *,
        options: SamplingOptions,
        beams: int,
        count: int,
        max_tokens: int,
        horizon: Horizon | None = None,
        past_end: bool = False,
        logprobs: bool = False,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.prompt, self.horizon = model, prompt, horizon or horizon_of(model, tokenizer)
        self.beams, self.penalties, self.numbers = beams, penalty_chain(options), range(count)
        self.max_tokens = min(max_tokens, self.horizon.target) if isinstance(self.horizon, Passages) else max_tokens
        self.past_end = past_end and model.passage is None
        self.end_id = None if self.past_end else tokenizer.end_id
        self.forbidden_ids = (*tokenizer.forbidden_ids, *range(tokenizer.vocab_size, model.vocab_size))
        self.logprobs, self.chunk, self.progress = logprobs, chunk, progress
        self._left: set[int] = set()

    def steps(self) -> Iterator[Step]:
        """Search, then yield the steps of the best text, of the second, and so on."""
        found = beam_search(
            self.model,
            self.prompt,
            beams=self.beams,
            max_tokens=self.max_tokens,
            end_id=self.end_id,
            penalties=self.penalties,
            forbidden_ids=self.forbidden_ids,
            returned=len(self.numbers),
            horizon=self.horizon,
            chunk=self.chunk,
            progress=self.progress,
        )
        for row, hypothesis in zip(self.numbers, found, strict=True):
            last = len(hypothesis.ids) - 1
            for place, (token_id, logprob) in enumerate(zip(hypothesis.ids, hypothesis.logprobs, strict=True)):
                if row in self._left:
                    break
                reason: FinishReason | None = None
                if place == last:
                    reason = "end" if token_id == self.end_id else "length"
                yield Step(row, token_id, logprob if self.logprobs else None, reason=reason)

    def drop(self, number: int) -> None:
        """Leave out the rest of a row."""
        self._left.add(number)
