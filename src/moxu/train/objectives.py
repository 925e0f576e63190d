"""What training minimises: the surprise at the next id."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from moxu.models.base import TorchLanguageModel

ROWS_AT_ONCE = 512
"""Places whose logits exist together: at 6,000 ids they take 12 MB, which stays in a processor's cache."""


def next_token_loss(model: TorchLanguageModel, ids: Tensor) -> Tensor:
    """Return the summed loss in nats of predicting ids[:, 1:] from what precedes each; ids (B, T + 1)."""
    before, targets = ids[:, :-1], ids[:, 1:].flatten()
    features = model.features(before)
    if features is None:
        return F.cross_entropy(model(before).flatten(0, 1).float(), targets, reduction="sum")
    hidden, weight = features
    dtype = torch.get_autocast_dtype(ids.device.type) if torch.is_autocast_enabled(ids.device.type) else hidden.dtype
    loss: Tensor = LinearCrossEntropy.apply(hidden.flatten(0, 1), weight, targets, dtype)  # type: ignore[no-untyped-call]
    return loss


class LinearCrossEntropy(torch.autograd.Function):
    """Cross entropy of ``hidden @ weight.T`` that keeps the gradients instead of the logits.

    The gradients are made in the forward pass, where a slice of the logits is at hand anyway; memory is that of one
    slice, and no pass over (B T, V) is made twice.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
        """hidden (R, D), weight (V, D), targets (R,) -> summed loss; products are taken in ``dtype``."""
        with torch.autocast(hidden.device.type, enabled=False):
            low = weight.to(dtype)
            total = torch.zeros((), dtype=torch.float32, device=hidden.device)
            hidden_grad, weight_grad = torch.empty_like(hidden), torch.zeros_like(weight)
            for first in range(0, len(hidden), ROWS_AT_ONCE):
                rows = slice(first, first + ROWS_AT_ONCE)
                rows_low, target = hidden[rows].to(dtype), targets[rows, None]
                logits = (rows_low @ low.T).float()  # (r, V)
                normaliser = logits.logsumexp(dim=1, keepdim=True)
                total += (normaliser - logits.gather(1, target)).sum()
                if any(ctx.needs_input_grad[:2]):
                    error = logits.sub_(normaliser).exp_()  # probabilities, less one where the target is
                    error.scatter_add_(1, target, torch.full_like(normaliser, -1.0))
                    error_low = error.to(dtype)
                    hidden_grad[rows] = error_low @ low
                    weight_grad += error_low.T @ rows_low
            ctx.save_for_backward(hidden_grad, weight_grad)
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (scale,) = upstream
        hidden_grad, weight_grad = ctx.saved_tensors
        return hidden_grad * scale, weight_grad * scale, None, None
