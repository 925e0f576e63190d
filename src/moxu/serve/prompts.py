"""What requests that have their slots must read first, read in pieces between the steps of those that are written."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from moxu.decode.prefix_cache import PrefixCache
from moxu.decode.reading import PromptReading
from moxu.decode.rows import Row, rows_of
from moxu.language_model import LanguageModel
from moxu.serve.requests import Job


@dataclass(eq=False)
class Reading:
    """The prompt of a job, or what one ``row`` of it reads that is full and begins anew; or what went wrong."""

    job: Job
    prompt: PromptReading
    row: Row | None = None
    error: Exception | None = None


class Prompts:
    """A line of readings; each turn goes on by about ``chunk`` ids, so that whoever writes waits for no more.

    What the ``cache`` remembers of a prompt is not read again.
    """

    def __init__(self, model: LanguageModel, cache: PrefixCache, chunk: int) -> None:
        self.model, self.cache, self.chunk = model, cache, chunk
        self.ids_read = self.ids_remembered = self.hits = 0
        self._line: deque[Reading] = deque()

    @property
    def jobs(self) -> list[Job]:
        """The jobs whose prompts are not read."""
        return [reading.job for reading in self._line if reading.row is None]

    def add(self, job: Job, ids: Sequence[int], row: Row | None = None) -> None:
        """Put what a job, or one row of it, has to read at the end of the line."""
        self._line.append(Reading(job, PromptReading(self.model, ids, chunk=self.chunk), row))

    def remove(self, jobs: Collection[Job]) -> None:
        """Read no more for these jobs."""
        self._line = deque(reading for reading in self._line if reading.job not in jobs)

    def clear(self) -> None:
        """Read no more for anybody."""
        self._line.clear()

    def read(self) -> Iterator[Reading]:
        """Read one piece for each in the line, as many as come to ``chunk`` ids, or the first; yield who leaves.

        They have read to their end, or have an error. One that is not at its end waits behind the others. A model that
        reads a source gets it whole, however long.
        """
        room = self.chunk
        for reading in tuple(self._line):
            if reading.job.is_over:  # whoever took what was yielded may have ended it
                continue
            try:
                self._remember(reading)
                if reading.prompt.piece > room and room < self.chunk:
                    return
                room -= reading.prompt.piece
                self._read_piece(reading)
            except Exception as error:  # of this one: the others read all the same
                reading.error = error
            self._line.remove(reading)
            if reading.prompt.piece and reading.error is None:
                self._line.append(reading)
            else:
                yield reading

    def _remember(self, reading: Reading) -> None:
        prompt = reading.prompt
        if prompt.done or reading.row is not None:
            return
        known = self.cache.find(prompt.ids, whole=self.model.passage is not None)
        if known is not None:
            self.hits += 1
            self.ids_remembered += known.length
            prompt.begin_after(known.length, rows_of(known.logits, [0]), known.state.select([0]))

    def _read_piece(self, reading: Reading) -> None:
        prompt = reading.prompt
        if not prompt.piece:
            return
        self.ids_read += prompt.piece
        prompt.read()
        if not prompt.piece and reading.row is None and self.cache.capacity:
            self.cache.keep(prompt.ids, rows_of(prompt.logits, [0]), prompt.state.select([0]))
