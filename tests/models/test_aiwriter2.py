"""AI-Writer v2 against the original's outputs and states, and its recurrent form against its training form."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.models.aiwriter2 import CHUNK, READ_PIECE, AiWriter2, AiWriter2Config, TimeMix, decayed_sums
from moxu.models.state import TensorState
from reading import (
    assert_pieces_equal_forward,
    assert_rows_read_as_if_alone,
    assert_same_logits,
    assert_selected_rows_go_on,
    forward,
    read_in_pieces,
)

KINDS = {  # ffn_pre, copy_head, b_eps
    "qk_pre": (True, True, 1e-16),
    "plain": (False, False, 1e-9),
    "qk_only": (False, True, 1e-9),
}


def original(kind: str, tensors: dict[str, Tensor]) -> AiWriter2:
    ffn_pre, copy_head, b_eps = KINDS[kind]
    model = AiWriter2(AiWriter2Config(300, 48, 3, 64, ffn_pre, copy_head, b_eps))
    model.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "copy_mask"})
    return model


def random_model(*, ffn_pre: bool = True, copy_head: bool = True, context: int = 9) -> AiWriter2:
    model = AiWriter2(AiWriter2Config(13, context, 2, 10, ffn_pre, copy_head, 1e-9))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5, generator=generator)
        if copy_head:
            model.head_k.weight.mul_(10)  # so that a key too many or too few shows
    return model


def random_ids(batch: int, length: int) -> Tensor:
    return torch.randint(13, (batch, length), generator=torch.Generator().manual_seed(length))


def original_state(state: TensorState, layers: int, *, ffn_pre: bool) -> np.ndarray:
    """The state's rows (rows, C) in the order of the original's table, for one text."""
    names = []
    for layer in range(layers):
        if ffn_pre and layer == 0:
            names += ["blocks.0.ffnPre.previous"]
        else:
            names += [f"blocks.{layer}.att.{name}" for name in ("previous", "kv_sum", "k_sum")]
        names += [f"blocks.{layer}.ffn.previous"]
    return np.stack([state.tensors[name][0].numpy() for name in names])


def assert_same_states(model: AiWriter2, ids: Tensor, rows: np.ndarray, expected: np.ndarray, *, ffn_pre: bool) -> None:
    """Read step by step and compare the state after each place of ``rows`` with ``expected`` (rows, ., C)."""
    state = model.start(1)
    wanted = dict(zip(rows.tolist(), expected, strict=True))
    for place in range(ids.shape[1]):
        _, state = model.extend(ids[:, place : place + 1], state)
        if place in wanted:
            ours = original_state(state, 3, ffn_pre=ffn_pre)
            np.testing.assert_allclose(ours, wanted[place], rtol=5e-4, atol=2e-5, err_msg=f"after place {place}")


@pytest.fixture(scope="module")
def outputs(golden: Path) -> dict[str, np.ndarray]:
    with np.load(golden / "aiwriter_v2" / "logits.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def model(golden: Path) -> AiWriter2:
    with np.load(golden / "aiwriter_v2" / "weights.npz") as arrays:
        return original("qk_pre", {name: torch.from_numpy(arrays[name]) for name in arrays})


@pytest.fixture
def ids(outputs: dict[str, np.ndarray]) -> Tensor:
    return torch.from_numpy(outputs["ids"])[None]


def test_forward_gives_the_original_logits_within_and_past_the_window(
    model: AiWriter2, outputs: dict[str, np.ndarray], ids: Tensor
) -> None:
    logits = forward(model, ids)[0]
    assert_same_logits(logits[outputs["prefix_rows"]], outputs["gpt_logits_prefix_1_to_ctx"])
    assert_same_logits(logits[outputs["rows"]], outputs["rnn_logits_step"])


def test_single_steps_give_the_original_logits(model: AiWriter2, outputs: dict[str, np.ndarray], ids: Tensor) -> None:
    logits, _ = read_in_pieces(model, ids, [1] * 72)
    assert_same_logits(logits[0, outputs["rows"]], outputs["rnn_logits_step"])


def test_single_steps_give_the_original_states(model: AiWriter2, outputs: dict[str, np.ndarray], ids: Tensor) -> None:
    assert_same_states(model, ids, outputs["rows"], outputs["rnn_state_step"], ffn_pre=True)


def test_the_last_window_alone_gives_the_original_long_prompt(
    model: AiWriter2, outputs: dict[str, np.ndarray], ids: Tensor
) -> None:
    logits, _ = model.prefill(ids[:, -48:])
    assert_same_logits(logits, outputs["long_prompt_logits"])


def test_float64_comes_closer_than_rounding_in_float32(
    model: AiWriter2, outputs: dict[str, np.ndarray], ids: Tensor
) -> None:
    logits = forward(original("qk_pre", model.state_dict()).double(), ids)
    assert logits.dtype == torch.float64
    assert_same_logits(logits[0, outputs["rows"]], outputs["rnn_logits_step"], tolerance=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_full_reference_is_reproduced(reference: Path, kind: str) -> None:
    public = reference / "aiwriter_v2" / "public"
    model = original(kind, torch.load(public / f"{kind}.pth", weights_only=True))
    ffn_pre = KINDS[kind][0]
    with np.load(public / f"{kind}.npz") as arrays:
        ids = torch.from_numpy(arrays["ids"])[None]
        assert_same_logits(forward(model, ids), arrays["rnn_logits_step"])
        assert_same_logits(forward(model, ids)[:, :48], arrays["gpt_logits_prefix_1_to_ctx"])
        assert_same_logits(model.prefill(ids[:, -48:])[0], arrays["long_prompt_logits"])
        assert_same_states(model, ids, np.arange(72), arrays["rnn_state_step"], ffn_pre=ffn_pre)
        for prompt in (7, 30, 48):
            expected = arrays[f"prompt{prompt}_then_steps_logits"]
            states = arrays[f"prompt{prompt}_then_steps_state"]
            logits, state = read_in_pieces(model, ids[:, : prompt + 20], [prompt] + [1] * 20)
            assert_same_logits(logits, expected)
            np.testing.assert_allclose(
                original_state(state, 3, ffn_pre=ffn_pre), states[-1], rtol=5e-4, atol=2e-5, err_msg=f"{prompt}"
            )


@settings(deadline=None, max_examples=25)
@given(pieces=st.lists(st.integers(1, 90), min_size=1, max_size=5))
@pytest.mark.parametrize("ffn_pre", [False, True])
@pytest.mark.parametrize("copy_head", [False, True])
def test_prefill_and_extend_in_any_chunking_equal_forward(pieces: list[int], ffn_pre: bool, copy_head: bool) -> None:
    assert_pieces_equal_forward(random_model(ffn_pre=ffn_pre, copy_head=copy_head), random_ids(2, sum(pieces)), pieces)


def test_a_long_text_read_at_once_or_by_step_equals_forward() -> None:
    length = READ_PIECE + 130
    model, ids = random_model(context=40), random_ids(1, length)
    expected = forward(model, ids)
    at_once, _ = model.prefill(ids)
    torch.testing.assert_close(at_once, expected[:, -1], rtol=1e-4, atol=1e-4)
    stepped, _ = read_in_pieces(model, ids, [length - 5, 1, 1, 1, 1, 1])
    torch.testing.assert_close(stepped, expected[:, -6:], rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 100), min_size=2, max_size=4),
    pieces=st.lists(st.integers(1, 70), min_size=1, max_size=2),
)
def test_a_row_among_rows_of_other_lengths_reads_as_if_alone(lengths: list[int], pieces: list[int]) -> None:
    model = random_model()
    texts = [random_ids(1, length + sum(pieces)) for length in lengths]
    assert_rows_read_as_if_alone(model, texts, lengths, pieces)


def test_selected_rows_go_on_independently_of_where_they_came_from() -> None:
    model, ids = random_model(), random_ids(2, 30)
    assert_selected_rows_go_on(model, ids)


def test_the_copy_head_forgets_what_lies_a_window_back_and_nothing_sooner() -> None:
    model, ids = random_model(context=9), random_ids(1, 40)
    with torch.no_grad():
        for block in model.blocks:  # only the copy head may carry anything from place to place
            for part in block.children():
                if hasattr(part, "time_mix_k"):
                    for name, parameter in part.named_parameters():
                        if name.startswith("time_mix"):
                            parameter.fill_(1)
                if isinstance(part, TimeMix):
                    part.output.weight.zero_()
    changed = ids.clone()
    changed[0, 10] = (ids[0, 10] + 1) % 13
    difference = (forward(model, ids) - forward(model, changed)).abs().amax(dim=-1)[0] > 1e-6
    assert difference.nonzero().flatten().tolist() == list(range(10, 19))


def test_the_state_has_the_same_size_after_any_length() -> None:
    model = random_model()
    _, short = model.prefill(random_ids(1, 3))
    _, long = model.prefill(random_ids(1, 300))
    assert {name: array.shape for name, array in short.arrays().items()} == {
        name: array.shape for name, array in long.arrays().items()
    }


def test_features_are_what_the_head_is_applied_to_unless_there_is_a_copy_head() -> None:
    model, ids = random_model(copy_head=False), random_ids(2, 12)
    features = model.features(ids)
    assert features is not None
    hidden, weight = features
    torch.testing.assert_close((hidden @ weight.T).detach(), forward(model, ids), rtol=1e-5, atol=1e-5)
    assert random_model(copy_head=True).features(ids) is None


def test_logits_of_more_places_than_the_ring_serves_are_refused() -> None:
    model = random_model()
    hidden, state = model.read(random_ids(1, CHUNK + 1), model.start(1))
    with pytest.raises(ValueError, match=f"logits of {CHUNK + 1} places at once"):
        model.logits(hidden, state)


@pytest.mark.parametrize("length", [1, 2, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_chunks_sum_as_the_recurrence_does_from_slow_to_instant_decay(length: int) -> None:
    rate = torch.tensor([1e-6, 0.1, 3.0, 1e4], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, length, 4, dtype=torch.float64, generator=generator)
    start = torch.rand(2, 4, dtype=torch.float64, generator=generator)
    sums, end = decayed_sums(x, start, rate)
    running = start
    for place in range(length):
        torch.testing.assert_close(sums[:, place], running)
        running = running * torch.exp(-rate) + x[:, place]
    torch.testing.assert_close(end, running)


def test_instant_decay_and_huge_keys_give_finite_gradients() -> None:
    model = random_model()
    with torch.no_grad():
        att = next(module for module in model.modules() if isinstance(module, TimeMix))
        att.time_decay.fill_(9)  # exp(-exp(9)) is 0 in float32
        att.key.weight.mul_(1000)  # beyond k_max
    model(random_ids(2, 200)).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_bf16_autocast_stays_near_float32(model: AiWriter2, ids: Tensor) -> None:
    exact = forward(model, ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = forward(model, ids)
    assert float((rough - exact).std() / exact.std()) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_training_from_the_starting_values_learns_a_repeated_text(kind: str) -> None:
    ffn_pre, copy_head, b_eps = KINDS[kind]
    model = AiWriter2(AiWriter2Config(13, 10, 2, 16, ffn_pre, copy_head, b_eps))
    model.initialise(torch.Generator().manual_seed(0))
    ids = torch.tensor([[1, 2, 3, 4, 5, 6] * 4])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        assert all(parameter.grad is not None for parameter in model.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(13), abs=0.3)
    assert losses[-1] < 0.3
