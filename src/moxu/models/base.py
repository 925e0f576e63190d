"""What the torch models share: from the few methods of an architecture to the protocol of a LanguageModel."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from moxu.language_model import Array, Passage
from moxu.models.state import TensorState


class TorchLanguageModel(nn.Module, ABC):
    """A causal model in torch: an architecture gives ``forward`` and the abstract methods, the rest is here.

    ``forward(ids)`` (B, T) -> logits (B, T, V) is the training form and never sees a State.
    """

    architecture: ClassVar[str]
    config_type: ClassVar[type]
    config: Any
    vocab_size: int
    max_context: int | None = None
    passage: Passage | None = None

    @abstractmethod
    def start(self, batch: int) -> TensorState:
        """Return the state of ``batch`` rows that have read nothing."""

    @abstractmethod
    def read(self, ids: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Read ids (B, T) on from ``state``; return what the head is applied to (B, T, D), and the new state."""

    @abstractmethod
    def logits(self, hidden: Tensor, state: TensorState) -> Tensor:
        """Return the logits (B, t, V) of the last t places that ``state`` has read, from their ``hidden`` (B, t, D)."""

    @abstractmethod
    def initialise(self, generator: torch.Generator) -> None:
        """Fill the parameters with the values training starts from, drawn from ``generator``."""

    def restore_buffers(self) -> None:
        """Make what no checkpoint holds, after a model that was built without memory was given its tensors."""
        return

    def features(self, ids: Tensor) -> tuple[Tensor, Tensor] | None:  # noqa: ARG002
        """Return what a plain linear head is applied to (B, T, D), and its weight (V, D).

        Losses use it so that all logits of a batch never exist at once. None: the logits are more than a linear head.
        """
        return None

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())

    @torch.inference_mode()
    def prefill(self, ids: Array) -> tuple[Tensor, TensorState]:
        tensor = self._ids(ids)
        hidden, state = self.read(tensor, self.start(tensor.shape[0]))
        return self.logits(hidden[:, -1:], state)[:, 0].float(), state  # (B, V)

    @torch.inference_mode()
    def extend(self, ids: Array, state: TensorState) -> tuple[Tensor, TensorState]:
        hidden, state = self.read(self._ids(ids), state)
        return self.logits(hidden, state).float(), state  # (B, T, V)

    def _ids(self, ids: Array) -> Tensor:
        return torch.as_tensor(ids, dtype=torch.int64, device=self.device)
