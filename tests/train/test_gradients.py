"""Micro-batches and threads change how a gradient is computed, not what it is."""

from collections.abc import Callable

import pytest
import torch

from moxu.models.rwkv7 import Rwkv7, Rwkv7Config
from moxu.train.gradients import GradientWorkers
from moxu.train.objectives import next_token_loss
from moxu.train.recipe import Recipe

IDS = torch.randint(13, (8, 17), generator=torch.Generator().manual_seed(2))


@pytest.fixture
def model() -> Rwkv7:
    model = Rwkv7(Rwkv7Config(13, width=16, layers=2, head_size=8))
    model.initialise(torch.Generator().manual_seed(1))
    return model


def test_gradient_is_that_of_the_mean_over_the_whole_batch(model: Rwkv7, make_recipe: Callable[..., Recipe]) -> None:
    loss = next_token_loss(model, IDS) / IDS[:, 1:].numel()
    expected = torch.autograd.grad(loss, list(model.parameters()))
    for workers, micro in ((1, 8), (1, 3), (2, 2), (3, 1)):
        recipe = make_recipe(precision="float32", workers=workers, micro_sequences=micro, sequences=micro).run
        with GradientWorkers(model, recipe) as gradient_workers:
            found_loss, found = gradient_workers.step(IDS)
        assert found_loss == pytest.approx(loss.item(), rel=1e-5)
        for gradient, reference in zip(found, expected, strict=True):
            torch.testing.assert_close(gradient, reference, atol=1e-6, rtol=1e-3)


def test_threads_give_the_same_bits_every_time(model: Rwkv7, make_recipe: Callable[..., Recipe]) -> None:
    with GradientWorkers(model, make_recipe(workers=2, micro_sequences=1, sequences=8).run) as workers:
        first = workers.step(IDS)[1]
        for _ in range(3):
            assert all(torch.equal(a, b) for a, b in zip(workers.step(IDS)[1], first, strict=True))


def test_failure_in_a_worker_reaches_the_caller(model: Rwkv7, make_recipe: Callable[..., Recipe]) -> None:
    with (
        GradientWorkers(model, make_recipe(workers=2).run) as workers,
        pytest.raises(IndexError),
    ):
        workers.step(IDS + 100)
