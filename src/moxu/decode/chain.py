"""The order in which the samplers act: the one place where options become a chain."""

from collections.abc import Iterable

import numpy as np

from moxu.decode.options import SamplingOptions
from moxu.decode.penalties import CountPenalty, LogitBias, NoRepeatNgram, OccurrencePenalty, RepetitionPenalty
from moxu.decode.samplers import Greedy, History, MinP, Sampler, Temperature, TopK, TopP
from moxu.language_model import Array


def sampler_chain(options: SamplingOptions, newline_id: int | None = None) -> tuple[Sampler, ...]:
    """Return the samplers of ``options`` in the order in which they act; those that would do nothing are left out.

    the bias, penalties, then (unless greedy) temperature "before", the penalty by occurrence, top-k, top-p, min-p,
    temperature "after".
    """
    penalties = _penalties(options)
    occurrence = _occurrence(options)
    if options.is_greedy:
        return (*penalties, *occurrence, Greedy())
    cuts = (*occurrence, *_cuts(options, newline_id))
    if options.temperature == 1.0:
        return (*penalties, *cuts)
    temperature = Temperature(temperature=options.temperature)
    if options.temperature_when == "before":
        return (*penalties, temperature, *cuts)
    return (*penalties, *cuts, temperature)


def penalty_chain(options: SamplingOptions) -> tuple[Sampler, ...]:
    """Return the penalties alone, for a search that chooses by itself."""
    return (*_penalties(options), *_occurrence(options))


def apply(chain: Iterable[Sampler], logits: Array, history: History, passages: History | None = None) -> Array:
    """Return the logits (B, V) after every sampler of the chain.

    ``passages``: the end of each row's history that its model is writing as one passage (None: all of it). A penalty by
    occurrence counts there, because it punishes what the model wrote, not what it was given. A row in which nothing is
    left to choose becomes -inf or NaN, which ``draw`` refuses.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        for sampler in chain:
            counted = passages if passages is not None and isinstance(sampler, OccurrencePenalty) else history
            logits = sampler(logits, counted)
    return logits


def _penalties(options: SamplingOptions) -> list[Sampler]:
    window = options.penalty_window
    penalties: list[Sampler] = []
    if options.logit_bias:
        penalties.append(LogitBias(biases=options.logit_bias))
    if options.no_repeat_ngram is not None:
        penalties.append(NoRepeatNgram(size=options.no_repeat_ngram))
    if options.repetition_penalty != 1.0:
        penalties.append(RepetitionPenalty(penalty=options.repetition_penalty, window=window))
    presence, frequency = options.presence_penalty, options.frequency_penalty
    if presence != 0.0 or frequency != 0.0:
        penalties.append(CountPenalty(presence=presence, frequency=frequency, window=window))
    return penalties


def _occurrence(options: SamplingOptions) -> list[Sampler]:
    return [] if options.occurrence_penalty == 1.0 else [OccurrencePenalty(factor=options.occurrence_penalty)]


def _cuts(options: SamplingOptions, newline_id: int | None) -> list[Sampler]:
    cuts: list[Sampler] = []
    if options.top_k is not None:
        cuts.append(TopK(count=options.top_k))
    after_newline = options.top_p if options.top_p_newline is None else options.top_p_newline
    if options.top_p < 1.0 or after_newline < 1.0:
        top_p = TopP(
            mass=options.top_p,
            mass_newline=after_newline,
            newline_id=newline_id,
            allow=options.allow_p,
            reach=options.top_p_rule == "reach",
            as_given=options.occurrence_penalty != 1.0,  # which gives probabilities, as this takes them
        )
        cuts.append(top_p)
    if options.min_p > 0.0:
        cuts.append(MinP(fraction=options.min_p))
    return cuts
