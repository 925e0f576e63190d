"""What happens when a text grows past the context of its model.

A model with ``max_context`` can hold only so many tokens. When a row has filled it, one of three things happens:

- ``stop``: the text ends there.
- ``roll``: the oldest token is dropped and the last ``max_context`` are read again, for every token. This is what
  AI-Writer v1 did, exact and slow: positions inside the window count from 0, so nothing of the old state holds.
- ``reread``: the newest half is kept and read again once, and the following half context is written at the speed of
  the cache. Each token is chosen after at least half a context; the cost of reading is one more token for each token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from array_api_compat import array_namespace, device

from moxu.errors import SettingsError
from moxu.language_model import Array, LanguageModel
from moxu.settings import nearest

WindowPolicy = Literal["stop", "roll", "reread"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """The tokens a model can hold (None: any number) and the policy when a row has filled them."""

    size: int | None
    policy: WindowPolicy = "reread"

    def __post_init__(self) -> None:
        check_policy(self.policy)

    def visible(self, ids: Sequence[int]) -> Sequence[int]:
        """Return what a model sees of a prompt: its last ``size`` ids."""
        return ids if self.size is None else ids[-self.size :]

    def is_full(self, held: int) -> bool:
        """Whether a row that holds this many tokens can read no further."""
        return self.size is not None and held >= self.size

    def reread_length(self) -> int:
        """Return how many of the newest tokens a full row reads again, the one just written included."""
        size = self.size or 1
        return size if self.policy == "roll" else max(1, size // 2)


def check_policy(policy: str) -> None:
    """Raise SettingsError unless ``policy`` is one of the three."""
    policies = get_args(WindowPolicy)
    if policy not in policies:
        raise SettingsError(f"unknown window policy {policy!r}; {nearest(policy, policies)}")


def read_on(
    model: LanguageModel, state: Any, history: Sequence[Sequence[int]], held: Sequence[int], window: Window
) -> tuple[Array, Any, list[int]]:
    """Read the last id of every row; rows that are full read their newest part again from nothing.

    ``held`` counts the tokens of each row in ``state``, which lacks that last id. Returns the logits (B, V), the new
    state and the new counts. ``state`` is consumed.
    """
    going = [row for row, count in enumerate(held) if not window.is_full(count)]
    if len(going) == len(held):
        logits, state = model.extend(_column(history), state)
        return logits[:, -1], state, [count + 1 for count in held]
    full = [row for row, count in enumerate(held) if window.is_full(count)]
    length = window.reread_length()
    logits, reread = model.prefill(np.asarray([history[row][-length:] for row in full], np.int64))
    if not going:
        return logits, reread, [length] * len(full)
    extended, going_state = model.extend(_column([history[row] for row in going]), state.select(going))
    return _merge((going, extended[:, -1], going_state), (full, logits, reread), held, length)


def _merge(
    going: tuple[list[int], Array, Any], full: tuple[list[int], Array, Any], held: Sequence[int], length: int
) -> tuple[Array, Any, list[int]]:
    """Put the rows that were extended and those that were read again back into their order."""
    xp = array_namespace(going[1])
    order = np.argsort(going[0] + full[0])
    together = xp.concat([going[1], full[1]], axis=0)  # (B, V)
    logits = xp.take(together, xp.asarray(order, device=device(together)), axis=0)
    counts = [length if row in full[0] else count + 1 for row, count in enumerate(held)]
    return logits, going[2].join(full[2]).select(order.tolist()), counts


def _column(history: Sequence[Sequence[int]]) -> Any:
    return np.asarray([[ids[-1]] for ids in history], np.int64)  # (B, 1)
