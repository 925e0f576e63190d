"""A Writer that decodes a model in this process."""

from collections.abc import Iterator, Sequence

from moxu.decode.beam import Search
from moxu.decode.draw import fresh_seed, row_seeds
from moxu.decode.passages import Passages
from moxu.decode.reading import Horizon, Progress
from moxu.decode.steps import Batch
from moxu.decode.stream import TOKENS_PER_CHARACTER, stream
from moxu.decode.window import Window
from moxu.errors import SettingsError
from moxu.language_model import LanguageModel
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Event, Request, Started


class LocalWriter:
    """Writes with a LanguageModel and its tokenizer.

    With ``chunk``, prompts are read in pieces of so many tokens and ``progress`` is told after each.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        name: str,
        *,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.tokenizer, self.name = model, tokenizer, name
        self.chunk, self.progress = chunk, progress

    def write(self, request: Request) -> Iterator[Event]:
        """Write all continuations together; see ``Writer.write``."""
        seeds = row_seeds(fresh_seed() if request.seed is None else request.seed, request.count)
        horizon, prompt = self._horizon(request), self._prompt(request)
        yield Started(len(request.prompt), self._visible_characters(request.prompt, prompt, horizon), seeds)
        search = request.beams > 1
        steps = self._search(request, prompt, horizon) if search else self._batch(request, prompt, horizon, seeds)
        yield from stream(steps, self.tokenizer, max_chars=request.max_chars, stop=request.stop)

    def _batch(self, request: Request, prompt: Sequence[int], horizon: Horizon, seeds: Sequence[int]) -> Batch:
        return Batch(
            self.model,
            self.tokenizer,
            prompt,
            options=request.options,
            seeds=seeds,
            max_tokens=TOKENS_PER_CHARACTER * request.max_chars,
            horizon=horizon,
            past_end=request.past_end,
            passages=request.passages,
            top_logprobs=request.top_logprobs,
            chunk=self.chunk,
            progress=self.progress,
        )

    def _search(self, request: Request, prompt: Sequence[int], horizon: Horizon) -> Search:
        if isinstance(horizon, Passages) and request.passages not in (None, 1):
            raise SettingsError(f"passages is {request.passages}, but a search with beams is for one; leave it out")
        return Search(
            self.model,
            self.tokenizer,
            prompt,
            options=request.options,
            beams=request.beams,
            count=request.count,
            max_tokens=request.max_chars,
            horizon=horizon,
            past_end=request.past_end,
            logprobs=request.top_logprobs is not None,
            chunk=self.chunk,
            progress=self.progress,
        )

    def _horizon(self, request: Request) -> Horizon:
        """Return how far the model sees; SettingsError where the request asks for what it cannot do."""
        model, context, tokenizer = self.model, request.context, self.tokenizer
        if model.passage is not None:
            if context is not None:
                raise SettingsError(
                    f"context is {context}, but this model writes by passages after sources of {model.passage.source}; "
                    "leave it out"
                )
            return Passages.of(model.passage, tokenizer)
        if context is not None and model.max_context is not None and context > model.max_context:
            raise SettingsError(f"context is {context}, but the model can hold only {model.max_context}")
        if request.passages is not None:
            raise SettingsError(
                f"passages is {request.passages}, but this model writes from left to right; leave it out"
            )
        ends = (tokenizer.newline_id, tokenizer.end_id if request.past_end else None)
        line_ends = tuple(token_id for token_id in ends if token_id is not None)
        size = model.max_context if context is None else context
        return Window(size=size, policy=request.window, line_ends=line_ends)

    def _prompt(self, request: Request) -> Sequence[int]:
        if request.prompt_ids is None:
            return self.tokenizer.encode(request.prompt)
        for token_id in request.prompt_ids:
            if not 0 <= token_id < self.model.vocab_size:
                raise SettingsError(f"the prompt has id {token_id}; expected ids from 0 to {self.model.vocab_size - 1}")
        return request.prompt_ids

    def _visible_characters(self, text: str, prompt: Sequence[int], horizon: Horizon) -> int:
        visible = horizon.visible(prompt)
        return len(text) if len(visible) == len(prompt) else len(self.tokenizer.decode(visible))
