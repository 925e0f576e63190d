"""What a run shows where there is no terminal."""

import io
import itertools

import pytest
from rich.console import Console

from moxu.train.loop import StepReport
from moxu.train.progress import PLAIN_EVERY, TrainingProgress


def shown(reports: list[StepReport]) -> str:
    output = io.StringIO()
    with TrainingProgress(Console(file=output, width=100), steps=200) as progress:
        for report in reports:
            progress.step(report)
        progress.say("runs/[odd]/step-000100")
        progress.validation(100, 5.25)
    return output.getvalue()


def test_a_line_appears_now_and_then_with_step_bits_and_speed() -> None:
    reports = [StepReport(step, 6.0, 0.5, 1.0, 1234.0) for step in range(1, 2 * PLAIN_EVERY + 1)]
    lines = shown(reports).splitlines()
    assert lines[0] == f"step {PLAIN_EVERY}/200  6.000 bits/id  1,234 ids/s  |g| 0.50  0:00:00 left"
    assert lines[1].startswith(f"step {2 * PLAIN_EVERY}/200")


def test_time_left_is_that_of_the_steps_seen_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(step=2.0)
    monkeypatch.setattr("moxu.train.progress.time.perf_counter", lambda: next(clock) / 2)
    output = io.StringIO()
    progress = TrainingProgress(Console(file=output, width=100), steps=200)
    for step in (PLAIN_EVERY - 1, PLAIN_EVERY):  # one step in one second
        progress.step(StepReport(step, 6.0, 0.5, 1.0, 1234.0))
    assert output.getvalue().endswith("0:02:30 left\n")


def test_names_in_brackets_are_shown_as_they_are() -> None:
    assert "runs/[odd]/step-000100" in shown([])


def test_validation_tells_bits_per_character() -> None:
    assert "step 100: validation 5.2500 bits/character" in shown([])
