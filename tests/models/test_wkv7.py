"""The chunked form of the RWKV-7 recurrence against the recurrence itself, forward and backward."""

import sys
import types

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.models.wkv7 import wkv7_chunked, wkv7_fused, wkv7_step

Inputs = list[Tensor]


def random_inputs(length: int, *, dtype: torch.dtype = torch.float64, strongest_decay: bool = False) -> Inputs:
    """r, log_w, k, v, a, b (B, T, H, N) and a state (B, H, N, N), as the time mix makes them."""
    generator = torch.Generator().manual_seed(length)
    shape, least = (2, length, 3, 8), -(torch.exp(torch.tensor(-0.5, dtype=dtype)))

    def normal(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator, dtype=dtype)

    r, k, v = (normal(*shape) for _ in range(3))
    log_w = least.expand(shape).clone() if strongest_decay else least * torch.rand(shape, generator=generator).to(dtype)
    kappa = torch.nn.functional.normalize(normal(*shape), dim=-1)
    gate = torch.rand(shape, generator=generator).to(dtype)
    return [r, log_w, k, v, -kappa, kappa * gate, normal(2, 3, 8, 8)]


def step_by_step(*inputs: Tensor) -> tuple[Tensor, Tensor]:
    *over_time, state = inputs
    outputs = []
    for place in range(over_time[0].shape[1]):
        y, state = wkv7_step(*(x[:, place : place + 1] for x in over_time), state)
        outputs.append(y)
    return torch.cat(outputs, dim=1), state


@settings(max_examples=30, deadline=None)
@given(length=st.integers(1, 70), chunk=st.integers(1, 40))
def test_chunks_of_any_size_equal_the_recurrence(length: int, chunk: int) -> None:
    inputs = random_inputs(length)
    for chunked, stepped in zip(wkv7_chunked(*inputs, chunk=chunk), step_by_step(*inputs), strict=True):
        torch.testing.assert_close(chunked, stepped, atol=1e-11, rtol=1e-9)


def test_one_step_is_the_equation_of_the_paper() -> None:
    r, log_w, k, v, a, b, state = random_inputs(1)
    y, after = wkv7_step(r, log_w, k, v, a, b, state)
    for row in range(2):
        for head in range(3):
            one = [x[row, 0, head] for x in (r, log_w, k, v, a, b)]
            transition = torch.diag(one[1].exp()) + torch.outer(one[4], one[5])
            expected = state[row, head] @ transition + torch.outer(one[3], one[2])
            torch.testing.assert_close(after[row, head], expected)
            torch.testing.assert_close(y[row, 0, head], expected @ one[0])


def test_gradients_through_chunks_equal_those_through_steps() -> None:
    gradients = []
    for form in (wkv7_chunked, step_by_step):
        inputs = [x.requires_grad_() for x in random_inputs(37)]
        y, state = form(*inputs)
        gradients.append(torch.autograd.grad((y**2).sum() + state.sin().sum(), inputs))
    for chunked, stepped in zip(*gradients, strict=True):
        torch.testing.assert_close(chunked, stepped, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("length", [64, 200])
def test_strongest_decay_stays_exact_in_float32(length: int) -> None:
    exact = random_inputs(length, strongest_decay=True)
    y, state = wkv7_chunked(*(x.float() for x in exact))
    expected_y, expected_state = step_by_step(*exact)
    torch.testing.assert_close(y.double(), expected_y, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(state.double(), expected_state, atol=1e-4, rtol=1e-4)


def test_fused_kernel_is_given_its_own_layout_of_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's states are (B, H, key, value); this stand-in for it computes the recurrence in that layout."""

    def chunk_rwkv7(
        r: Tensor, w: Tensor, k: Tensor, v: Tensor, a: Tensor, b: Tensor, **options: Tensor
    ) -> tuple[Tensor, Tensor]:
        state, outputs = options["initial_state"], []
        for t in range(r.shape[1]):
            r_t, w_t, k_t, v_t, a_t, b_t = (x[:, t] for x in (r, w, k, v, a, b))
            stored = torch.einsum("bhkv,bhk->bhv", state, a_t)
            state = state * w_t.exp()[..., None] + b_t[..., None] * stored[..., None, :]
            state = state + k_t[..., None] * v_t[..., None, :]
            outputs.append(torch.einsum("bhkv,bhk->bhv", state, r_t))
        return torch.stack(outputs, dim=1), state

    package = types.ModuleType("fla.ops.rwkv7")
    package.chunk_rwkv7 = chunk_rwkv7  # type: ignore[attr-defined]
    for name in ("fla", "fla.ops"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "fla.ops.rwkv7", package)
    inputs = random_inputs(19)
    for fused, chunked in zip(wkv7_fused(*inputs), wkv7_chunked(*inputs), strict=True):
        torch.testing.assert_close(fused, chunked)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_fused_kernel_equals_the_recurrence_on_cuda() -> None:
    pytest.importorskip("fla.ops.rwkv7")
    generator_inputs = [x.float().cuda() for x in random_inputs(100)]
    for fused, stepped in zip(wkv7_fused(*generator_inputs), step_by_step(*generator_inputs), strict=True):
        assert (fused - stepped).norm() / stepped.norm() < 5e-3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_chunks_equal_the_recurrence_on_cuda() -> None:
    inputs = [x.cuda() for x in random_inputs(100)]
    for chunked, stepped in zip(wkv7_chunked(*inputs), step_by_step(*inputs), strict=True):
        torch.testing.assert_close(chunked, stepped, atol=1e-11, rtol=1e-9)
