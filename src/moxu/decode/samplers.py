"""Samplers: frozen steps that turn logits (B, V) into logits (B, V) in which what is cut is -inf.

Each takes the logits and the history of every row. A number in a sampler may be a column (B, 1) instead: one value for
each row. All work where the logits are: numpy on the host, torch on a device.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array
from numpy.typing import NDArray

from moxu.language_model import Array

History = Sequence[Sequence[int]]
"""The ids of each row's text so far, the prompt included, newest last."""


class Sampler(Protocol):
    """One step of a chain: logits (B, V) to logits (B, V)."""

    def __call__(self, logits: Array, history: History) -> Array: ...


@dataclass(frozen=True, kw_only=True)
class Greedy:
    """Leaves only the likeliest token; of equals, the one with the lowest id."""

    def __call__(self, logits: Array, history: History) -> Array:  # noqa: ARG002
        xp = array_namespace(logits)
        places = xp.arange(logits.shape[-1], device=device(logits))
        tied = logits == xp.max(logits, axis=-1, keepdims=True)
        first = xp.min(xp.where(tied, places, logits.shape[-1]), axis=-1, keepdims=True)  # (B, 1)
        return xp.where(places == first, logits, -xp.inf)


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """Divides the logits: below 1 what is likely becomes likelier, above 1 less so."""

    temperature: float | Array

    def __call__(self, logits: Array, history: History) -> Array:  # noqa: ARG002
        xp = array_namespace(logits)
        # Measured from the largest logit, no quotient can overflow upwards.
        return (logits - xp.max(logits, axis=-1, keepdims=True)) / self.temperature


@dataclass(frozen=True, kw_only=True)
class TopK:
    """Keeps the ``count`` likeliest tokens, and those as likely as the last of them."""

    count: int | Array

    def __call__(self, logits: Array, history: History) -> Array:  # noqa: ARG002
        xp = array_namespace(logits)
        rows, vocab_size = logits.shape
        ordered = xp.sort(logits, axis=-1, descending=True, stable=False)
        last = np.clip(np.broadcast_to(np.asarray(self.count), (rows, 1)), 1, vocab_size) - 1
        least = xp.take_along_axis(ordered, xp.asarray(last, device=device(logits)), axis=-1)  # (B, 1)
        return xp.where(logits < least, -xp.inf, logits)


@dataclass(frozen=True, kw_only=True)
class MinP:
    """Keeps the tokens at least ``fraction`` as likely as the likeliest."""

    fraction: float | Array

    def __call__(self, logits: Array, history: History) -> Array:  # noqa: ARG002
        xp = array_namespace(logits)
        margin = xp.log(xp.asarray(self.fraction, dtype=logits.dtype, device=device(logits)))
        least = xp.max(logits, axis=-1, keepdims=True) + margin
        return xp.where(logits < least, -xp.inf, logits)


@dataclass(frozen=True, kw_only=True)
class TopP:
    """Keeps the nucleus: the likeliest tokens up to the first at which their sum exceeds ``mass``, ties included.

    ``mass_newline`` takes the place of ``mass`` in rows whose last token is ``newline_id``. Tokens of probability
    ``allow`` or more survive in any case. Sums are in float32 and the comparison is strict, as in AI-Writer (``top_p``
    of both programs, ``allow_p`` of the second), with one deliberate difference: where no sum exceeds the mass, as
    with ``mass=1``, nothing is cut; the originals then fell into choosing the likeliest token.

    ``reach``: the sum need only reach the mass, as in Misaka's generator with a cache. ``as_given``: the logits are
    logarithms of probabilities that need not sum to 1, and are summed as they are (see ``OccurrencePenalty``).
    """

    mass: float | Array
    mass_newline: float | Array | None = None
    newline_id: int | None = None
    allow: float | Array | None = None
    reach: bool = False
    as_given: bool = False

    def __call__(self, logits: Array, history: History) -> Array:
        xp = array_namespace(logits)
        probabilities = xp.exp(logits) if self.as_given else softmax(logits)
        cutoffs = nucleus_cutoffs(probabilities, self._masses(history), reach=self.reach)
        if self.allow is not None:
            cutoffs = xp.minimum(cutoffs, xp.asarray(self.allow, dtype=logits.dtype, device=device(logits)))
        return xp.where(probabilities < cutoffs, -xp.inf, logits)

    def _masses(self, history: History) -> NDArray[np.float32]:
        """Return the mass of each row (B, 1), on the host."""
        masses = np.broadcast_to(np.asarray(self.mass, np.float32), (len(history), 1)).copy()  # torch wants it its own
        if self.mass_newline is None or self.newline_id is None:
            return masses
        after_newline = np.asarray([[bool(ids) and ids[-1] == self.newline_id] for ids in history])  # (B, 1)
        return np.where(after_newline, np.asarray(self.mass_newline, np.float32), masses)


def softmax(logits: Array) -> Array:
    """Return the probabilities (..., V)."""
    xp = array_namespace(logits)
    weights = xp.exp(logits - xp.max(logits, axis=-1, keepdims=True))
    return weights / xp.sum(weights, axis=-1, keepdims=True)


def log_softmax(logits: Array) -> Array:
    """Return the logarithms of the probabilities (..., V)."""
    shifted, log_total = log_weights(logits)
    return shifted - log_total


def log_weights(logits: Array) -> tuple[Array, Array]:
    """Return the logits (..., V) measured from the largest, and the logarithm (..., 1) of their exponentials' sum."""
    xp = array_namespace(logits)
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    return shifted, xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))


def nucleus_cutoffs(probabilities: Array, masses: NDArray[np.float32], *, reach: bool = False) -> Array:
    """Return for each row the probability (B, 1) of the last token of its nucleus; 0 where nothing is to be cut.

    probabilities (B, V); masses (B, 1) on the host; ``reach``: the nucleus ends where its sum is the mass, not only
    where it exceeds it.
    """
    if is_numpy_array(probabilities):
        pairs = zip(probabilities, masses[:, 0], strict=True)
        return np.asarray([[_row_cutoff(row, mass, reach)] for row, mass in pairs], dtype=probabilities.dtype)
    xp = array_namespace(probabilities)
    ordered = xp.sort(probabilities, axis=-1, descending=True, stable=False)
    sums, limits = xp.cumulative_sum(ordered, axis=-1), _beside(probabilities, masses)
    short = sums < limits if reach else sums <= limits
    within = xp.sum(xp.astype(short, xp.int64), axis=-1, keepdims=True)  # (B, 1)
    last = xp.clip(within, max=probabilities.shape[-1] - 1)
    cutoffs = xp.take_along_axis(ordered, last, axis=-1)
    cuts = (within < probabilities.shape[-1]) & _beside(probabilities, masses < 1.0)
    return xp.where(cuts, cutoffs, xp.zeros_like(cutoffs))


def _row_cutoff(row: NDArray[Any], mass: Any, reach: bool) -> Any:
    """Return the cutoff of one row (V,) on the host, sorting no more than it must."""
    if mass >= 1.0:  # rounding may carry the sum over 1, which must not cut
        return 0.0
    # Where the row sums to 1, the tokens below this floor weigh less together than what the nucleus may leave out, so
    # it ends above the floor; where it does not, the whole row may be needed.
    floor = (1.0 - mass) / (2 * row.size)
    for candidates in (row[row >= floor], row):
        ordered = np.sort(candidates)[::-1]
        last = np.searchsorted(np.cumsum(ordered), mass, side="left" if reach else "right")
        if last < ordered.size:
            return ordered[last]
    return 0.0


def _beside(array: Array, values: NDArray[Any]) -> Array:
    """Return host ``values`` as an array where ``array`` is."""
    return array_namespace(array).asarray(values, device=device(array))
