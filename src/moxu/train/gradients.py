"""The gradient of a step: micro-batches read one after another, or by several threads on the processor."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

import torch
from torch import Tensor

from moxu.models.base import TorchLanguageModel
from moxu.train.objectives import next_token_loss
from moxu.train.recipe import RunRecipe

Result = TypeVar("Result")


class GradientWorkers:
    """Computes a step's loss and gradient, always summed in the same order, whatever thread was faster.

    On a processor each worker computes with one thread of its own: two workers that never wait for each other inside
    an operation outrun two threads that must meet after each one, and suffer far less from busy neighbours.
    """

    def __init__(self, model: TorchLanguageModel, recipe: RunRecipe) -> None:
        self._model = model
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._micro = recipe.micro_sequences
        self._dtype = torch.bfloat16 if recipe.precision == "bfloat16" else None
        workers = recipe.workers if model.device.type == "cpu" else 1
        self._pool = (
            ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) if workers > 1 else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def step(self, ids: Tensor) -> tuple[float, list[Tensor]]:
        """Return the mean loss in nats per id of ids (B, T + 1), and its gradient for each parameter."""
        loss, total = 0.0, None
        for part_loss, part in self._in_order(self._loss_and_gradient, ids):
            loss += part_loss
            if total is None:
                total = part
            else:
                torch._foreach_add_(total, part)
        assert total is not None
        count = ids[:, 1:].numel()
        torch._foreach_div_(total, count)
        return loss / count, total

    def loss(self, ids: Tensor) -> float:
        """Return the summed loss in nats of predicting ids (B, T + 1), without gradients."""
        return sum(self._in_order(self._loss, ids))

    def _in_order(self, work: Callable[[Tensor], Result], ids: Tensor) -> Iterator[Result]:
        """Do the work for each micro-batch, and yield what it gives in the order of the batch."""
        micro_batches = torch.split(ids.to(self._model.device), self._micro)
        return self._pool.map(work, micro_batches) if self._pool else map(work, micro_batches)

    def _loss_and_gradient(self, ids: Tensor) -> tuple[float, list[Tensor]]:
        loss = self._forward(ids)
        return float(loss.detach()), list(torch.autograd.grad(loss, self._parameters))

    def _loss(self, ids: Tensor) -> float:
        with torch.no_grad():
            return float(self._forward(ids))

    def _forward(self, ids: Tensor) -> Tensor:
        with torch.autocast(ids.device.type, dtype=self._dtype, enabled=self._dtype is not None):
            return next_token_loss(self._model, ids)
