"""The decoding loop, in ids: read a prompt once, then choose, report and read, for all continuations at once."""

from collections.abc import Iterator, Sequence

from array_api_compat import array_namespace

from moxu.decode.options import SamplingOptions
from moxu.decode.passages import Passages
from moxu.decode.reading import Horizon, Progress, read_prompt
from moxu.decode.rows import Course, Row, Step
from moxu.decode.running import RunningRows
from moxu.decode.window import Window
from moxu.language_model import LanguageModel
from moxu.text.tokenizer import Tokenizer


class Batch:
    """K continuations of one prompt, decoded together from one shared reading of it.

    Iterate over ``steps()``, once; a row leaves when it ends by itself or is dropped, and the batch narrows. The model
    reads a step only when the next one is wanted, so a token can be shown before the next is computed.

    ``horizon``: how far the model sees (None: a Window of its size, or its Passages). For ``past_end``, ``passages``
    and ``top_logprobs`` see ``Course``.
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
        horizon: Horizon | None = None,
        past_end: bool = False,
        passages: int | None = None,
        top_logprobs: int | None = None,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model = model
        horizon = horizon or horizon_of(model, tokenizer)
        course = Course.of(
            options,
            horizon,
            tokenizer,
            max_tokens=max_tokens,
            past_end=past_end,
            passages=passages,
            top_logprobs=top_logprobs,
        )
        beginning = horizon.beginning(prompt)
        logits, state = read_prompt(model, beginning, chunk=chunk, progress=progress)
        held = horizon.held_after(beginning)
        rows = [Row(number, seed, list(prompt), held, course) for number, seed in enumerate(seeds)]
        if len(rows) > 1:
            logits = array_namespace(logits).repeat(logits, len(rows), axis=0)  # (K, V)
            state = state.select([0] * len(rows))
        self._running = RunningRows(model, tokenizer)
        self._running.join(rows, logits, state)
        self._left: set[int] = set()
        self.past_end = course.past_end

    @property
    def rows(self) -> list[Row]:
        """The rows that have not left."""
        return self._running.rows

    @property
    def numbers(self) -> list[int]:
        """The numbers of these rows."""
        return [row.number for row in self.rows]

    def steps(self) -> Iterator[Step]:
        """Yield the steps of all rows, row after row, until every row has ended or was dropped."""
        self._let_go()
        while self.rows:
            for step in self._running.choose():
                if step.reason is not None:
                    self.drop(step.row)
                yield step
            self._let_go()
            if self.rows:
                self._running.read()

    def drop(self, number: int) -> None:
        """Let a row leave before the next token is read."""
        self._left.add(number)

    def _let_go(self) -> None:
        self._running.drop([row for row in self.rows if row.number in self._left])


def horizon_of(model: LanguageModel, tokenizer: Tokenizer) -> Horizon:
    """Return how far a model sees by itself: its passages, or a window of its size that is read again when full."""
    if model.passage is not None:
        return Passages.of(model.passage, tokenizer)
    return Window(size=model.max_context)
