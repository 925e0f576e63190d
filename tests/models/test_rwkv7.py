"""RWKV-7: its recurrent form against its training form, alone and in batches, and what training starts from."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.errors import SettingsError
from moxu.models.rwkv7 import Rwkv7, Rwkv7Config
from reading import forward, read_in_pieces

VOCABULARY = 23


@pytest.fixture(scope="module")
def model() -> Rwkv7:
    """A small model, every parameter random: at its starting values half of the network is silent."""
    model = Rwkv7(Rwkv7Config(VOCABULARY, width=16, layers=3, head_size=8, hidden=24, decay_rank=4, a_rank=4))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5, generator=generator)
    return model


def random_ids(batch: int, length: int) -> Tensor:
    return torch.randint(VOCABULARY, (batch, length), generator=torch.Generator().manual_seed(length))


@settings(max_examples=25, deadline=None)
@given(pieces=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_prefill_and_extend_in_any_chunking_equal_forward(model: Rwkv7, pieces: list[int]) -> None:
    ids = random_ids(2, sum(pieces))
    logits, state = read_in_pieces(model, ids, pieces)
    torch.testing.assert_close(logits, forward(model, ids)[:, pieces[0] - 1 :], atol=2e-4, rtol=1e-4)
    assert state.lengths.tolist() == [sum(pieces)] * 2


def test_strangers_joined_into_one_batch_read_on_as_if_alone(model: Rwkv7) -> None:
    texts = [random_ids(1, length) for length in (3, 17, 40)]
    states = [model.prefill(ids)[1] for ids in texts]
    together = states[0].join(states[1]).join(states[2])
    assert together.lengths.tolist() == [3, 17, 40]
    following = random_ids(3, 9)
    logits, _ = model.extend(following, together)
    for row, ids in enumerate(texts):
        whole = forward(model, torch.cat((ids, following[row : row + 1]), dim=1))
        torch.testing.assert_close(logits[row], whole[0, ids.shape[1] :], atol=2e-4, rtol=1e-4)


def test_selected_rows_are_copies_in_the_given_order(model: Rwkv7) -> None:
    ids = random_ids(3, 12)
    _, state = model.prefill(ids)
    chosen = state.select([2, 0, 2])
    before = {name: array.clone() for name, array in state.arrays().items()}
    following = random_ids(3, 5)
    logits, _ = model.extend(following, chosen)
    for row, source in enumerate([2, 0, 2]):
        whole = forward(model, torch.cat((ids[source], following[row]))[None])
        torch.testing.assert_close(logits[row], whole[0, 12:], atol=2e-4, rtol=1e-4)
    assert all(torch.equal(array, before[name]) for name, array in state.arrays().items())


def test_state_keeps_its_size_however_long_the_text(model: Rwkv7) -> None:
    def size(length: int) -> int:
        return sum(array.numel() for array in model.prefill(random_ids(1, length))[1].arrays().values())

    assert size(1) == size(500)


def test_bfloat16_autocast_stays_near_float32(model: Rwkv7) -> None:
    ids = random_ids(2, 50)
    with torch.autocast("cpu", torch.bfloat16):
        low = forward(model, ids)
    exact = forward(model, ids)
    assert (low - exact).norm() / exact.norm() < 0.03


def test_features_through_their_head_are_the_logits(model: Rwkv7) -> None:
    ids = random_ids(2, 7)
    hidden, weight = model.features(ids)
    torch.testing.assert_close(hidden @ weight.T, model(ids))


def test_initial_values_depend_on_the_generator_alone() -> None:
    config = Rwkv7Config(VOCABULARY, width=128, layers=2)
    first, second, other = (Rwkv7(config) for _ in range(3))
    for one, seed in ((first, 1), (second, 1), (other, 2)):
        one.initialise(torch.Generator().manual_seed(seed))
    pairs = zip(first.named_parameters(), second.parameters(), strict=True)
    assert all(torch.equal(mine, yours) for (_, mine), yours in pairs)
    assert not torch.equal(first.head.weight, other.head.weight)
    assert all(parameter.isfinite().all() for parameter in first.parameters())


def test_untrained_model_finds_every_id_about_equally_likely() -> None:
    model = Rwkv7(Rwkv7Config(VOCABULARY, width=128, layers=2))
    model.initialise(torch.Generator().manual_seed(1))
    logprobs = forward(model, random_ids(1, 30)).log_softmax(dim=-1)
    assert logprobs.min() > -2 * torch.tensor(float(VOCABULARY)).log()


def test_ranks_of_the_released_models_are_the_defaults() -> None:
    config = Rwkv7Config(65536, width=768, layers=12).resolved()
    assert (config.decay_rank, config.a_rank, config.v_rank, config.gate_rank) == (64, 64, 32, 128)
    assert config.hidden == 3072


def test_width_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(SettingsError, match="width is 100; expected a multiple of head_size 64"):
        Rwkv7Config(VOCABULARY, width=100, layers=1)


PACKAGE_LOGITS = """
import sys, warnings
warnings.simplefilter("ignore")
import torch
from rwkv.model import RWKV
model = RWKV(sys.argv[1], "cpu fp32")
ids = torch.load(sys.argv[2]).tolist()
whole, state = model.forward(ids[:40], None, full_output=True)
steps = []
for token_id in ids[40:]:
    logits, state = model.forward([token_id], state)
    steps.append(logits[None])
torch.save(torch.cat([whole, *steps]), sys.argv[3])
"""


@pytest.mark.skipif(importlib.util.find_spec("rwkv") is None, reason="the package rwkv is not installed")
def test_logits_equal_those_of_the_package_rwkv(tmp_path: Path) -> None:
    from moxu.checkpoints.checkpoint import Checkpoint
    from moxu.checkpoints.formats import write_checkpoint

    config = Rwkv7Config(VOCABULARY, width=128, layers=3)
    model = Rwkv7(config)
    model.initialise(torch.Generator().manual_seed(7))
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for parameter in model.parameters():  # away from the start, where many are zero
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    plain = {"vocab_size": VOCABULARY, "width": 128, "layers": 3}
    write_checkpoint(Checkpoint("rwkv7", plain, model.state_dict()), tmp_path / "model.pth", "rwkv7", store="float32")
    ids = random_ids(1, 60)
    torch.save(ids[0], tmp_path / "ids.pt")
    arguments = [str(tmp_path / name) for name in ("model", "ids.pt", "logits.pt")]
    environment = {**os.environ, "RWKV_V7_ON": "1", "RWKV_JIT_ON": "0"}
    subprocess.run([sys.executable, "-c", PACKAGE_LOGITS, *arguments], env=environment, check=True, capture_output=True)
    expected = torch.load(tmp_path / "logits.pt")
    stepped, _ = read_in_pieces(model, ids, [1] * 60)
    for logits in (forward(model, ids)[0], stepped[0]):
        torch.testing.assert_close(logits, expected, atol=1e-4, rtol=0)
        assert torch.equal(logits.argmax(dim=-1), expected.argmax(dim=-1))
