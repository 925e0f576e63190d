from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from mocks import ByteTokenizer, NgramModel, WindowedModel
from moxu.decode.options import PRESETS, SamplingOptions, sampling_options
from moxu.decode.rows import Course, Row, choose
from moxu.decode.running import RunningRows
from moxu.decode.window import Window
from moxu.errors import MoxuError
from moxu.language_model import LanguageModel


def row_of(prompt: str, options: SamplingOptions, *, seed: int = 0, **more: Any) -> Row:
    ids = list(prompt.encode())
    horizon = more.pop("horizon", Window(size=None))
    course = Course.of(options, horizon, ByteTokenizer(), max_tokens=100, **more)
    return Row(0, seed, ids, len(ids), course)


def join(running: RunningRows, row: Row) -> None:
    running.join([row], *running.model.prefill(np.asarray([row.history])))


def running_of(model: LanguageModel, rows: Sequence[Row]) -> RunningRows:
    running = RunningRows(model, ByteTokenizer())
    for row in rows:
        join(running, row)
    return running


@pytest.mark.parametrize("as_torch", [False, True])
def test_what_is_chosen_for_a_row_does_not_depend_on_its_neighbours(as_torch: bool) -> None:
    logits: Any = np.random.default_rng(0).normal(size=(20, 258)).astype(np.float32) * 3
    logits = torch.as_tensor(logits) if as_torch else logits
    names = [*PRESETS] * 2
    rows = [row_of("once upon", sampling_options(name), seed=seed) for seed, name in enumerate(names[:20])]
    alone = [choose([row], logits[place : place + 1])[0] for place, row in enumerate(rows)]
    assert choose(rows, logits) == alone
    assert all(row.written == 0 for row in rows)


def test_strangers_with_windows_of_their_own_write_what_each_writes_alone() -> None:
    model, wild = WindowedModel(20), sampling_options("wild")
    windows = [Window(size=20, policy="roll"), Window(size=9), Window(size=20, policy="lines", line_ends=(10, 101))]

    def rows() -> list[Row]:
        return [row_of("abcdefgh"[n:], wild, seed=n, horizon=window) for n, window in enumerate(windows)]

    def write(written: Sequence[Row]) -> list[list[int]]:
        running = running_of(model, written)
        for _ in range(40):
            running.choose()
            running.read()
        return [row.history for row in written]

    assert write(rows()) == [write([row])[0] for row in rows()]


def test_each_step_reports_what_its_own_course_asks_for() -> None:
    wild = sampling_options("wild")
    rows = [row_of("ab", wild, top_logprobs=count) for count in (None, 0, 3, None, 3)]
    steps = running_of(NgramModel(), rows).choose()
    assert [step.logprob is not None for step in steps] == [False, True, True, False, True]
    assert [len(step.alternatives) for step in steps] == [0, 0, 3, 0, 3]


def test_when_a_row_has_nothing_to_choose_it_is_named_and_none_goes_on() -> None:
    model = NgramModel()
    broken = row_of("!!", SamplingOptions())
    place = (ord("!") * 31 + ord("!") * 7) % 97
    model.table[place] = np.nan
    rows = [row_of("ab", SamplingOptions()), broken, row_of("cd", SamplingOptions())]
    running = running_of(model, rows)
    with pytest.raises(MoxuError, match="no token can be chosen"):
        running.choose()
    assert [row.written for row in rows] == [0, 0, 0]
    errors = running.without_choice()
    assert list(errors) == [broken]
    running.drop(errors)
    assert len(running.choose()) == 2


def test_a_snapshot_is_what_a_fresh_reading_gives_and_stays_it() -> None:
    model = NgramModel()
    rows = [row_of(prompt, SamplingOptions()) for prompt in ("ab", "cde")]
    running = running_of(model, rows)
    logits, state = running.snapshot(rows[1])
    running.choose()
    running.read()
    fresh, fresh_state = model.prefill(np.asarray([list(b"cde")]))
    np.testing.assert_array_equal(logits, fresh)
    np.testing.assert_array_equal(state.memory, fresh_state.memory)


def test_rows_may_leave_and_join_between_steps() -> None:
    rows = [row_of("ab", SamplingOptions(), seed=seed) for seed in range(3)]
    running = running_of(NgramModel(), rows)
    running.drop({rows[1]})
    running.choose()
    running.drop({rows[0]})
    running.read()
    join(running, late := row_of("abc", SamplingOptions()))
    assert running.rows == [rows[2], late]
    assert len(running.choose()) == 2
    running.drop({rows[2], late})
    assert running.rows == []
    join(running, late)
    assert len(running.choose()) == 1
