"""The loss that never holds all logits equals the plain one, gradients included."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from moxu.models.rwkv7 import Rwkv7, Rwkv7Config
from moxu.train import objectives
from moxu.train.objectives import LinearCrossEntropy, next_token_loss


@pytest.mark.parametrize("rows", [1, 7, 512])
def test_loss_and_gradients_equal_cross_entropy(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objectives, "ROWS_AT_ONCE", rows)
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(20, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(11, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(11, (20,), generator=generator)
    plain = F.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    sliced = LinearCrossEntropy.apply(hidden, weight, targets, torch.float64)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(sliced.double(), plain, atol=1e-4, rtol=1e-5)
    expected = torch.autograd.grad(3 * plain, (hidden, weight))
    for found, gradient in zip(torch.autograd.grad(3 * sliced, (hidden, weight)), expected, strict=True):
        torch.testing.assert_close(found, gradient, atol=1e-5, rtol=1e-5)


@pytest.fixture
def model() -> Rwkv7:
    model = Rwkv7(Rwkv7Config(13, width=16, layers=2, head_size=8))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5, generator=generator)
    return model


def test_loss_is_the_summed_surprise_at_each_next_id(model: Rwkv7) -> None:
    ids = torch.randint(13, (3, 9), generator=torch.Generator().manual_seed(2))
    logprobs: Tensor = model(ids[:, :-1]).log_softmax(dim=-1)
    expected = -logprobs.gather(2, ids[:, 1:, None]).sum()
    torch.testing.assert_close(next_token_loss(model, ids), expected, atol=1e-3, rtol=1e-4)


def test_model_without_a_plain_head_is_trained_through_its_logits(model: Rwkv7) -> None:
    ids = torch.randint(13, (3, 9), generator=torch.Generator().manual_seed(2))
    expected = next_token_loss(model, ids)
    model.features = lambda _: None  # type: ignore[method-assign,assignment,return-value]
    torch.testing.assert_close(next_token_loss(model, ids), expected)
