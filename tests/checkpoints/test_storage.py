"""Number types on disk."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from moxu.checkpoints.storage import pack, stored, unpack
from moxu.errors import CheckpointError


@given(rows=st.integers(1, 5), columns=st.integers(1, 9), exponent=st.integers(-20, 20))
def test_int8_row_differs_by_at_most_half_a_step(rows: int, columns: int, exponent: int) -> None:
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(columns)) * 2.0**exponent
    packed = pack({"a.weight": matrix}, "int8")
    assert packed["a.weight"].dtype == torch.int8
    back = unpack(packed, "file")["a.weight"]
    step = matrix.abs().amax(dim=1, keepdim=True) / 127
    assert ((back - matrix).abs() <= step * 0.5001).all()


def test_int8_keeps_zero_rows_and_what_is_no_matrix() -> None:
    tensors = {"a.weight": torch.zeros(2, 3), "b.weight": torch.rand(3), "w1": torch.rand(2, 2), "n": torch.arange(3)}
    packed = pack(tensors, "int8")
    back = unpack(packed, "file")
    assert list(back) == list(tensors)
    assert torch.equal(back["a.weight"], tensors["a.weight"])
    assert torch.equal(back["b.weight"], tensors["b.weight"])
    assert back["w1"].dtype == torch.bfloat16
    assert torch.equal(back["n"], tensors["n"])


def test_tensors_are_stored_as_they_are_when_nothing_is_asked() -> None:
    tensors = {"a.weight": torch.rand(2, 2), "b": torch.rand(2).half()}
    packed = pack(tensors, None)
    assert {name: tensor.dtype for name, tensor in packed.items()} == {"a.weight": torch.float32, "b": torch.float16}


def test_numbers_too_large_for_16_bits_are_not_stored_as_infinity() -> None:
    tensors = {"head.weight": torch.tensor([1.0, 70_000.0])}
    with pytest.raises(CheckpointError, match=r"'head\.weight' holds numbers that are too large for float16"):
        stored(tensors, "float16")
    assert stored(tensors, "bfloat16")["head.weight"].isfinite().all()


@pytest.mark.parametrize("scale", [None, torch.ones(3), torch.ones(2, 1)])
def test_int8_matrix_without_its_scale_is_damaged(scale: torch.Tensor | None) -> None:
    tensors = {"a.weight": torch.zeros(2, 3, dtype=torch.int8)}
    if scale is not None:
        tensors["a.weight.scale"] = scale
    with pytest.raises(CheckpointError, match=r"file: 'a\.weight' .* damaged"):
        unpack(tensors, "file")
