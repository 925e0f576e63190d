"""The chunked form of the RWKV-7 recurrence against the recurrence itself, forward and backward."""

import sys
import types

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.models.wkv7 import Wkv7Inputs, wkv7_chunked, wkv7_fused, wkv7_step

Inputs = tuple[Wkv7Inputs, Tensor]


def random_inputs(length: int, *, dtype: torch.dtype = torch.float64, strongest_decay: bool = False) -> Inputs:
    """What moves the state (B, T, H, N), as the time mix makes it, and a state (B, H, N, N)."""
    generator = torch.Generator().manual_seed(length)
    shape, least = (2, length, 3, 8), -(torch.exp(torch.tensor(-0.5, dtype=dtype)))

    def normal(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator, dtype=dtype)

    r, k, v = (normal(*shape) for _ in range(3))
    log_w = least.expand(shape).clone() if strongest_decay else least * torch.rand(shape, generator=generator).to(dtype)
    kappa = torch.nn.functional.normalize(normal(*shape), dim=-1)
    gate = torch.rand(shape, generator=generator).to(dtype)
    return Wkv7Inputs(r, log_w, k, v, -kappa, kappa * gate), normal(2, 3, 8, 8)


def step_by_step(inputs: Wkv7Inputs, state: Tensor) -> tuple[Tensor, Tensor]:
    outputs = []
    for place in range(inputs.r.shape[1]):
        y, state = wkv7_step(Wkv7Inputs(*(x[:, place : place + 1] for x in inputs)), state)
        outputs.append(y)
    return torch.cat(outputs, dim=1), state


@settings(max_examples=30, deadline=None)
@given(length=st.integers(1, 70), chunk=st.integers(1, 40))
def test_chunks_of_any_size_equal_the_recurrence(length: int, chunk: int) -> None:
    inputs, state = random_inputs(length)
    for chunked, stepped in zip(wkv7_chunked(inputs, state, chunk), step_by_step(inputs, state), strict=True):
        torch.testing.assert_close(chunked, stepped, atol=1e-11, rtol=1e-9)


def test_one_step_is_the_equation_of_the_paper() -> None:
    inputs, state = random_inputs(1)
    y, after = wkv7_step(inputs, state)
    for row in range(2):
        for head in range(3):
            one = [x[row, 0, head] for x in inputs]
            transition = torch.diag(one[1].exp()) + torch.outer(one[4], one[5])
            expected = state[row, head] @ transition + torch.outer(one[3], one[2])
            torch.testing.assert_close(after[row, head], expected)
            torch.testing.assert_close(y[row, 0, head], expected @ one[0])


def test_gradients_through_chunks_equal_those_through_steps() -> None:
    gradients = []
    for form in (wkv7_chunked, step_by_step):
        inputs, state = random_inputs(37)
        leaves = [x.requires_grad_() for x in (*inputs, state)]
        y, after = form(inputs, state)
        gradients.append(torch.autograd.grad((y**2).sum() + after.sin().sum(), leaves))
    for chunked, stepped in zip(*gradients, strict=True):
        torch.testing.assert_close(chunked, stepped, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("length", [64, 200])
def test_strongest_decay_stays_exact_in_float32(length: int) -> None:
    exact, start = random_inputs(length, strongest_decay=True)
    y, state = wkv7_chunked(Wkv7Inputs(*(x.float() for x in exact)), start.float())
    expected_y, expected_state = step_by_step(exact, start)
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
    inputs, state = random_inputs(100)
    on_device, start = Wkv7Inputs(*(x.float().cuda() for x in inputs)), state.float().cuda()
    for fused, stepped in zip(wkv7_fused(on_device, start), step_by_step(on_device, start), strict=True):
        assert (fused - stepped).norm() / stepped.norm() < 5e-3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_chunks_equal_the_recurrence_on_cuda() -> None:
    inputs, state = random_inputs(100)
    on_device, start = Wkv7Inputs(*(x.cuda() for x in inputs)), state.cuda()
    for chunked, stepped in zip(wkv7_chunked(on_device, start), step_by_step(on_device, start), strict=True):
        torch.testing.assert_close(chunked, stepped, atol=1e-11, rtol=1e-9)
