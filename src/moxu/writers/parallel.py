"""A Writer for a model that lies in several processes, each of which has a part of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from moxu.decode.draw import fresh_seed
from moxu.writers.base import Event, Request
from moxu.writers.local import LocalWriter

Share = Callable[[Request | None], Request | None]
"""Called by all processes together: returns to each what the first one gives; what the others give is not looked at."""


class ParallelWriter:
    """Writes in all processes at once, which read and choose the same tokens; each has its own ``writer``.

    The first process is the one that is asked; the others ``follow`` it until it shares None. Between requests there
    are no signals: with the same seed and the same logits all come to the same end. So in the first one, too, a text
    has to be written to its end before the next.
    """

    def __init__(self, writer: LocalWriter, share: Share) -> None:
        self.writer, self.share, self.name = writer, share, writer.name

    def write(self, request: Request) -> Iterator[Event]:
        """Tell the other processes of the request, and write with them; see ``Writer.write``."""
        seed = fresh_seed() if request.seed is None else request.seed
        request = replace(request, seed=seed)
        self.share(request)
        yield from self.writer.write(request)

    def follow(self) -> None:
        """Compute what the first process writes, text after text."""
        while (request := self.share(None)) is not None:
            for _ in self.writer.write(request):
                pass
