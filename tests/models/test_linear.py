"""The linear layer for single steps against torch's own."""

import pytest
import torch

from moxu.models import linear
from moxu.models.linear import FEW_ROWS, Linear, SharedInput, join_shared_inputs, turn_wide_weights


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (FEW_ROWS, 1), (FEW_ROWS + 1, 1), (0, 1)])
def test_few_rows_give_what_torch_gives(shape: tuple[int, int], bias: bool) -> None:
    layer = Linear(512, 513, bias=bias)
    x = torch.randn(*shape, 512, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.linear(x, layer.weight, layer.bias)
    with torch.inference_mode():
        torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-5)


def test_rows_that_need_gradients_have_them() -> None:
    layer = Linear(512, 513)
    layer(torch.ones(1, 512)).sum().backward()
    torch.testing.assert_close(layer.weight.grad, torch.ones(513, 512))


def test_other_precisions_keep_their_type() -> None:
    with torch.inference_mode():
        assert Linear(512, 513).double()(torch.ones(1, 512, dtype=torch.float64)).dtype == torch.float64
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert Linear(512, 513)(torch.ones(1, 512)).dtype == torch.bfloat16


def test_without_onednn_the_layer_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "ONEDNN", False)
    layer = Linear(512, 513)
    with torch.inference_mode():
        torch.testing.assert_close(layer(torch.zeros(1, 512))[0], layer.bias)


def test_turned_weights_are_the_same_values_in_another_order() -> None:
    wide, narrow = Linear(512, 513), torch.nn.Linear(513, 40)
    layers = torch.nn.Sequential(wide, torch.nn.ReLU(), narrow)
    x = torch.randn(3, 512, generator=torch.Generator().manual_seed(0))
    before, state = layers(x), {name: tensor.clone() for name, tensor in layers.state_dict().items()}
    turn_wide_weights(layers)
    assert not wide.weight.is_contiguous()
    assert narrow.weight.is_contiguous()
    assert all(torch.equal(tensor, state[name]) for name, tensor in layers.state_dict().items())
    with torch.inference_mode():
        torch.testing.assert_close(layers(x), before, rtol=1e-5, atol=1e-5)


class Pair(torch.nn.Module):
    """Two layers that read the same input."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Linear(512, 513), Linear(512, 40)
        self.project = SharedInput(self.first, self.second)


def test_joined_layers_give_what_they_gave_apart() -> None:
    pair = Pair()
    x = torch.randn(3, 1, 512, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        apart = pair.project(x)
        join_shared_inputs(pair)
        for joined, before in zip(pair.project(x), apart, strict=True):
            torch.testing.assert_close(joined, before, rtol=1e-5, atol=1e-5)


def test_joined_layers_keep_their_names_and_share_one_memory() -> None:
    pair = Pair()
    before = {name: tensor.clone() for name, tensor in pair.state_dict().items()}
    join_shared_inputs(pair)
    assert list(pair.state_dict()) == ["first.weight", "first.bias", "second.weight", "second.bias"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in pair.state_dict().items())
    assert pair.first.weight.untyped_storage().data_ptr() == pair.second.weight.untyped_storage().data_ptr()


def test_joined_layers_can_still_be_trained() -> None:
    pair = Pair()
    join_shared_inputs(pair)
    sum(part.sum() for part in pair.project(torch.ones(1, 512))).backward()  # type: ignore[union-attr]
    assert pair.second.weight.grad is not None
