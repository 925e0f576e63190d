"""The order in which the samplers act: the one place where options become a chain."""

from collections.abc import Iterable

from moxu.decode.options import SamplingOptions
from moxu.decode.penalties import CountPenalty, RepetitionPenalty
from moxu.decode.samplers import Greedy, History, MinP, Sampler, Temperature, TopK, TopP
from moxu.language_model import Array


def sampler_chain(options: SamplingOptions, newline_id: int | None = None) -> tuple[Sampler, ...]:
    """Return the samplers of ``options`` in the order in which they act; those that would do nothing are left out.

    penalties, then (unless greedy) temperature "before", top-k, top-p, min-p, temperature "after".
    """
    penalties = _penalties(options)
    if options.is_greedy:
        return (*penalties, Greedy())
    cuts = _cuts(options, newline_id)
    if options.temperature == 1.0:
        return (*penalties, *cuts)
    temperature = Temperature(temperature=options.temperature)
    if options.temperature_when == "before":
        return (*penalties, temperature, *cuts)
    return (*penalties, *cuts, temperature)


def apply(chain: Iterable[Sampler], logits: Array, history: History) -> Array:
    """Return the logits (B, V) after every sampler of the chain."""
    for sampler in chain:
        logits = sampler(logits, history)
    return logits


def _penalties(options: SamplingOptions) -> list[Sampler]:
    window = options.penalty_window
    penalties: list[Sampler] = []
    if options.repetition_penalty != 1.0:
        penalties.append(RepetitionPenalty(penalty=options.repetition_penalty, window=window))
    presence, frequency = options.presence_penalty, options.frequency_penalty
    if presence != 0.0 or frequency != 0.0:
        penalties.append(CountPenalty(presence=presence, frequency=frequency, window=window))
    return penalties


def _cuts(options: SamplingOptions, newline_id: int | None) -> list[Sampler]:
    cuts: list[Sampler] = []
    if options.top_k is not None:
        cuts.append(TopK(count=options.top_k))
    after_newline = options.top_p if options.top_p_newline is None else options.top_p_newline
    if options.top_p < 1.0 or after_newline < 1.0:
        cuts.append(TopP(mass=options.top_p, mass_newline=after_newline, newline_id=newline_id, allow=options.allow_p))
    if options.min_p > 0.0:
        cuts.append(MinP(fraction=options.min_p))
    return cuts
