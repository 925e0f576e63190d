"""What a training run shows while it runs: one live line on a terminal, a line now and then elsewhere."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from moxu.train.loop import StepReport

PLAIN_EVERY = 50
"""Steps between two lines where the output is no terminal."""


class TrainingProgress:
    """A live line of step, bits per id, speed and time left; use as a context manager."""

    def __init__(self, console: Console, steps: int) -> None:
        self._console, self._steps = console, steps
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(
            *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not console.is_terminal
        )
        self._task = self._bar.add_task("training", total=steps)
        self._smooth: float | None = None
        self._first: tuple[int, float] | None = None  # the first step seen, and when it was done

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def step(self, report: "StepReport") -> None:
        self._first = self._first or (report.step, time.perf_counter())
        self._smooth = report.bits if self._smooth is None else 0.95 * self._smooth + 0.05 * report.bits
        line = f"{self._smooth:.3f} bits/id  {report.ids_per_second:,.0f} ids/s  |g| {report.gradient_norm:.2f}"
        self._bar.update(self._task, completed=report.step, description=line)
        if not self._console.is_terminal and report.step % PLAIN_EVERY == 0:
            self.say(f"step {report.step}/{self._steps}  {line}  {self._time_left(report.step)} left")

    def _time_left(self, step: int) -> timedelta:
        """Return how long the remaining steps take at the speed of those seen so far."""
        now = time.perf_counter()
        first, began = self._first or (step, now)
        each = (now - began) / max(1, step - first)
        return timedelta(seconds=round((self._steps - step) * each))

    def validation(self, step: int, bits: float) -> None:
        self.say(f"step {step}: validation {bits:.4f} bits/character")

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)
