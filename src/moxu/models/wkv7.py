"""The recurrence of RWKV-7 in three equal forms: step by step, in parallel chunks, and a fused CUDA kernel.

Per head, with key axis N and value axis N, the state S (value x key) moves by

    S_t = S_{t-1} (diag(w_t) + a_t b_tᵀ) + v_t k_tᵀ        y_t = S_t r_t

where ``a = -κ`` and ``b = κ·a_gate``: decay, a rank-one correction of what was stored under κ, and a new entry.
Shapes: r, log_w, k, v, a, b are (B, T, H, N); S is (B, H, N, N) float32; y is (B, T, H, N).

Source: RWKV-7 (arXiv 2503.14456); the chunked form is the WY representation of delta-rule networks
(arXiv 2406.06484) with diagonal decay (arXiv 2412.06464).
"""

from functools import cache
from importlib.util import find_spec
from typing import NamedTuple, cast

import torch
from torch import Tensor

CHUNK = 32
"""Places a chunk spans. A decay is at least exp(-exp(-1/2)) = 0.545, so ratios inside a chunk stay under 0.545⁻³²
(about 3e8), far from the limits of float32."""


class Wkv7Inputs(NamedTuple):
    """What moves the state at each place, each (B, T, H, N): the recurrence's r, log w, k, v, a and b."""

    r: Tensor
    log_w: Tensor
    k: Tensor
    v: Tensor
    a: Tensor
    b: Tensor


def wkv7(inputs: Wkv7Inputs, state: Tensor) -> tuple[Tensor, Tensor]:
    """Return y (B, T, H, N) and the state after the last place, by the form that suits length and device."""
    if inputs.r.shape[1] == 1:
        return wkv7_step(inputs, state)
    if inputs.r.is_cuda and _fused_kernel_installed():
        return wkv7_fused(inputs, state)
    return wkv7_chunked(inputs, state)


def wkv7_step(inputs: Wkv7Inputs, state: Tensor) -> tuple[Tensor, Tensor]:
    """The recurrence itself, for T = 1; without gradients the state is changed where it lies.

    Sums and products of elements, not matrix products: on (N, N) matrices they are several times as fast here.
    """
    r, w, k, v, a, b = (x.transpose(1, 2) for x in inputs._replace(log_w=inputs.log_w.exp()))  # (B, H, 1, N)
    stored = torch.linalg.vecdot(state, a)[..., None]  # (B, H, N, 1) what lies under κ, negated
    if torch.is_grad_enabled():
        state = (state * w).addcmul(stored, b).addcmul(v.transpose(2, 3), k)
    else:
        state.mul_(w).addcmul_(stored, b).addcmul_(v.transpose(2, 3), k)
    return torch.linalg.vecdot(state, r)[:, None], state  # (B, 1, H, N)


def wkv7_chunked(inputs: Wkv7Inputs, state: Tensor, chunk: int = CHUNK) -> tuple[Tensor, Tensor]:
    """All places of a chunk at once, and only one (N, N) product for each chunk in sequence.

    With W_t the decay from the chunk's start through t, everything inside a chunk depends on the state S at its start
    through four matrices, computed for all chunks together:

        U = M Sᵀ + P       the rank-one corrections (L, N)
        Y = Q Sᵀ + G       the outputs (L, N)
        S' = S E + F       the state after the chunk
    """
    batch, length, heads, size = inputs.r.shape
    chunk = min(chunk, length)
    padding = -length % chunk
    r, log_w, k, v, a, b = (_into_chunks(x, chunk, padding) for x in inputs)  # (n, B H, L, N)

    log_decay = log_w.cumsum(dim=2)  # log W_t
    before = log_decay - log_w  # log W_{t-1}
    shrink = torch.exp(-log_decay)
    r_in, a_in = r * log_decay.exp(), a * before.exp()
    k_out, b_out = k * shrink, b * shrink

    keys = torch.cat((b_out, k_out), dim=2).transpose(2, 3)  # (n, B H, N, 2L)
    earlier = torch.ones(chunk, chunk, device=r.device, dtype=r.dtype).tril(-1)
    until = torch.ones_like(earlier).tril()
    a_to_b, a_to_k = ((a_in @ keys) * torch.cat((earlier, earlier), dim=1)).chunk(2, dim=3)  # (n, B H, L, L) twice
    r_to_b, r_to_k = ((r_in @ keys) * torch.cat((until, until), dim=1)).chunk(2, dim=3)
    mp = _solve_unit_lower(a_to_b, torch.cat((a_in, a_to_k @ v), dim=3))  # (n, B H, L, 2N) = [M P]
    q, g = (r_to_b @ mp).chunk(2, dim=3)
    q, g = q + r_in, g + r_to_k @ v

    whole = log_decay[:, :, -1:]  # (n, B H, 1, N)
    rest = torch.exp(whole - log_decay)
    b_rest, k_rest = b * rest, k * rest
    e, f = (mp.transpose(2, 3) @ b_rest).chunk(2, dim=2)  # (n, B H, N, N) twice
    e = e + torch.diag_embed(whole.exp().squeeze(2))
    f = f + v.transpose(2, 3) @ k_rest

    states, last = _chunk_states(state.reshape(batch * heads, size, size), e, f)
    y = q @ states.transpose(2, 3) + g  # (n, B H, L, N)
    y = y.view(-1, batch, heads, chunk, size).permute(1, 0, 3, 2, 4).reshape(batch, length + padding, heads, size)
    return (y[:, :length] if padding else y), last.view(batch, heads, size, size)


def _into_chunks(x: Tensor, chunk: int, padding: int) -> Tensor:
    """(B, T, H, N) -> (n, B H, L, N); zeros pad the end: no decay, no entry, no correction."""
    batch, _, heads, size = x.shape
    if padding:
        x = torch.nn.functional.pad(x, (0, 0, 0, 0, 0, padding))
    x = x.view(batch, -1, chunk, heads, size).permute(1, 0, 3, 2, 4)  # (n, B, H, L, N)
    return x.reshape(-1, batch * heads, chunk, size)


def _solve_unit_lower(lower: Tensor, right: Tensor) -> Tensor:
    """Solve (I - lower) x = right for strictly lower triangular ``lower``."""
    solved: Tensor = torch.linalg.solve_triangular(-lower, right, upper=False, unitriangular=True)
    return solved


def _chunk_states(state: Tensor, e: Tensor, f: Tensor) -> tuple[Tensor, Tensor]:
    """Return the states at the start of each chunk (n, B H, N, N) and the one after the last."""
    starts = []
    for e_chunk, f_chunk in zip(e.unbind(), f.unbind(), strict=True):
        starts.append(state)
        state = torch.baddbmm(f_chunk, state, e_chunk)
    return torch.stack(starts), state


@cache
def _fused_kernel_installed() -> bool:
    return find_spec("fla") is not None


def wkv7_fused(inputs: Wkv7Inputs, state: Tensor) -> tuple[Tensor, Tensor]:
    """The kernel of flash-linear-attention (CUDA); its states are (B, H, key, value), ours (B, H, value, key)."""
    from fla.ops.rwkv7 import chunk_rwkv7

    y, last = chunk_rwkv7(*inputs, scale=1.0, initial_state=state.transpose(2, 3).contiguous(), output_final_state=True)
    return cast(Tensor, y), cast(Tensor, last).transpose(2, 3)
