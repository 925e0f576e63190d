"""How a model that is computed on several devices divides its tensors among them, as data: joined and cut by one rule.

Each part of a tensor-parallel model (Shoeybi et al. 2019, Megatron-LM) holds an equal share of the large matrices: of
their rows where the outputs are divided, of their columns where the inputs are, and of each block of rows by itself
where one matrix makes queries, keys and values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """Each part has an equal piece, along ``axis``, of each of the ``blocks`` of a tensor; None: all of it."""

    axis: int | None
    blocks: int = 1

    def join(self, pieces: Sequence[Tensor]) -> Tensor:
        """Return the whole tensor; of what each part has all of, the first one's."""
        if self.axis is None or len(pieces) == 1:
            return pieces[0]
        blocks = [self._in_blocks(piece, 1).squeeze(self.axis + 1) for piece in pieces]  # (…, blocks, n / parts, …)
        return torch.cat(blocks, dim=self.axis + 1).flatten(self.axis, self.axis + 1)  # (…, blocks * n, …)

    def piece(self, whole: Tensor, part: int, parts: int) -> Tensor:
        """Return what ``part`` of ``parts`` has of a tensor that `divides` says can be cut."""
        if self.axis is None or parts == 1:
            return whole
        blocks = self._in_blocks(whole, parts)  # (…, blocks, parts, n / parts, …)
        return blocks.select(self.axis + 1, part).flatten(self.axis, self.axis + 1)  # (…, blocks * n / parts, …)

    def divides(self, shape: Sequence[int], parts: int) -> bool:
        """Say whether a tensor of this shape can be cut into this many parts."""
        if self.axis is None:
            return True
        return len(shape) > self.axis and shape[self.axis] > 0 and shape[self.axis] % (self.blocks * parts) == 0

    def _in_blocks(self, tensor: Tensor, parts: int) -> Tensor:
        assert self.axis is not None
        before, length, after = tensor.shape[: self.axis], tensor.shape[self.axis], tensor.shape[self.axis + 1 :]
        return tensor.reshape(*before, self.blocks, parts, length // (self.blocks * parts), *after)


EVERYWHERE = Share(None)
ROWS = Share(0)
COLUMNS = Share(1)
ROWS_OF_THIRDS = Share(0, blocks=3)
