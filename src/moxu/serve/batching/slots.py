"""The requests that have slots, from the reading of their prompts to their last words, one step for all at a time."""

import time
from dataclasses import dataclass

from moxu.decode.passages import Passages
from moxu.decode.prefix_cache import PrefixCache
from moxu.decode.rows import FinishReason, Row, Step, rows_of
from moxu.decode.running import RunningRows
from moxu.errors import MoxuError
from moxu.language_model import LanguageModel
from moxu.serve.batching.prompts import Prompts, Reading
from moxu.serve.batching.requests import Job
from moxu.text.tokenizer import Tokenizer


@dataclass
class Counts:
    """What has been done since the beginning, and how long a request takes: a mean in which the latest count most."""

    steps: int = 0
    tokens: int = 0  # written
    finished: int = 0  # requests
    cancelled: int = 0
    failed: int = 0
    mean_seconds: float = 1.0


class Slots:
    """At most ``size`` rows of any requests, in one batch; only the worker comes here.

    A request holds a slot for each of its rows while its prompt is read, and gives back that of a row when the row is
    finished. ``seconds``: a request that held slots for so long ends (None: when it will).
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        *,
        size: int,
        chunk: int,
        cache: PrefixCache,
        seconds: float | None,
    ) -> None:
        self.model, self.tokenizer, self.size, self.cache, self.seconds = model, tokenizer, size, cache, seconds
        self.prompts = Prompts(model, cache, chunk)
        self.counts = Counts()
        self._running = RunningRows(model, tokenizer)
        self._jobs: dict[Row, Job] = {}  # of the rows that run, or will when they have begun anew

    @property
    def used(self) -> int:
        return len(self._jobs) + sum(job.count for job in self.prompts.jobs)

    @property
    def jobs(self) -> list[Job]:
        """The requests that hold slots, each once."""
        return list(dict.fromkeys([*self._jobs.values(), *self.prompts.jobs]))

    def admit(self, job: Job) -> None:
        """Give a request its slots; so many must be free."""
        job.begin()
        self.prompts.add(job, job.beginning)

    def turn(self) -> None:
        """Let go of what has ended, read pieces of prompts, and write one token of every row that runs."""
        self._let_go()
        self._read_prompts()
        if not self._running.rows:
            return
        for row, step in self._choose():
            self._take(row, step)
        self._let_go()
        self._begin_anew()
        if self._running.rows:
            self._running.read()
        self.counts.steps += 1

    def end(self, job: Job, reason: FinishReason) -> None:
        """End the rows of a request that are not finished; the slots it holds are given back by the next turn."""
        if job.is_over:
            return
        job.end(reason)
        if reason == "cancelled":
            self.counts.cancelled += 1
        else:
            self._count_finished(job)

    def clear(self, error: MoxuError | None) -> None:
        """Give back all slots; their requests end with the error, or as cancelled."""
        for job in self.jobs:
            if error is None:
                self.end(job, "cancelled")
            else:
                self._fail(job, error)
        self.prompts.clear()
        self._jobs.clear()
        self._running = RunningRows(self.model, self.tokenizer)

    def _let_go(self) -> None:
        """Give back the slots of requests that are wanted no more or have had their time, and of finished rows."""
        now, over = time.monotonic(), dict[Job, FinishReason]()
        for job in self.jobs:
            if not job.wanted:
                over[job] = "cancelled"
            elif self.seconds is not None and now - job.since >= self.seconds:
                over[job] = "time"
        for job, reason in over.items():
            self.end(job, reason)
        self._drop_finished()

    def _drop_finished(self) -> None:
        self.prompts.remove([job for job in self.jobs if job.is_over])
        finished = {row for row, job in self._jobs.items() if row not in job.texts}
        for row in finished:
            del self._jobs[row]
        if finished:
            self._running.drop(finished)

    def _read_prompts(self) -> None:
        for reading in self.prompts.read():
            if reading.error is not None:
                self._fail(reading.job, reading.error)
                self._drop_finished()
            elif not reading.job.writes:
                self.end(reading.job, "length")
            elif reading.row is not None:
                reading.row.held = reading.row.course.horizon.held_after(reading.prompt.ids)
                self._running.join([reading.row], reading.prompt.logits, reading.prompt.state)
            else:
                self._open(reading)

    def _open(self, reading: Reading) -> None:
        """Let the rows of a request run from one shared reading of their prompt."""
        rows, logits, state = reading.job.open_rows(), reading.prompt.logits, reading.prompt.state
        self._jobs |= dict.fromkeys(rows, reading.job)
        if len(rows) > 1:
            shared = [0] * len(rows)
            logits, state = rows_of(logits, shared), state.select(shared)
        self._running.join(rows, logits, state)

    def _begin_anew(self) -> None:
        """Let rows that are full read what they begin anew with as prompts are read: so that nobody waits for it."""
        full = [row for row in self._running.rows if row.course.horizon.is_full(row.held)]
        for row in full:
            self.prompts.add(self._jobs[row], row.course.horizon.anew(row.history), row)
        if full:
            self._running.drop(set(full))

    def _choose(self) -> list[tuple[Row, Step]]:
        """Return a step of each row; requests of which a row has no token to choose fail, and leave."""
        try:
            steps = self._running.choose()
        except MoxuError:
            errors = self._running.without_choice()
            for row, error in errors.items():
                self._fail(self._jobs[row], error)
            self._drop_finished()
            steps = self._running.choose() if self._running.rows else []
        self.counts.tokens += len(steps)
        return list(zip(self._running.rows, steps, strict=True))

    def _take(self, row: Row, step: Step) -> None:
        """Tell a step; remember what the model knows when the row is finished, and see whether all of them are."""
        job = self._jobs[row]
        if not job.take(row, step):
            return
        if job.wanted and self.cache.capacity and not isinstance(row.course.horizon, Passages):
            end = len(row.history) - (step.id != row.course.end_id)  # the last id is not read; an end is not there
            self.cache.keep(row.history[end - row.held : end], *self._running.snapshot(row))
        if not job.texts:
            self._count_finished(job)

    def _fail(self, job: Job, error: Exception) -> None:
        if not job.is_over:
            job.fail(error)
            self.counts.failed += 1

    def _count_finished(self, job: Job) -> None:
        counts, seconds = self.counts, time.monotonic() - job.since
        counts.finished += 1
        counts.mean_seconds += (seconds - counts.mean_seconds) / min(counts.finished, 16)
