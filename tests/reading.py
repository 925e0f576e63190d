"""Ways to read ids with a model, and to compare what it says, for the tests of every architecture."""

import numpy as np
import torch
from torch import Tensor

from moxu.models.base import TorchLanguageModel
from moxu.models.state import TensorState


@torch.no_grad()
def forward(model: TorchLanguageModel, ids: Tensor) -> Tensor:
    """Return the logits (B, T, V) of the training form."""
    logits = model(ids)
    assert isinstance(logits, Tensor)
    return logits


def read_in_pieces(model: TorchLanguageModel, ids: Tensor, pieces: list[int]) -> tuple[Tensor, TensorState]:
    """Prefill the first piece and extend by the others; logits (B, T - first + 1, V) from the first piece's end on."""
    first, state = model.prefill(ids[:, : pieces[0]])
    logits, place = [first[:, None]], pieces[0]
    for piece in pieces[1:]:
        more, state = model.extend(ids[:, place : place + piece], state)
        logits.append(more)
        place += piece
    return torch.cat(logits, dim=1), state


def assert_same_logits(logits: Tensor, expected: np.ndarray, tolerance: float = 1e-4) -> None:
    """Compare with recorded logits: every number within the tolerance, every likeliest id the same."""
    expected = expected.reshape(logits.shape)
    np.testing.assert_allclose(logits.numpy(), expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(logits.argmax(dim=-1).numpy(), expected.argmax(axis=-1))
