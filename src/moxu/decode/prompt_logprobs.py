"""How well a model foresaw a prompt, told token by token while the prompt is read in pieces."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from moxu.decode.draw import on_host
from moxu.decode.reading import PromptReading
from moxu.decode.rows import report, rows_of
from moxu.decode.score import windows
from moxu.decode.stream import PromptPiece, Token, as_token
from moxu.errors import MoxuError
from moxu.language_model import Array, LanguageModel
from moxu.text.tokenizer import Tokenizer

CHUNK = 256
"""How many ids are read at a time where nothing else is said."""

_REPORTED = 16  # places whose likeliest tokens are looked for at a time: that takes some copies of their logits


class PromptLogprobs:
    """The tokens of a prompt (one id at least) with their logprobs: those of ``score_ids`` after its first token.

    With ``after``, the first so many ids are only read, and nothing of them is told.

    They are of the model's own distribution, over its whole vocabulary and before any sampler. A prompt longer than
    ``size`` ids is read in the windows of ``score_ids``. ``count``: the likeliest tokens told in the place of each. No
    more than ``chunk`` ids are read at a time, and their logits are in memory. For ``past_end`` see ``Course``.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        ids: Sequence[int],
        *,
        size: int | None,
        count: int,
        past_end: bool = False,
        chunk: int | None = None,
        after: int = 0,
    ) -> None:
        self.model, self.tokenizer, self.ids = model, tokenizer, ids
        self._count, self._past_end, self._chunk = count, past_end, chunk or CHUNK
        self._detokenizer = tokenizer.detokenizer()
        self._after, self._told = after, after  # tokens, or not to be told
        self._windows = windows(len(ids), max(1, after), size)
        self._start, self._first, self._end = next(self._windows, (0, 1, 1))
        self._done = self._start  # ids of the window that is read are read before here
        self._logits: Array = None  # (1, V)
        self._state: Any = None

    @property
    def finished(self) -> bool:
        """Whether the last token was told."""
        return self._told == len(self.ids)

    @property
    def beginning(self) -> Sequence[int]:
        """The ids that are only read, while none of them is; ``begin_after`` may spare that."""
        return self.ids[: self._told] if self._state is None and self._start == 0 else ()

    def begin_after(self, done: int, logits: Array, state: Any) -> None:
        """Take so many ids of the beginning as read, as ``PromptReading`` does."""
        self._done, self._logits, self._state = done, logits, state

    def known(self) -> tuple[Sequence[int], Array, Any] | None:
        """Return the ids that are only read, with copies of the logits (1, V) and the state after them.

        None unless it has read just these; a piece ends there, so that other texts after them can begin from it.
        """
        if not 0 < self._after == self._done or self._start or self._state is None:
            return None
        return self.ids[: self._done], rows_of(self._logits, [0]), self._state.select([0])

    @property
    def piece(self) -> int:
        """How many ids ``read`` will read; of a prompt of one id it reads none."""
        if self.finished:
            return 0
        up_to = self._end - 1
        if self._done < self._first:  # prefill tells one place
            up_to = min(self._first, up_to)
        return min(self._chunk, up_to - self._done)

    def read(self) -> PromptPiece:
        """Read a piece; return the tokens that are foreseen with it. MoxuError where the model is damaged."""
        tokens = [] if self._told else [self._token(0, None, ())]
        if self._state is not None and self._told == self._done:  # where it began after all that is not told
            tokens += self._foreseen([self._done], on_host(self._logits))
        if size := self.piece:
            logits = self._read(size)  # (T, V): what follows the last T ids
            places = range(max(self._first, self._done + 1 - len(logits)), self._done + 1)
            tokens += self._foreseen(places, logits[len(logits) - len(places) :])
            self._begin_next_window()
        text = "".join(self._text_of(token_id) for token_id in self.ids[self._told : self._told + len(tokens)])
        self._told += len(tokens)
        return PromptPiece(text + self._detokenizer.finish() if self.finished else text, tuple(tokens))

    def hand_over(self, prompt: PromptReading) -> None:
        """Let a reading of this prompt, for what is written after it, go on from here where all of it was one window.

        What was read is the reading's from then on.
        """
        if self._start == 0 and self._state is not None and len(prompt.ids) == len(self.ids):
            prompt.begin_after(self._done, self._logits, self._state)
        self._logits = self._state = None

    def _read(self, size: int) -> Array:
        """Read so many ids; return the logits (T, V) of what follows the last T of them."""
        ids = np.asarray([self.ids[self._done : self._done + size]], np.int64)  # (1, T)
        self._done += size
        if self._state is None:
            self._logits, self._state = self.model.prefill(ids)
            return on_host(self._logits)
        logits, self._state = self.model.extend(ids, self._state)  # (1, T, V)
        self._logits = logits[:, -1]
        return on_host(logits)[0]

    def _begin_next_window(self) -> None:
        if self._done == self._end - 1 and (window := next(self._windows, None)) is not None:
            self._start, self._first, self._end = window
            self._done, self._logits, self._state = self._start, None, None

    def _foreseen(self, places: Sequence[int], logits: Array) -> Iterator[Token]:
        """Yield the tokens at these places of the prompt, from the logits (T, V) before them."""
        for begin in range(0, len(places), _REPORTED):
            some = places[begin : begin + _REPORTED]
            found = report([self.ids[place] for place in some], logits[begin : begin + len(some)], self._count)
            for place, (logprob, alternatives) in zip(some, found, strict=True):
                if math.isnan(logprob):
                    raise MoxuError("the model gave NaN instead of probabilities; is it damaged?")
                yield self._token(place, logprob, alternatives)

    def _token(self, place: int, logprob: float | None, alternatives: Sequence[Any]) -> Token:
        return as_token(self.ids[place], logprob, alternatives, self.tokenizer, past_end=self._past_end)

    def _text_of(self, token_id: int) -> str:
        if self._past_end and token_id == self.tokenizer.end_id:
            return self._detokenizer.finish() + "\n"
        return self._detokenizer.push(token_id)
