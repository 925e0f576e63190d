"""From what a client of OpenAI's interface wishes to the requests that a scheduler takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moxu.decode.draw import SEED_LIMIT
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.errors import MoxuError
from moxu.serve.checks import check_within, token_biases
from moxu.serve.limits import Limits
from moxu.serve.openai.schema import ChatWishes, CompletionWishes, Wishes
from moxu.serve.openai.transcript import Turn, chat_prompt
from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel
from moxu.writers.base import Request
from moxu.writers.manners import Prompt

USUAL_CHARS = 300
"""How long a text becomes when neither tokens nor characters are given, as at the command line."""


@dataclass(frozen=True)
class Asked:
    """The requests of one call, one for each prompt; the prompts as the client gave them, and their tokens."""

    requests: tuple[Request, ...]
    given: tuple[str, ...]
    prompt_tokens: int

    @property
    def n(self) -> int:
        """The texts for each prompt."""
        return self.requests[0].count


def ask_completion(wishes: CompletionWishes, model: ServedModel, limits: Limits) -> Asked:
    """Return the requests of a completion; Problem names the field that is wrong."""
    prompts = _prompts(wishes)
    check_within("prompt", len(prompts), 1, limits.prompts, "prompts")
    check_within("n", len(prompts) * (1 if wishes.n is None else wishes.n), 1, limits.texts, "texts in all")
    given = [one if isinstance(one, str) else model.tokenizer.decode(_known(one, model)) for one in prompts]
    for text in given:
        check_within("prompt", len(text), 0, limits.prompt_characters, "characters")
    plan = _Plan(wishes, model, limits, wishes.logprobs, wishes.max_tokens, bool(wishes.echo))
    requests = [plan.request(_prompt_of(one, text, wishes, model)) for one, text in zip(prompts, given, strict=True)]
    asked = _asked(requests, given)
    if requests[0].prompt_logprobs:
        _check_prompt_logprobs(asked, model, limits)
    _check_logprobs(asked, wishes, limits)
    return asked


def ask_chat(wishes: ChatWishes, model: ServedModel, limits: Limits) -> Asked:
    """Return the request of a chat; Problem names the field that is wrong."""
    check_within("messages", len(wishes.messages), 1, limits.messages, "messages")
    turns = [Turn(message.role, message.text) for message in wishes.messages]
    check_within("messages", sum(len(turn.text) for turn in turns), 0, limits.prompt_characters, "characters")
    max_tokens = wishes.max_completion_tokens if wishes.max_tokens is None else wishes.max_tokens
    logprobs = (wishes.top_logprobs or 0) if wishes.logprobs else None
    plan = _Plan(wishes, model, limits, logprobs, max_tokens)
    prompt, stops = chat_prompt(turns, model, max_tokens or wishes.max_chars or USUAL_CHARS)
    asked = _asked([plan.request(prompt, more_stops=stops, talks=True)], [""])
    _check_logprobs(asked, wishes, limits)
    return asked


@dataclass(frozen=True)
class _Plan:
    """What the requests of one call have in common; it is checked when one is made."""

    wishes: Wishes
    model: ServedModel
    limits: Limits
    logprobs: int | None
    max_tokens: int | None
    echo: bool = False

    def request(self, prompt: Prompt, *, more_stops: tuple[str, ...] = (), talks: bool = False) -> Request:
        self._check()
        wishes, model = self.wishes, self.model
        ids = tuple(model.tokenizer.encode(prompt.text)) if prompt.ids is None else prompt.ids
        past_end = model.manner.past_end and not talks if wishes.past_end is None else wishes.past_end
        usual = USUAL_CHARS if self.max_tokens is None else self.limits.max_chars
        try:
            return Request(
                prompt=prompt.text,
                prompt_ids=ids or None,
                options=self._options(talks),
                count=1 if wishes.n is None else wishes.n,
                max_chars=usual if wishes.max_chars is None else wishes.max_chars,
                max_tokens=self.max_tokens,
                seed=None if wishes.seed is None else wishes.seed % SEED_LIMIT,  # clients send any 64 bits
                stop=(*wishes.stops, *more_stops),
                window=wishes.window or "reread",
                context=wishes.context,
                past_end=past_end,
                top_logprobs=self.logprobs,
                prompt_logprobs=self.echo and self.logprobs is not None,
            )
        except MoxuError as error:
            raise problem_with(wishes, error) from None

    def _check(self) -> None:
        wishes, limits = self.wishes, self.limits
        check_within("n", wishes.n, 1, limits.n)
        check_within("seed", wishes.seed, -SEED_LIMIT, SEED_LIMIT - 1)
        check_within("max_tokens", self.max_tokens, 0 if self.echo else 1, limits.max_tokens)
        check_within("max_chars", wishes.max_chars, 1, limits.max_chars)
        check_within("logprobs", self.logprobs, 0, limits.logprobs)
        check_within("stop", len(wishes.stops), 0, limits.stops, "stop strings")
        for stop in wishes.stops:
            check_within("stop", len(stop), 1, limits.stop_characters, "characters in a stop string")
        check_within("logit_bias", len(wishes.logit_bias or ()), 0, limits.biases, "ids")

    def _options(self, talks: bool) -> SamplingOptions:
        """Return the preset that was asked for, or the one that suits the model, with the values that were given."""
        wishes, model = self.wishes, self.model
        answers = talks and model.tokenizer.kind == "turns" and not wishes.samplers
        usual = "greedy" if answers else model.manner.preset
        options = sampling_options(usual if wishes.preset is None else wishes.preset, wishes.samplers)
        if not wishes.logit_bias:
            return options
        return replace(options, logit_bias=token_biases(wishes.logit_bias, model.tokenizer.vocab_size))


def problem_with(wishes: Wishes, error: MoxuError) -> Problem:
    """Return the error of a request with the field that it speaks of."""
    if isinstance(error, Problem):
        return error
    message = str(error).removeprefix("sampling: ")
    first, _, rest = message.partition(" ")
    if first in _FIELDS:
        first = _FIELDS[first]
        message = f"{first} {rest}"
    param = first.removesuffix(":")
    return Problem(400, message, param=param if param in type(wishes).model_fields else None)


_FIELDS = {"count": "n"}
"""What a request calls otherwise than the interface does."""


def _check_prompt_logprobs(asked: Asked, model: ServedModel, limits: Limits) -> None:
    """Raise Problem where the model foresees no prompt, or the answer would be too long."""
    if model.reads_source:
        message = f"{model.name} reads a prompt in both directions, and foresees none; leave out echo or logprobs"
        raise Problem(400, message, param="echo")
    told = asked.prompt_tokens * asked.n * (1 + (asked.requests[0].top_logprobs or 0))
    check_within("logprobs", told, 0, limits.prompt_logprobs, "values for the prompts, with those of n")


def _check_logprobs(asked: Asked, wishes: Wishes, limits: Limits) -> None:
    """Raise Problem where an answer would hold more logprobs than one may; a stream, which keeps none, may tell any."""
    request = asked.requests[0]
    if request.top_logprobs is None or wishes.stream:
        return
    tokens = request.max_chars if request.max_tokens is None else request.max_tokens
    told = len(asked.requests) * asked.n * tokens * (1 + request.top_logprobs)
    check_within("logprobs", told, 0, limits.answer_logprobs, "values in one answer; ask for less, or for a stream")


def _prompts(wishes: CompletionWishes) -> Sequence[str | list[int]]:
    """Return the prompts, whichever of its four forms the field has."""
    prompt = "" if wishes.prompt is None else wishes.prompt
    if isinstance(prompt, str):
        return [prompt]
    if prompt and isinstance(prompt[0], int):
        return [[one for one in prompt if isinstance(one, int)]]
    return [one for one in prompt if not isinstance(one, int)]


def _prompt_of(one: str | list[int], text: str, wishes: CompletionWishes, model: ServedModel) -> Prompt:
    """Return what is read of a prompt: ids as they are, and a text as an opening, unless it is to be raw."""
    if not isinstance(one, str):
        return Prompt(text or "\n", text, tuple(one))
    if wishes.raw and one:
        return Prompt(one, one)
    return model.manner.prompt_of(one, model.tokenizer)


def _known(ids: list[int], model: ServedModel) -> list[int]:
    for token_id in ids:
        if not 0 <= token_id < model.tokenizer.vocab_size:
            expected = f"ids from 0 to {model.tokenizer.vocab_size - 1}"
            raise Problem(400, f"the prompt has id {str(token_id)[:30]}; expected {expected}", param="prompt")
    return ids


def _asked(requests: Sequence[Request], given: Sequence[str]) -> Asked:
    tokens = sum(len(request.prompt_ids or ()) for request in requests)
    return Asked(tuple(requests), tuple(given), tokens)
