"""Rows that are written together in one state, each by its own course; they may be strangers to each other."""

from collections.abc import Collection, Sequence
from typing import Any

from array_api_compat import array_namespace

from moxu.decode.draw import on_host
from moxu.decode.reading import read_on
from moxu.decode.rows import Row, Step, choose, forbidden, rows_of, with_logprobs
from moxu.errors import MoxuError
from moxu.language_model import Array, LanguageModel
from moxu.text.tokenizer import Tokenizer


class RunningRows:
    """The rows of a batch, the state of what the model has read of each, and the logits of what follows.

    Rows ``join`` with what was read of their prompts. Then, as often as is wanted: ``choose`` a token for each,
    ``drop`` those that have ended, ``read`` the tokens of the others. Rows may be dropped between any two of these
    calls, and join but between ``choose`` and ``read``.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.rows: list[Row] = []
        self._logits: Array = None  # (B, V)
        self._state: Any = None
        self._forbidden: Array = None  # (1, V)

    def join(self, rows: Sequence[Row], logits: Array, state: Any) -> None:
        """Take in rows with the logits (B, V) of what follows them; ``state`` is theirs from now on."""
        if self._forbidden is None:
            self._forbidden = forbidden(logits, self.tokenizer.forbidden_ids, self.tokenizer.vocab_size)
        if self.rows:
            logits = array_namespace(logits).concat([self._logits, logits], axis=0)
            state = self._state.join(state)
        self.rows, self._logits, self._state = [*self.rows, *rows], logits, state

    def drop(self, leaving: Collection[Row]) -> None:
        """Narrow the batch to the rows that stay."""
        staying = [place for place, row in enumerate(self.rows) if row not in leaving]
        if not staying:
            self.rows, self._logits, self._state = [], None, None
        elif len(staying) < len(self.rows):
            self.rows = [self.rows[place] for place in staying]
            self._logits, self._state = rows_of(self._logits, staying), self._state.select(staying)

    def choose(self) -> list[Step]:
        """Return a step of each row; MoxuError, and no row has gone on, when one has no token to choose."""
        logits = self._allowed()
        ids = choose(self.rows, logits)
        steps = [row.take(token_id) for row, token_id in zip(self.rows, ids, strict=True)]
        return with_logprobs(self.rows, steps, logits)

    def without_choice(self) -> dict[Row, MoxuError]:
        """Return the rows that have no token to choose, each with the error that says why."""
        logits, errors = self._allowed(), dict[Row, MoxuError]()
        for place, row in enumerate(self.rows):
            try:
                choose([row], logits[place : place + 1])
            except MoxuError as error:
                errors[row] = error
        return errors

    def read(self) -> None:
        """Read the token that was chosen last for each row."""
        history, held = [row.history for row in self.rows], [row.held for row in self.rows]
        horizons = [row.course.horizon for row in self.rows]
        self._logits, self._state, counts = read_on(self.model, self._state, history, held, horizons)
        for row, count in zip(self.rows, counts, strict=True):
            row.held = count

    def snapshot(self, row: Row) -> tuple[Array, Any]:
        """Return copies of the logits (1, V) and the state of one row: of all its ids but what is yet to be read."""
        place = [each is row for each in self.rows].index(True)
        return rows_of(self._logits, [place]), self._state.select([place])

    def _allowed(self) -> Array:
        """Return the logits (B, V) of what may be written; all else is -inf."""
        logits = on_host(self._logits)
        return array_namespace(logits).where(self._forbidden, -float("inf"), logits)
