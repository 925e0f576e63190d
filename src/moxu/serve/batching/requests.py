"""A request from the moment it is accepted to its last event."""

import logging
import time
from collections.abc import Callable, Sequence

from moxu.decode.prompt_logprobs import PromptLogprobs
from moxu.decode.rows import Course, FinishReason, Row, Step
from moxu.decode.stream import TOKENS_PER_CHARACTER, RowText
from moxu.errors import MoxuError, SettingsError
from moxu.language_model import LanguageModel
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Event, PromptPiece, Request
from moxu.writers.plan import Plan

logger = logging.getLogger(__name__)


class Busy(MoxuError):
    """No room for another request; ``retry_after``: the seconds after which there may be."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type["Busy"], tuple[str, int]]:
        return type(self), (str(self), self.retry_after)  # from another process it comes with both


class WorkerError(MoxuError):
    """Something went wrong inside that is no mistake of the request's; the log says what."""


Deliver = Callable[[Event | MoxuError], None]
"""Told all events of a request, in their order, in the thread of the worker: the last is the Finish of its last row, or
the MoxuError for which there will be no more. It must not wait for anything."""


class Job:
    """A request while it is served: its plan, its rows that are written still, and whom to tell.

    All but ``wanted`` belongs to the worker. When ``deliver`` fails, that is logged, and the request is ``wanted`` and
    told no more.
    """

    def __init__(self, request: Request, model: LanguageModel, tokenizer: Tokenizer, deliver: Deliver) -> None:
        self.plan = Plan.of(request, model, tokenizer)
        self.beginning = self.plan.horizon.beginning(self.plan.prompt)
        if not self.beginning:
            raise SettingsError("the prompt is empty; give at least one character")
        self.course = Course.of(
            request.options,
            self.plan.horizon,
            tokenizer,
            max_tokens=request.max_tokens or TOKENS_PER_CHARACTER * request.max_chars,
            past_end=request.past_end,
            passages=request.passages,
            top_logprobs=request.top_logprobs,
        )
        self.count = request.count
        self.wanted = True
        self.texts: dict[Row, RowText] = {}  # of the rows that are written and not finished
        self.since = 0.0
        self._request, self._model, self._tokenizer, self._deliver = request, model, tokenizer, deliver
        self._begun = self._opened = self._deaf = False

    @property
    def is_over(self) -> bool:
        """Whether the last event was told."""
        return self._opened and not self.texts

    @property
    def writes(self) -> bool:
        """Whether anything is to be written after the prompt."""
        return self._request.max_tokens != 0

    def prompt_logprobs(self, chunk: int) -> PromptLogprobs | None:
        """Return the logprobs of the prompt, to be read by ``chunk`` ids, where they are asked for."""
        return self.plan.prompt_logprobs(self._request, self._model, self._tokenizer, chunk)

    def begin(self) -> None:
        """Tell that it begins: it has its slots."""
        self._begun, self.since = True, time.monotonic()
        self._tell([self.plan.started])

    def open_rows(self) -> list[Row]:
        """Return the rows, to be written from now on: the prompt is read."""
        self._opened = True
        request, held = self._request, self.plan.horizon.held_after(self.beginning)
        for number, seed in enumerate(self.plan.started.seeds):
            row = Row(number, seed, list(self.plan.prompt), held, self.course)
            self.texts[row] = RowText(
                number,
                self._tokenizer,
                max_chars=request.max_chars,
                stop=request.stop,
                past_end=self.course.past_end,
                all_tokens=request.prompt_logprobs,
            )
        return list(self.texts)

    def tell_prompt(self, piece: PromptPiece) -> None:
        """Tell how a piece of the prompt was foreseen."""
        self._tell([piece])

    def take(self, row: Row, step: Step) -> bool:
        """Tell a step of a row; return whether the row is finished with it."""
        text = self.texts[row]
        self._tell(list(text.take(step)))
        if text.finished:
            del self.texts[row]
        return text.finished

    def end(self, reason: FinishReason) -> None:
        """Finish all rows that are not."""
        if not self._begun:
            self.begin()
        if not self._opened:
            self.open_rows()
        for text in self.texts.values():
            self._tell(list(text.end(reason)))
        self.texts.clear()

    def fail(self, error: Exception) -> None:
        """Tell why there will be no more."""
        if not isinstance(error, MoxuError):
            logger.error("a request failed", exc_info=error)
            error = WorkerError("the model failed; the log of the server says where")
        self._opened = True
        self.texts.clear()
        self._tell([error])

    def _tell(self, events: Sequence[Event | MoxuError]) -> None:
        if self._deaf:
            return
        try:
            for event in events:
                self._deliver(event)
        except Exception:
            logger.exception("the reader of a request failed; the request is given up")
            self.wanted, self._deaf = False, True
