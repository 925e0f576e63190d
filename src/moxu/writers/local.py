"""A Writer that decodes a model in this process."""

from collections.abc import Iterator

from moxu.decode.draw import fresh_seed, row_seeds
from moxu.decode.steps import Batch, Progress
from moxu.decode.stream import TOKENS_PER_CHARACTER, stream
from moxu.decode.window import Window
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
        """Write all continuations as one batch; see ``Writer.write``."""
        seeds = row_seeds(fresh_seed() if request.seed is None else request.seed, request.count)
        window = Window(size=self.model.max_context, policy=request.window)
        prompt = self.tokenizer.encode(request.prompt)
        yield Started(len(request.prompt), self._visible_characters(request.prompt, prompt, window), seeds)
        batch = Batch(
            self.model,
            self.tokenizer,
            prompt,
            options=request.options,
            seeds=seeds,
            max_tokens=TOKENS_PER_CHARACTER * request.max_chars,
            window=window,
            top_logprobs=request.top_logprobs,
            chunk=self.chunk,
            progress=self.progress,
        )
        yield from stream(batch, self.tokenizer, max_chars=request.max_chars, stop=request.stop)

    def _visible_characters(self, text: str, prompt: list[int], window: Window) -> int:
        visible = window.visible(prompt)
        return len(text) if len(visible) == len(prompt) else len(self.tokenizer.decode(visible))
