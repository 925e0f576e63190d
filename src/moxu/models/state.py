"""A State made of named torch tensors, each with the batch as its first axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


@dataclass
class TensorState:
    """What each row has read: ``lengths`` (B,) int64 and named tensors (B, ...); see ``language_model.State``."""

    lengths: Tensor
    tensors: dict[str, Tensor]

    def select(self, rows: Sequence[int]) -> Self:
        index = torch.as_tensor(rows, dtype=torch.int64, device=self.lengths.device)
        chosen = {name: tensor.index_select(0, index) for name, tensor in self.tensors.items()}
        return type(self)(self.lengths.index_select(0, index), chosen)

    def join(self, other: Self) -> Self:
        together = {name: torch.cat([tensor, other.tensors[name]]) for name, tensor in self.tensors.items()}
        return type(self)(torch.cat([self.lengths, other.lengths]), together)

    def arrays(self) -> dict[str, Tensor]:
        arrays = {"lengths": self.lengths, **self.tensors}
        return {name: array.contiguous() for name, array in arrays.items()}  # safetensors saves no others
