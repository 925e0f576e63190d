"""What requests that have their slots must read first, read in pieces between the steps of those that are written."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from moxu.decode.prefix_cache import PrefixCache, key_of
from moxu.decode.prompt_logprobs import PromptLogprobs
from moxu.decode.reading import PromptReading
from moxu.decode.rows import Row, rows_of
from moxu.language_model import LanguageModel
from moxu.serve.batching.requests import Job


@dataclass(eq=False)
class Reading:
    """The prompt of a job, or what one ``row`` of it reads that is full and begins anew; or what went wrong.

    Where the job asks for the ``logprobs`` of its prompt, they are told first.
    """

    job: Job
    prompt: PromptReading
    row: Row | None = None
    logprobs: PromptLogprobs | None = None
    key: bytes = b""  # of the ids of a prompt, as the cache has it
    error: Exception | None = None

    @property
    def untold(self) -> PromptLogprobs | None:
        """The logprobs, until the last is told."""
        return None if self.logprobs is None or self.logprobs.finished else self.logprobs

    @property
    def piece(self) -> int:
        """How many ids will be read next."""
        if self.untold is not None:
            return self.untold.piece
        return self.prompt.piece if self.job.writes else 0

    @property
    def finished(self) -> bool:
        """Whether all is read."""
        return self.untold is None and not self.piece

    @property
    def is_shared(self) -> bool:
        """Whether others can take up what is read here."""
        return self.row is None and self.untold is None


class Prompts:
    """A line of readings; each turn goes on by about ``chunk`` ids, so that whoever writes waits for no more.

    What the ``cache`` remembers of a prompt is not read again; nor is what two of them begin with, where one of them
    is all of that: the other waits for it.
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
        prompt = PromptReading(self.model, ids, chunk=self.chunk)
        if row is not None:
            self._line.append(Reading(job, prompt, row))
        else:
            self._line.append(Reading(job, prompt, logprobs=job.prompt_logprobs(self.chunk), key=key_of(ids)))

    def remove(self, jobs: Collection[Job]) -> None:
        """Read no more for these jobs; what was read of their prompts is remembered, for they may come again."""
        for reading in self._line:
            if reading.job in jobs:
                self._keep(reading)
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
                if self._waits(reading):
                    continue
                if reading.piece > room and room < self.chunk:
                    return
                room -= reading.piece
                self._read_piece(reading)
            except Exception as error:  # of this one: the others read all the same
                reading.error = error
            self._line.remove(reading)
            if reading.finished or reading.error is not None:
                yield reading
            else:
                self._line.append(reading)

    def _remember(self, reading: Reading) -> None:
        prompt, logprobs = reading.prompt, reading.untold
        beginning = prompt.ids if logprobs is None else logprobs.beginning
        if prompt.done or reading.row is not None or not beginning or not reading.piece:
            return
        known = self.cache.find(beginning, whole=self.model.passage is not None)
        if known is not None:
            self.hits += 1
            self.ids_remembered += known.length
            begun = prompt if logprobs is None else logprobs
            begun.begin_after(known.length, rows_of(known.logits, [0]), known.state.select([0]))

    def _read_piece(self, reading: Reading) -> None:
        prompt, logprobs = reading.prompt, reading.untold
        self.ids_read += reading.piece
        if logprobs is not None:
            reading.job.tell_prompt(logprobs.read())
            if self.cache.capacity and (known := logprobs.known()) is not None:
                self.cache.keep(*known)
            if logprobs.finished:
                logprobs.hand_over(prompt)
            return
        if not reading.piece:
            return
        prompt.read()
        if not prompt.piece:
            self._keep(reading)

    def _keep(self, reading: Reading) -> None:
        """Let the cache remember what has been read of a prompt."""
        prompt = reading.prompt
        if reading.is_shared and prompt.done and self.cache.capacity:
            self.cache.keep(prompt.ids[: prompt.done], rows_of(prompt.logits, [0]), prompt.state.select([0]))

    def _waits(self, reading: Reading) -> bool:
        """Whether another reads all that it reads for this one, too, which will find it in the cache.

        It is one that has begun, or comes first; so there is always one that does not wait.
        """
        if reading.prompt.done or not reading.is_shared or not self.cache.capacity:
            return False
        first = True
        for other in self._line:
            if other is reading:
                first = False
            elif other.is_shared and (first or other.prompt.done) and reading.key.startswith(other.key):
                return True
        return False
