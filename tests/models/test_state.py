"""States of named tensors: rows chosen, copied, put together and saved."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from moxu.models.registry import ARCHITECTURES, build
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


MODELS: dict[str, dict[str, Any]] = {
    "rwkv7": {"vocab_size": 9, "width": 64, "layers": 1},
    "aiwriter1": {
        **{"vocab_size": 9, "context": 8, "layers": 1, "heads": 2, "width": 8},
        **{"attention_width": 8, "feed_forward_width": 10},
    },
    "aiwriter2": {
        **{"vocab_size": 9, "context": 8, "layers": 1, "width": 8},
        **{"ffn_pre": True, "copy_head": True, "b_eps": 1e-9},
    },
    "gpt": {"vocab_size": 9, "width": 8, "layers": 2, "heads": 2, "positions": 12},
    "unilm": {"vocab_size": 9, "width": 8, "layers": 2, "heads": 2, "hidden": 8, "positions": 12},
    "gau": {
        **{"vocab_size": 9, "width": 8, "hidden": 10, "key_size": 4},
        **{"encoder_layers": 1, "decoder_layers": 2, "start_id": 1},
    },
    "hf": {"model": {"model_type": "gpt2", "vocab_size": 9, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 12}},
}


def test_every_architecture_is_among_those_whose_states_are_saved() -> None:
    assert set(MODELS) == set(ARCHITECTURES)


@pytest.mark.parametrize("name", MODELS)
def test_a_state_saved_and_read_again_goes_on_as_the_one_kept(name: str, tmp_path: Path) -> None:
    model = build(name, MODELS[name]).eval()
    model.initialise(torch.Generator().manual_seed(0))
    _, kept = model.prefill([[3, 4, 5], [1, 7, 8]])
    save_file(kept.arrays(), tmp_path / "state.safetensors")
    tensors = load_file(tmp_path / "state.safetensors")
    read = type(kept)(tensors.pop("lengths"), tensors)
    expected, _ = model.extend([[2, 6], [6, 2]], kept)
    logits, _ = model.extend([[2, 6], [6, 2]], read)
    torch.testing.assert_close(logits, expected, rtol=0, atol=0)
