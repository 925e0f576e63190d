"""A Writer that decodes a model in this process."""

from collections.abc import Iterator

from moxu.decode.beam import Search
from moxu.decode.passages import Passages
from moxu.decode.reading import Progress
from moxu.decode.steps import Batch
from moxu.decode.stream import TOKENS_PER_CHARACTER, PromptPiece, stream
from moxu.errors import SettingsError
from moxu.language_model import LanguageModel
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Event, Finish, Request
from moxu.writers.plan import Plan


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
        plan = Plan.of(request, self.model, self.tokenizer)
        yield plan.started
        yield from self._prompt_pieces(request, plan)
        if request.max_tokens == 0:
            yield from (Finish(row, "length", 0, 0, 0.0) for row in range(request.count))
            return
        steps = self._search(request, plan) if request.beams > 1 else self._batch(request, plan)
        yield from stream(
            steps,
            self.tokenizer,
            max_chars=request.max_chars,
            stop=request.stop,
            all_tokens=request.prompt_logprobs,
        )

    def _prompt_pieces(self, request: Request, plan: Plan) -> Iterator[PromptPiece]:
        logprobs = plan.prompt_logprobs(request, self.model, self.tokenizer, self.chunk)
        while logprobs is not None and not logprobs.finished:
            yield logprobs.read()

    def _batch(self, request: Request, plan: Plan) -> Batch:
        return Batch(
            self.model,
            self.tokenizer,
            plan.prompt,
            options=request.options,
            seeds=plan.started.seeds,
            max_tokens=request.max_tokens or TOKENS_PER_CHARACTER * request.max_chars,
            horizon=plan.horizon,
            past_end=request.past_end,
            passages=request.passages,
            top_logprobs=request.top_logprobs,
            chunk=self.chunk,
            progress=self.progress,
        )

    def _search(self, request: Request, plan: Plan) -> Search:
        if isinstance(plan.horizon, Passages) and request.passages not in (None, 1):
            raise SettingsError(f"passages is {request.passages}, but a search with beams is for one; leave it out")
        return Search(
            self.model,
            self.tokenizer,
            plan.prompt,
            options=request.options,
            beams=request.beams,
            count=request.count,
            max_tokens=request.max_tokens or request.max_chars,
            horizon=plan.horizon,
            past_end=request.past_end,
            logprobs=request.top_logprobs is not None,
            chunk=self.chunk,
            progress=self.progress,
        )
