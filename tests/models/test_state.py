"""States of named tensors: rows chosen, copied and put together."""

import torch

from moxu.models.state import TensorState


def state(*lengths: int) -> TensorState:
    tensors = {"memory": torch.tensor([[float(length)] * 2 for length in lengths])}
    return TensorState(torch.tensor(lengths), tensors)


def test_select_takes_rows_in_the_given_order_and_as_often() -> None:
    chosen = state(1, 2, 3).select([2, 0, 2])
    assert chosen.lengths.tolist() == [3, 1, 3]
    assert chosen.tensors["memory"].tolist() == [[3.0, 3.0], [1.0, 1.0], [3.0, 3.0]]


def test_select_copies() -> None:
    original = state(1, 2)
    chosen = original.select([0, 1])
    chosen.tensors["memory"].zero_()
    assert original.tensors["memory"].tolist() == [[1.0, 1.0], [2.0, 2.0]]


def test_select_of_nothing_is_empty() -> None:
    assert state(1, 2).select([]).lengths.tolist() == []


def test_join_puts_the_rows_of_the_other_behind() -> None:
    together = state(1).join(state(5, 6))
    assert together.lengths.tolist() == [1, 5, 6]
    assert together.tensors["memory"].tolist() == [[1.0, 1.0], [5.0, 5.0], [6.0, 6.0]]


def test_arrays_name_everything_batch_first() -> None:
    arrays = state(1, 2).arrays()
    assert list(arrays) == ["lengths", "memory"]
    assert {array.shape[0] for array in arrays.values()} == {2}
