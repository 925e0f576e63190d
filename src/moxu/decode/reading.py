"""Reading: a prompt once, then the newest id of each row, or a new beginning where a row can go no further."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from array_api_compat import array_namespace, device

from moxu.errors import SettingsError
from moxu.language_model import Array, LanguageModel

Progress = Callable[[int, int], None]
"""Called with the number of tokens read so far and the number to read."""


class Horizon(Protocol):
    """How far a model sees: a ``Window`` that the text grows out of, or the source of each of its ``Passages``.

    ``held`` is what a row's state holds, as the horizon counts it.
    """

    def visible(self, ids: Sequence[int]) -> Sequence[int]:
        """Return the end of a prompt that the model sees."""
        ...

    def beginning(self, ids: Sequence[int]) -> Sequence[int]:
        """Return what is read from nothing to continue a prompt."""
        ...

    def held_after(self, read: Sequence[int]) -> int:
        """Return what a row holds after reading these from nothing; each id read on adds 1."""
        ...

    def is_full(self, held: int) -> bool:
        """Whether a row must not read on but begin anew."""
        ...

    def ends(self, held: int) -> bool:
        """Whether a row must end instead."""
        ...

    def anew(self, ids: Sequence[int]) -> Sequence[int]:
        """Return what a full row whose text is ``ids`` reads from nothing, the last of them included."""
        ...


def read_prompt(
    model: LanguageModel, ids: Sequence[int], *, chunk: int | None = None, progress: Progress | None = None
) -> tuple[Array, Any]:
    """Read one prompt; return the logits (1, V) of what follows it, and the state.

    With ``chunk`` it is read in pieces of so many tokens: bounded memory, and progress to report. (``extend`` makes
    logits for every token of a piece, so a piece should stay near a thousand.) A model whose prompt is read in both
    directions gets it whole. Raises SettingsError for an empty prompt.
    """
    prompt = PromptReading(model, ids, chunk=chunk)
    while prompt.piece:
        prompt.read()
        if progress is not None:
            progress(prompt.done, len(ids))
    return prompt.logits, prompt.state


class PromptReading:
    """A prompt while it is read in pieces; ``logits`` (1, V) and ``state`` are those after the ``done`` first ids.

    For ``chunk`` and errors see ``read_prompt``.
    """

    def __init__(self, model: LanguageModel, ids: Sequence[int], *, chunk: int | None = None) -> None:
        if not ids:
            raise SettingsError("the prompt is empty; give at least one character")
        self.model, self.ids = model, ids
        self.done = 0
        self.logits: Array = None
        self.state: Any = None
        self._size = len(ids) if chunk is None or model.passage is not None else chunk

    def begin_after(self, done: int, logits: Array, state: Any) -> None:
        """Take the so many first ids as read: ``state``, which will be consumed, is what reading them leaves."""
        self.done, self.logits, self.state = done, logits, state

    @property
    def piece(self) -> int:
        """How many ids will be read next; 0 when all are."""
        return min(self._size, len(self.ids) - self.done)

    def read(self) -> None:
        """Read the next piece."""
        end = self.done + self.piece
        tokens = np.asarray([self.ids[self.done : end]], np.int64)  # (1, T)
        if self.state is None:
            self.logits, self.state = self.model.prefill(tokens)
        else:
            after_each, self.state = self.model.extend(tokens, self.state)  # (1, T, V)
            self.logits = after_each[:, -1]
        self.done = end


def read_on(
    model: LanguageModel,
    state: Any,
    history: Sequence[Sequence[int]],
    held: Sequence[int],
    horizons: Sequence[Horizon],
) -> tuple[Array, Any, list[int]]:
    """Read the last id of every row; rows that are full begin anew from nothing.

    ``held`` counts what each row holds in ``state``, which lacks that last id; ``horizons``: how far the model sees in
    each row. Returns the logits (B, V), the new state and the new counts. ``state`` is consumed.
    """
    full = [horizon.is_full(count) for horizon, count in zip(horizons, held, strict=True)]
    going = [row for row, is_full in enumerate(full) if not is_full]
    if len(going) == len(held):
        logits, state = model.extend(_column(history), state)
        return logits[:, -1], state, [count + 1 for count in held]
    anew = {row: horizons[row].anew(history[row]) for row, is_full in enumerate(full) if is_full}
    parts = [_read_anew(model, rows, anew) for rows in _of_one_length(anew)]
    if going:
        logits, state = model.extend(_column([history[row] for row in going]), state.select(going))
        parts.append((going, logits[:, -1], state))
    counts = [horizons[row].held_after(anew[row]) if row in anew else count + 1 for row, count in enumerate(held)]
    return *_in_order(parts), counts


def _of_one_length(texts: dict[int, Sequence[int]]) -> Iterable[list[int]]:
    """Return the rows whose texts are equally long, together: a prefill takes them at once."""
    by_length: dict[int, list[int]] = {}
    for row, ids in texts.items():
        by_length.setdefault(len(ids), []).append(row)
    return by_length.values()


def _read_anew(model: LanguageModel, rows: list[int], texts: dict[int, Sequence[int]]) -> tuple[list[int], Array, Any]:
    logits, state = model.prefill(np.asarray([texts[row] for row in rows], np.int64))
    return rows, logits, state


def _in_order(parts: list[tuple[list[int], Array, Any]]) -> tuple[Array, Any]:
    """Put the rows of several batches (their numbers, logits and state) together in the order of their numbers."""
    rows, logits, state = parts[0]
    for more_rows, more_logits, more_state in parts[1:]:
        rows = rows + more_rows
        logits = array_namespace(logits).concat([logits, more_logits], axis=0)
        state = state.join(more_state)
    if rows == sorted(rows):
        return logits, state
    order = np.argsort(rows)
    xp = array_namespace(logits)
    return xp.take(logits, xp.asarray(order, device=device(logits)), axis=0), state.select(order.tolist())


def _column(history: Sequence[Sequence[int]]) -> Any:
    return np.asarray([[ids[-1]] for ids in history], np.int64)  # (B, 1)
