"""Shares: joined and cut by one rule."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from moxu.checkpoints.partition import COLUMNS, EVERYWHERE, ROWS, ROWS_OF_THIRDS, Share


@given(
    share=st.sampled_from([EVERYWHERE, ROWS, COLUMNS, ROWS_OF_THIRDS]),
    parts=st.integers(1, 8),
    size=st.integers(1, 3),
    other=st.integers(0, 3),
)
def test_pieces_of_a_tensor_join_to_it(share: Share, parts: int, size: int, other: int) -> None:
    length = share.blocks * parts * size
    whole = torch.rand((other, length) if share is COLUMNS else (length, other))
    assert share.divides(whole.shape, parts)
    pieces = [share.piece(whole, part, parts) for part in range(parts)]
    assert torch.equal(share.join(pieces), whole)


def test_each_third_of_the_rows_is_cut_by_itself() -> None:
    whole = torch.arange(12)  # queries 0–3, keys 4–7, values 8–11
    assert ROWS_OF_THIRDS.piece(whole, 1, 2).tolist() == [2, 3, 6, 7, 10, 11]


def test_strided_pieces_join_as_their_copies_do() -> None:
    whole = torch.arange(24).reshape(4, 6)
    pieces = [whole.t()[:3].t(), whole.t()[3:].t()]
    assert torch.equal(COLUMNS.join(pieces), whole)


@pytest.mark.parametrize(
    ("share", "shape", "parts"),
    [(ROWS, (3, 4), 2), (COLUMNS, (4, 3), 2), (COLUMNS, (4,), 2), (ROWS_OF_THIRDS, (6,), 4), (ROWS, (0, 2), 1)],
)
def test_what_cannot_be_cut_equally_is_known(share: Share, shape: tuple[int, ...], parts: int) -> None:
    assert not share.divides(shape, parts)


def test_without_memory_there_are_shapes() -> None:
    piece = ROWS_OF_THIRDS.piece(torch.empty(12, 5, device="meta"), 0, 4)
    assert (piece.shape, piece.is_meta) == ((3, 5), True)
