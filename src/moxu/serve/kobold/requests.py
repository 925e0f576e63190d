"""From what a client of KoboldAI's interface wishes to the request that a scheduler takes."""

from dataclasses import replace
from typing import Any

from moxu.decode.draw import SEED_LIMIT
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.errors import MoxuError
from moxu.serve.checks import check_within, token_biases
from moxu.serve.kobold.schema import GenerateWishes
from moxu.serve.limits import Limits
from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel
from moxu.writers.base import Request

USUAL_LENGTH = 512  # tokens of a text
ENDLESS_CONTEXT = 16_384  # tokens, which is told of a model that reads on for ever: clients need a number
LONGEST_CONTEXT = 2**30
LONGEST_RANGE = 65_536  # of tokens that a penalty counts
COLDEST = 0.01  # a lower temperature takes the likeliest token, as 0 does
NEVER = -100.0  # added to the logit of a token that is not to be written
TOP_P, TEMPERATURE = 2, 5  # in ``sampler_order``


def context_of(model: ServedModel) -> int:
    """Return the tokens of prompt and text together that clients are told a model can hold."""
    return model.max_context or ENDLESS_CONTEXT


def request_of(wishes: GenerateWishes, model: ServedModel, limits: Limits) -> Request:
    """Return the request of a generation; Problem names the field that is wrong."""
    length = USUAL_LENGTH if wishes.max_length is None else wishes.max_length
    _check(wishes, length, limits)
    context = _context(wishes, model)
    text, ids = _prompt(wishes, model, context and max(context - length, context // 2))
    past_end = model.manner.past_end if wishes.bypass_eos is None else wishes.bypass_eos
    try:
        return Request(
            prompt=text,
            prompt_ids=tuple(ids) or None,
            options=_options(wishes, model),
            count=1 if wishes.n is None else wishes.n,
            max_chars=limits.max_chars,
            max_tokens=length,
            seed=_seed(wishes),
            stop=wishes.stops,
            context=context,
            past_end=past_end,
        )
    except Problem:
        raise
    except MoxuError as error:
        raise Problem(400, str(error)) from None


def _check(wishes: GenerateWishes, length: int, limits: Limits) -> None:
    characters = len(wishes.memory or "") + len(wishes.prompt)
    check_within("prompt", characters, 0, limits.prompt_characters, "characters")
    check_within("max_length", length, 1, limits.max_tokens)
    check_within("max_context_length", wishes.max_context_length, 2, LONGEST_CONTEXT)
    check_within("n", wishes.n, 1, limits.n)
    check_within("rep_pen", wishes.rep_pen, 0.1, 10)
    check_within("rep_pen_range", wishes.rep_pen_range, 0, LONGEST_CONTEXT)
    check_within("stop_sequence", len(wishes.stops), 0, limits.stop_sequences, "stop strings")
    for stop in wishes.stops:
        check_within("stop_sequence", len(stop), 1, limits.stop_characters, "characters in a stop string")
    check_within("logit_bias", len(wishes.logit_bias or ()), 0, limits.biases, "ids")
    check_within("banned_tokens", len(wishes.banned_tokens or ()), 0, limits.biases, "texts")
    for banned in wishes.banned_tokens or ():
        check_within("banned_tokens", len(banned), 0, limits.stop_characters, "characters in a text")


def _context(wishes: GenerateWishes, model: ServedModel) -> int | None:
    """Return how many ids the model may see (None: as many as it can); a client may not know what it can hold."""
    if model.reads_source:
        return None  # it sees as much of a source as it can, in its own way
    bounds = [bound for bound in (wishes.max_context_length, model.max_context) if bound is not None]
    return min(bounds, default=None)


def _prompt(wishes: GenerateWishes, model: ServedModel, room: int | None) -> tuple[str, list[int]]:
    """Return the text and the ids of the memory and what follows it, of which only the end is kept if it is long."""
    memory = wishes.memory or ""
    text, ids = _read(memory + wishes.prompt, model)
    if room is None or len(ids) <= room:
        return text, ids
    kept = _read(memory, model)[1][: room - 1] if memory else []
    return text, kept + ids[len(ids) - room + len(kept) :]


def _read(text: str, model: ServedModel) -> tuple[str, list[int]]:
    """Return an opening as the model reads it: as a text, and as ids."""
    prompt = model.manner.prompt_of(text, model.tokenizer)
    return prompt.text, model.tokenizer.encode(prompt.text) if prompt.ids is None else list(prompt.ids)


def _seed(wishes: GenerateWishes) -> int | None:
    """Return the seed; a negative one is none, and KoboldAI's may be twice as large as moxu's."""
    seed = wishes.sampler_seed
    return None if seed is None or seed < 0 else seed % SEED_LIMIT


def _options(wishes: GenerateWishes, model: ServedModel) -> SamplingOptions:
    """Return the preset that suits the model, in which each sampler that is given replaces all that do its work."""
    given: dict[str, Any] = {
        name: getattr(wishes, name)
        for name in ("min_p", "presence_penalty", "frequency_penalty")
        if getattr(wishes, name) is not None
    }
    if wishes.temperature is not None:
        given["temperature"] = 0.0 if 0 <= wishes.temperature < COLDEST else wishes.temperature
        given["greedy"] = False
    if wishes.top_p is not None:
        given |= {"top_p": wishes.top_p, "top_p_newline": None, "top_p_rule": "exceed", "allow_p": None}
    if wishes.top_k is not None:
        given["top_k"] = wishes.top_k if wishes.top_k > 0 else None
    if wishes.rep_pen is not None:
        given |= {"repetition_penalty": wishes.rep_pen, "occurrence_penalty": 1.0}
    if wishes.rep_pen_range is not None:
        given["penalty_window"] = min(wishes.rep_pen_range or LONGEST_RANGE, LONGEST_RANGE)
    order = wishes.sampler_order or []
    if TOP_P in order and TEMPERATURE in order:
        given["temperature_when"] = "after" if order.index(TEMPERATURE) > order.index(TOP_P) else "before"
    if biases := _biases(wishes, model):
        given["logit_bias"] = tuple(biases.items())
    return replace(sampling_options(model.manner.preset), **given)


def _biases(wishes: GenerateWishes, model: ServedModel) -> dict[int, float]:
    """Return what is added to the logits of ids, and which of them are never to be written."""
    biases = dict(token_biases(wishes.logit_bias or {}, model.tokenizer.vocab_size))
    for text in filter(None, wishes.banned_tokens or ()):
        ids = model.tokenizer.encode(text)
        if len(ids) != 1:
            message = f"banned_tokens has {text!r}, which is {len(ids)} tokens of this model; only single ones can be"
            raise Problem(400, message, param="banned_tokens")
        biases[ids[0]] = NEVER
    if wishes.use_default_badwordsids and model.tokenizer.end_id is not None:
        biases[model.tokenizer.end_id] = NEVER
    return biases
