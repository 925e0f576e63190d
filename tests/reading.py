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


def assert_pieces_equal_forward(model: TorchLanguageModel, ids: Tensor, pieces: list[int]) -> None:
    """The law: what is read in pieces gives the logits of one training pass, (B, T), T the sum of the pieces."""
    logits, state = read_in_pieces(model, ids, pieces)
    torch.testing.assert_close(logits, forward(model, ids)[:, pieces[0] - 1 :], rtol=1e-4, atol=1e-4)
    assert state.lengths.tolist() == [sum(pieces)] * len(ids)


def assert_rows_read_as_if_alone(
    model: TorchLanguageModel, texts: list[Tensor], lengths: list[int], pieces: list[int]
) -> None:
    """Rows that have read the first ``lengths`` ids of their texts (1, T) read on together, each as if alone."""
    state = model.start(0)
    for text, length in zip(texts, lengths, strict=True):
        state = state.join(model.prefill(text[:, :length])[1])
    place = 0
    for piece in pieces:
        new = [text[:, length + place : length + place + piece] for text, length in zip(texts, lengths, strict=True)]
        logits, state = model.extend(torch.cat(new), state)
        for row, (text, length) in enumerate(zip(texts, lengths, strict=True)):
            alone = forward(model, text)[0, length + place : length + place + piece]
            torch.testing.assert_close(logits[row], alone, rtol=1e-4, atol=1e-4)
        place += piece


def assert_selected_rows_go_on(model: TorchLanguageModel, ids: Tensor) -> None:
    """Copies of the rows of ids (2, T) that have read all but 3 read these, whatever becomes of the rows themselves."""
    _, state = model.prefill(ids[:, :-3])
    copies = state.select([1, 1, 0])
    model.extend(torch.tensor([[7, 7, 7], [5, 5, 5]]), state)  # consumes the original
    logits, copies = model.extend(ids[[1, 1, 0], -3:], copies)
    torch.testing.assert_close(logits, forward(model, ids)[[1, 1, 0], -3:], rtol=1e-4, atol=1e-4)
    assert copies.lengths.tolist() == [ids.shape[1]] * 3


def assert_same_logits(logits: Tensor, expected: np.ndarray, tolerance: float = 1e-4) -> None:
    """Compare with recorded logits: every number within the tolerance, every likeliest id the same."""
    expected = expected.reshape(logits.shape)
    np.testing.assert_allclose(logits.numpy(), expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(logits.argmax(dim=-1).numpy(), expected.argmax(axis=-1))
