"""The two protocols everything that writes is built on: a LanguageModel and the State of what it has read.

Axes: B rows of a batch, T time, V vocabulary. Arrays are any array-API arrays (numpy, torch).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

Array = Any
"""An array of the array API: ``numpy.ndarray`` from the processor engine, ``torch.Tensor`` from torch models."""


class State(Protocol):
    """What a model remembers of what it has read: one row for each text, rows of any lengths together.

    A state is consumed by the ``extend`` it is given to (the model may write into its memory). To come back to a
    place, keep a copy of it first: ``select`` always copies.
    """

    lengths: Array  # (B,) tokens read by each row

    def select(self, rows: Sequence[int]) -> Self:
        """Return a copy of these rows, in this order; a row may be named several times or not at all."""
        ...

    def join(self, other: Self) -> Self:
        """Return a copy in which the rows of ``other`` follow the rows of this state."""
        ...

    def arrays(self) -> dict[str, Array]:
        """Return every array by name, ``lengths`` among them, batch axis first, to be saved, moved or counted."""
        ...


@dataclass(frozen=True)
class Passage:
    """How a model that reads a source in both directions takes a text: so many ids of source, so many of target.

    Such a model continues by passages: the end of the text is the source, what it writes from there is the target, and
    both together are the text from whose end the next source is taken.
    """

    source: int  # ids, the marks around them not counted
    target: int


class LanguageModel(Protocol):
    """A model that reads ids and says what may follow.

    Most read from left to right, so ``prefill`` says what ``extend`` from nothing would. One with a ``passage`` reads
    what ``prefill`` is given as its source, whole and in both directions, and what ``extend`` is given as its target.

    The law that ties its methods, tested for every architecture: ``prefill`` of a beginning and ``extend`` by the
    rest, in any chunking, give the logits that one training ``forward`` gives.
    """

    vocab_size: int
    max_context: int | None  # tokens a state can hold; None: a state of fixed size, for a text of any length
    passage: Passage | None  # None: the model reads from left to right

    def prefill(self, ids: Array) -> tuple[Array, Any]:
        """Read prompts (B, T) from nothing; return the logits (B, V) of what follows, and the state."""
        ...

    def extend(self, ids: Array, state: Any) -> tuple[Array, Any]:
        """Read on (B, T); return the logits (B, T, V) after each token, and the new state."""
        ...
