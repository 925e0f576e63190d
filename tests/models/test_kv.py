"""The memory of attention: what it keeps, what it gives away, and what a place sees."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.models.kv import SOURCE, KvState, Places, attend

HEADS, SIZE = 2, 3


def empty(rows: int = 1) -> KvState:
    return KvState(torch.zeros(rows, dtype=torch.int64), {"keys": torch.empty(rows, HEADS, 0, SIZE)})


def numbers(rows: int, count: int, seed: int = 0) -> Tensor:
    return torch.randn(rows, HEADS, count, SIZE, generator=torch.Generator().manual_seed(seed))


def write(state: KvState, new: Tensor, limit: int | None = None) -> tuple[KvState, Tensor]:
    places = Places.after(state.lengths, new.shape[2], new.device, limit)
    used = state.write("keys", new, places)
    return KvState(state.lengths + new.shape[2], state.tensors), used


def read_back(state: KvState, row: int) -> Tensor:
    return state.tensors["keys"][row, :, : int(state.lengths[row])]


@settings(deadline=None, max_examples=40)
@given(pieces=st.lists(st.integers(1, 90), min_size=1, max_size=6))
def test_what_was_written_piece_by_piece_lies_in_order(pieces: list[int]) -> None:
    everything, state, place = numbers(1, sum(pieces)), empty(), 0
    for count in pieces:
        state, used = write(state, everything[:, :, place : place + count])
        place += count
        torch.testing.assert_close(used, everything[:, :, :place], rtol=0, atol=0)


def test_rows_of_different_lengths_are_written_each_at_its_own_end() -> None:
    long, short, new = numbers(1, 7, seed=1), numbers(1, 2, seed=2), numbers(2, 3, seed=3)
    state = write(empty(), long)[0].join(write(empty(), short)[0])
    state, _ = write(state, new)
    assert state.lengths.tolist() == [10, 5]
    torch.testing.assert_close(read_back(state, 0), torch.cat([long[0], new[0]], dim=1), rtol=0, atol=0)
    torch.testing.assert_close(read_back(state, 1), torch.cat([short[0], new[1]], dim=1), rtol=0, atol=0)


def test_a_selected_row_is_a_copy_without_the_room_of_the_others() -> None:
    state = write(empty(), numbers(1, 900, seed=1))[0].join(write(empty(), numbers(1, 4, seed=2))[0])
    alone = state.select([1])
    assert 4 < alone.tensors["keys"].shape[2] < 100  # with some room to go on
    alone.tensors["keys"].zero_()
    torch.testing.assert_close(read_back(state, 1), numbers(1, 4, seed=2)[0], rtol=0, atol=0)


def test_memory_never_grows_past_the_limit() -> None:
    state = write(empty(), numbers(1, 100), limit=120)[0]
    assert state.tensors["keys"].shape[2] == 120


def test_a_source_keeps_its_places_when_rows_are_selected_and_joined() -> None:
    first, second = empty(), empty()
    first.tensors[SOURCE + "keys"] = numbers(1, 900, seed=1)
    second.tensors[SOURCE + "keys"] = numbers(1, 2, seed=2)
    chosen = first.join(second).select([1, 0]).tensors[SOURCE + "keys"]
    torch.testing.assert_close(chosen[1], numbers(1, 900, seed=1)[0], rtol=0, atol=0)
    torch.testing.assert_close(chosen[0, :, :2], numbers(1, 2, seed=2)[0], rtol=0, atol=0)


def test_facts_of_a_row_go_with_it() -> None:
    state = empty(2)
    state.tensors["source_lengths"] = torch.tensor([3, 5])
    assert state.join(state).select([1, 2]).tensors["source_lengths"].tolist() == [5, 3]


@pytest.mark.parametrize("lengths", [[0, 0], [4, 4], [4, 1]])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("masked_score", [None, -10000.0])
def test_a_place_sees_itself_and_what_its_own_row_read_before(
    lengths: list[int], count: int, masked_score: float | None
) -> None:
    places = Places.after(torch.tensor(lengths), count, torch.device("cpu"))
    q, k, v = (numbers(2, size, seed=seed) for seed, size in enumerate((count, places.span, places.span)))
    mixed = attend(q, k, v, places, masked_score)
    for row, length in enumerate(lengths):
        for step in range(count):
            seen = length + step + 1
            scores = q[row, :, step : step + 1] @ k[row, :, :seen].transpose(1, 2) / SIZE**0.5
            torch.testing.assert_close(mixed[row, :, step : step + 1], scores.softmax(-1) @ v[row, :, :seen])


def test_a_masked_score_is_minus_infinity_unless_what_is_seen_scores_as_low() -> None:
    places = Places.after(torch.tensor([0]), 2, torch.device("cpu"))
    q, k, v = (numbers(1, 2, seed=seed) for seed in range(3))
    torch.testing.assert_close(attend(q, k, v, places, -10000.0), attend(q, k, v, places))
    q, k = torch.full_like(q, -1e4), torch.ones_like(k)  # every score is far below -10,000
    hidden_wins = attend(q, k, v, places, -10000.0)
    torch.testing.assert_close(hidden_wins[0, :, 0], v[0, :, 1])
    torch.testing.assert_close(attend(q, k, v, places)[0, :, 0], v[0, :, 0])
