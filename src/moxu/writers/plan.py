"""What a request comes to for one model: the ids to read, how far the model sees, and the seed of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from moxu.decode.draw import fresh_seed, row_seeds
from moxu.decode.passages import Passages
from moxu.decode.prompt_logprobs import PromptLogprobs
from moxu.decode.window import Window
from moxu.errors import SettingsError
from moxu.language_model import LanguageModel
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Request, Started


@dataclass(frozen=True)
class Plan:
    """The whole prompt in ids, the horizon, and what is told first; nothing has been read yet."""

    prompt: Sequence[int]
    horizon: Window | Passages
    started: Started

    @classmethod
    def of(cls, request: Request, model: LanguageModel, tokenizer: Tokenizer) -> Self:
        """Plan a request; SettingsError where it asks for what the model cannot do."""
        horizon, prompt = _horizon(request, model, tokenizer), _prompt(request, model, tokenizer)
        seeds = row_seeds(fresh_seed() if request.seed is None else request.seed, request.count)
        visible, given = horizon.visible(prompt), len(request.prompt)
        seen = given if len(visible) == len(prompt) else len(tokenizer.decode(visible))
        return cls(prompt, horizon, Started(given, seen, seeds))

    def prompt_logprobs(
        self, request: Request, model: LanguageModel, tokenizer: Tokenizer, chunk: int | None
    ) -> PromptLogprobs | None:
        """Return the logprobs of the prompt, of which nothing has been read, where the request asks for them."""
        if not request.prompt_logprobs or isinstance(self.horizon, Passages):
            return None
        return PromptLogprobs(
            model,
            tokenizer,
            self.prompt,
            size=self.horizon.size,
            count=request.top_logprobs or 0,
            past_end=request.past_end,
            chunk=chunk,
            after=min(request.prompt_logprobs_after, len(self.prompt)),
        )


def _horizon(request: Request, model: LanguageModel, tokenizer: Tokenizer) -> Window | Passages:
    context = request.context
    if model.passage is not None:
        if context is not None:
            raise SettingsError(
                f"context is {context}, but this model writes by passages after sources of {model.passage.source}; "
                "leave it out"
            )
        if request.prompt_logprobs:
            raise SettingsError(
                "prompt_logprobs is set, but this model reads the prompt as a source, whole and in both directions, "
                "and foresees none of it; leave it out"
            )
        return Passages.of(model.passage, tokenizer)
    if context is not None and model.max_context is not None and context > model.max_context:
        raise SettingsError(f"context is {context}, but the model can hold only {model.max_context}")
    if request.passages is not None:
        raise SettingsError(f"passages is {request.passages}, but this model writes from left to right; leave it out")
    ends = (tokenizer.newline_id, tokenizer.end_id if request.past_end else None)
    line_ends = tuple(token_id for token_id in ends if token_id is not None)
    size = model.max_context if context is None else context
    return Window(size=size, policy=request.window, line_ends=line_ends)


def _prompt(request: Request, model: LanguageModel, tokenizer: Tokenizer) -> Sequence[int]:
    if request.prompt_ids is None:
        return tokenizer.encode(request.prompt)
    for token_id in request.prompt_ids:
        if not 0 <= token_id < model.vocab_size:
            raise SettingsError(f"the prompt has id {token_id}; expected ids from 0 to {model.vocab_size - 1}")
    return request.prompt_ids
