import math
from typing import Any

import numpy as np
import pytest
import torch

from mocks import END, ArrayState, ByteTokenizer, NgramModel, WindowedModel
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.decode.rows import Step
from moxu.decode.samplers import softmax
from moxu.decode.steps import Batch
from moxu.language_model import LanguageModel

PROMPT = list("这是一颗".encode())


def batch_of(
    model: LanguageModel, *, seeds: list[int], max_tokens: int = 30, preset: str = "normal", **more: object
) -> Batch:
    options = sampling_options(preset)
    return Batch(model, ByteTokenizer(), PROMPT, options=options, seeds=seeds, max_tokens=max_tokens, **more)  # type: ignore[arg-type]


def rows_of(batch: Batch) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {row.number: [] for row in batch.rows}
    for step in batch.steps():
        rows[step.row].append(step.id)
    return rows


@pytest.mark.parametrize("model", [NgramModel(), WindowedModel(20)])
def test_a_seed_writes_the_same_alone_and_as_row_5_of_8(model: LanguageModel) -> None:
    together = rows_of(batch_of(model, seeds=list(range(100, 108)), max_tokens=60))
    alone = rows_of(batch_of(model, seeds=[105], max_tokens=60))
    assert together[5] == alone[0]
    assert len({tuple(row) for row in together.values()}) == 8


def test_the_prompt_is_read_once_for_all_rows() -> None:
    model = NgramModel()
    batch_of(model, seeds=list(range(8)))
    assert model.tokens_read == len(PROMPT)


def test_a_token_is_shown_before_it_is_read_and_a_dropped_row_is_not_read_on() -> None:
    model = NgramModel()
    batch = batch_of(model, seeds=[1, 2])
    steps = batch.steps()
    next(steps), next(steps)
    assert model.tokens_read == len(PROMPT)
    batch.drop(1)
    assert next(steps).row == 0
    assert model.tokens_read == len(PROMPT) + 1
    assert [row.number for row in batch.rows] == [0]


def test_a_row_dropped_before_the_first_step_writes_nothing() -> None:
    batch = batch_of(NgramModel(), seeds=[1, 2, 3])
    batch.drop(1)
    assert {step.row for step in batch.steps()} == {0, 2}


def test_every_row_ends_once_with_a_reason() -> None:
    model = NgramModel()
    model.table[:, END] += 4.0  # so that most rows end by themselves
    last: dict[int, list[Step]] = {}
    for step in batch_of(model, seeds=list(range(20)), max_tokens=12).steps():
        last.setdefault(step.row, []).append(step)
    reasons = [steps[-1].reason for steps in last.values()]
    assert set(reasons) == {"end", "length"}
    assert all(step.reason is None for steps in last.values() for step in steps[:-1])
    assert all((steps[-1].id == END) == (steps[-1].reason == "end") for steps in last.values())


def test_forbidden_and_nameless_tokens_are_never_written() -> None:
    model = NgramModel(vocab_size=264)  # six more than the tokenizer has
    model.table[:, 257:] += 20.0
    for preset in ("greedy", "wild", "aiwriter2"):
        assert max(rows_of(batch_of(model, seeds=[3], preset=preset))[0]) < 257


def test_alternatives_are_only_what_may_be_written() -> None:
    step = next(batch_of(NgramModel(), seeds=[4], top_logprobs=258).steps())
    assert 257 not in {choice.id for choice in step.alternatives}  # the byte tokenizer never writes it
    assert all(np.isfinite(choice.logprob) for choice in step.alternatives)


def test_logprobs_are_the_models_own_over_what_it_may_write() -> None:
    model = NgramModel()
    logits, _ = model.prefill(np.asarray([PROMPT]))
    logits[:, 257] = -np.inf
    expected = softmax(logits)[0]
    best = np.argsort(-expected)[:3]
    step = next(batch_of(model, seeds=[4], preset="greedy", top_logprobs=3).steps())
    assert math.isclose(math.exp(step.logprob or 0), expected[step.id], rel_tol=1e-5)
    assert [choice.id for choice in step.alternatives] == best.tolist()
    assert [math.exp(choice.logprob) for choice in step.alternatives] == pytest.approx(expected[best], rel=1e-5)


def test_no_alternatives_still_reports_the_chosen_logprob() -> None:
    step = next(batch_of(NgramModel(), seeds=[4], top_logprobs=0).steps())
    assert step.logprob is not None
    assert step.alternatives == ()
    assert next(batch_of(NgramModel(), seeds=[4]).steps()).logprob is None


class TorchNgramModel(NgramModel):
    """The same model with torch at its face."""

    def prefill(self, ids: Any) -> tuple[Any, ArrayState]:
        logits, state = super().prefill(ids)
        return torch.as_tensor(logits), state

    def extend(self, ids: Any, state: ArrayState) -> tuple[Any, ArrayState]:
        logits, state = super().extend(ids, state)
        return torch.from_numpy(logits), state


def test_a_torch_model_writes_what_its_numpy_twin_writes() -> None:
    options = SamplingOptions(top_p=0.9, repetition_penalty=1.1)
    written = []
    for model in (NgramModel(), TorchNgramModel()):
        batch = Batch(model, ByteTokenizer(), PROMPT, options=options, seeds=[1, 2, 3], max_tokens=20, top_logprobs=2)
        written.append(list(batch.steps()))
    assert written[0] == written[1]


def test_past_its_end_token_a_text_goes_on() -> None:
    model = NgramModel()
    model.table[:, END] += 4.0
    steps = list(batch_of(model, seeds=[1, 2], max_tokens=25, past_end=True).steps())
    assert len(steps) == 50
    assert sum(step.id == END for step in steps) > 3
    assert {step.reason for step in steps} == {None, "length"}


def test_an_end_token_that_ends_nothing_is_read_as_part_of_the_text() -> None:
    model = NgramModel()
    model.table[:, END] += 4.0
    batch = batch_of(model, seeds=[1], max_tokens=25, past_end=True)
    history = batch.rows[0].history
    ids = [step.id for step in batch.steps()]
    assert END in ids
    assert history == [*PROMPT, *ids]
    assert model.tokens_read == len(history) - 1
