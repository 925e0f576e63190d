"""Attention that remembers: keys and values of what each row has read, rows of any lengths in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from moxu.models.state import TensorState

SOURCE = "source."
"""Begins the names of tensors that belong to a source, which is read once and does not grow with the text."""

_ROOM = 64  # places a memory grows by at least


@dataclass
class KvState(TensorState):
    """Tensors (B, ..., S, D), the places of the text on the axis before the last; row b fills its first lengths[b].

    What lies behind a row's last place is room to grow, or a neighbour's: it is never seen. Tensors of other names than
    ``SOURCE...`` have the same S. ``lengths`` lies on the host, where places are worked out; tensors of one axis (B,)
    are facts of a row.
    """

    def select(self, rows: Sequence[int]) -> Self:
        index = torch.as_tensor(rows, dtype=torch.int64)
        lengths = self.lengths.index_select(0, index)
        used = int(lengths.max()) + _ROOM if len(lengths) else 0
        chosen = {}
        for name, tensor in self.tensors.items():
            needed = tensor[..., :used, :] if _grows(name, tensor) else tensor
            chosen[name] = needed.index_select(0, index.to(tensor.device))
        return type(self)(lengths, chosen)

    def join(self, other: Self) -> Self:
        together = {}
        for name, tensor in self.tensors.items():
            second = other.tensors[name]
            if tensor.ndim > 1:
                places = max(tensor.shape[-2], second.shape[-2])
                tensor, second = _with_places(tensor, places), _with_places(second, places)
            together[name] = torch.cat([tensor, second])
        return type(self)(torch.cat([self.lengths, other.lengths]), together)

    def write(self, name: str, new: Tensor, places: "Places") -> Tensor:
        """Put ``new`` (B, ..., T, D) at its places; return what of this memory is in use, (B, ..., span, D)."""
        memory = self.tensors[name]
        if memory.shape[-2] < places.span:
            room = min(places.span + max(places.span // 2, _ROOM), max(places.limit, places.span))
            memory = self.tensors[name] = _with_places(memory, room)
        if places.start is not None:
            memory[..., places.start : places.span, :] = new
        else:
            rows = torch.arange(len(new), device=memory.device)[:, None]  # (B, 1)
            memory.movedim(-2, 1)[rows, places.positions] = new.movedim(-2, 1)  # (B, T, ..., D)
        return memory[..., : places.span, :]


@dataclass(frozen=True)
class Places:
    """Where the T tokens that each row reads next belong, and which places each of them sees.

    ``positions`` (B, T); ``start``: the first of them where all rows agree; ``span``: the places in use when they are
    read; ``limit``: those that can be; ``visible`` (B or 1, T, span): None when each token sees all that is not ahead.
    """

    positions: Tensor
    start: int | None
    span: int
    limit: int
    visible: Tensor | None = None

    @classmethod
    def after(cls, lengths: Tensor, count: int, device: torch.device, limit: int | None = None) -> Self:
        """Return the places of ``count`` tokens that follow rows of these lengths (B,), on the host."""
        counts = lengths.tolist()
        positions = (lengths[:, None] + torch.arange(count)).to(device)  # (B, T)
        start = counts[0] if len(set(counts)) == 1 else None
        span = max(counts, default=0) + count
        if start is None or (start and count > 1):
            visible = torch.arange(span, device=device) <= positions[..., None]  # (B, T, span)
        else:
            visible = None  # from the beginning, or one token that sees everything
        return cls(positions, start, span, limit or 2**31, visible)


def attend(q: Tensor, k: Tensor, v: Tensor, places: Places, masked_score: float | None = None) -> Tensor:
    """Return softmax(q k / sqrt(D)) v over what each place sees: q (B, H, T, D), k and v (B, H, S, D) -> (B, H, T, D).

    ``masked_score``: what is not seen has this score instead of minus infinity.
    """
    visible = None if places.visible is None else places.visible[:, None]  # (B, 1, T, S)
    if masked_score is None:
        causal = visible is None and q.shape[-2] > 1
        return F.scaled_dot_product_attention(q, k, v, attn_mask=visible, is_causal=causal)
    if visible is None:
        visible = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).tril(
            k.shape[-2] - q.shape[-2]
        )
    scores = (q @ k.transpose(-2, -1)) / q.shape[-1] ** 0.5  # (B, H, T, S)
    return torch.softmax(scores.masked_fill(~visible, masked_score), dim=-1) @ v


def _grows(name: str, tensor: Tensor) -> bool:
    return tensor.ndim > 1 and not name.startswith(SOURCE)


def _with_places(tensor: Tensor, places: int) -> Tensor:
    """Return a copy with room for so many places; the new ones hold zeros."""
    if tensor.shape[-2] == places:
        return tensor
    wider = tensor.new_zeros(*tensor.shape[:-2], places, tensor.shape[-1])
    wider[..., : tensor.shape[-2], :] = tensor
    return wider
