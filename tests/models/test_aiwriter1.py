"""AI-Writer v1 against the original's outputs, and its incremental form against its training form."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.errors import SettingsError
from moxu.models.aiwriter1 import AiWriter1, AiWriter1Config, Block
from moxu.models.linear import join_shared_inputs
from moxu.models.registry import build
from reading import (
    assert_pieces_equal_forward,
    assert_rows_read_as_if_alone,
    assert_same_logits,
    assert_selected_rows_go_on,
    forward,
    read_in_pieces,
)

ORIGINAL = {"vocab_size": 301, "context": 64, "layers": 2, "heads": 4, "width": 64, "attention_width": 64}
CASES = ("len1", "len2", "len7", "lenfull2", "batch")
ALL_CASES = ("len1", "len1b", "len2", "len7", "len33", "lenfull", "lenfull2", "batch")


def original(tensors: dict[str, Tensor], *, folded: bool) -> AiWriter1:
    model = AiWriter1(AiWriter1Config(**ORIGINAL, feed_forward_width=160, folded=folded))
    model.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "copy_mask"})
    return model


def random_model(*, folded: bool = False, context: int = 20) -> AiWriter1:
    """A small model whose every parameter matters, odd sizes throughout."""
    model = AiWriter1(AiWriter1Config(13, context, 2, 3, 10, 12, 14, folded))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5, generator=generator)
    return model


def random_ids(batch: int, length: int, vocab_size: int = 13) -> Tensor:
    return torch.randint(vocab_size, (batch, length), generator=torch.Generator().manual_seed(length))


def batched(array: np.ndarray) -> Tensor:
    """ids (T,) or (B, T) -> (B, T)."""
    return torch.from_numpy(array).reshape(-1, array.shape[-1])


@pytest.fixture(scope="module")
def outputs(golden: Path) -> dict[str, np.ndarray]:
    with np.load(golden / "aiwriter_v1" / "logits.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def unfolded(golden: Path) -> AiWriter1:
    with np.load(golden / "aiwriter_v1" / "weights.npz") as arrays:
        return original({name: torch.from_numpy(arrays[name]) for name in arrays}, folded=False)


def blocks_of(model: AiWriter1) -> list[Block]:
    return [module for module in model.modules() if isinstance(module, Block)]


@pytest.fixture(scope="module")
def folded(unfolded: AiWriter1) -> AiWriter1:
    tensors = unfolded.state_dict()
    for layer, block in enumerate(blocks_of(unfolded)):
        whole = unfolded._reach(torch.zeros(1, dtype=torch.int64), 64)
        tensors[f"blocks.{layer}.attn.time_ww"] = block.attn.weights(whole)[:, 0].detach()
        for name in ("time_w", "time_alpha", "time_beta"):
            del tensors[f"blocks.{layer}.attn.{name}"]
    return original(tensors, folded=True)


@pytest.fixture(params=["unfolded", "folded"])
def model(request: pytest.FixtureRequest) -> AiWriter1:
    chosen = request.getfixturevalue(request.param)
    assert isinstance(chosen, AiWriter1)
    return chosen


@pytest.mark.parametrize("case", CASES)
def test_forward_gives_the_original_logits(model: AiWriter1, outputs: dict[str, np.ndarray], case: str) -> None:
    logits = forward(model, batched(outputs[f"{case}_ids"]))
    assert_same_logits(logits[:, outputs[f"{case}_rows"]], outputs[f"{case}_logits"])
    assert_same_logits(logits[:, -1:], outputs[f"{case}_paddle_logits"])


@pytest.mark.parametrize("case", CASES)
def test_single_steps_give_the_original_logits(model: AiWriter1, outputs: dict[str, np.ndarray], case: str) -> None:
    ids = batched(outputs[f"{case}_ids"])
    logits, _ = read_in_pieces(model, ids, [1] * ids.shape[1])
    assert_same_logits(logits[:, outputs[f"{case}_rows"]], outputs[f"{case}_logits"])


def test_float64_comes_closer_than_rounding_in_float32(unfolded: AiWriter1, outputs: dict[str, np.ndarray]) -> None:
    double = original(unfolded.state_dict(), folded=False).double()
    logits = forward(double, batched(outputs["lenfull2_ids"]))
    assert logits.dtype == torch.float64
    assert_same_logits(logits[:, outputs["lenfull2_rows"]], outputs["lenfull2_logits"], tolerance=2e-5)


def test_every_layer_gives_the_original_output(model: AiWriter1, outputs: dict[str, np.ndarray]) -> None:
    found: dict[str, Tensor] = {}

    def keep(name: str, module: torch.nn.Module) -> torch.utils.hooks.RemovableHandle:
        return module.register_forward_hook(lambda _module, _inputs, output: found.update({name: output[0]}))

    hooks = [keep("ln_f", model.ln_f)]
    for layer, block in enumerate(blocks_of(model)):
        parts = {"attn": block.attn, "mlp": block.mlp, "out": block}
        hooks += [keep(f"block{layer}_{name}", part) for name, part in parts.items()]
    forward(model, batched(outputs["len7_ids"]))
    for hook in hooks:
        hook.remove()
    assert len(found) == 7
    for name, output in found.items():
        np.testing.assert_allclose(output.numpy(), outputs[f"len7_{name}"], rtol=0, atol=2e-5, err_msg=name)


def test_the_three_curves_fold_into_the_original_matrix(model: AiWriter1, outputs: dict[str, np.ndarray]) -> None:
    whole = model._reach(torch.zeros(1, dtype=torch.int64), 64)
    weights = blocks_of(model)[0].attn.weights(whole)[:, 0].detach().numpy()  # (H, T, U)
    np.testing.assert_allclose(weights[:, outputs["time_ww_block0_rows"]], outputs["time_ww_block0"], rtol=1e-6, atol=0)
    assert np.all(np.triu(weights, k=1) == 0)


@pytest.mark.parametrize("kind", ["unfolded", "folded"])
def test_the_full_reference_is_reproduced(reference: Path, kind: str) -> None:
    public = reference / "aiwriter_v1" / "public"
    model = original(torch.load(public / f"{kind}_state_dict.pth", weights_only=True), folded=kind == "folded")
    with np.load(public / "logits.npz") as torch_side, np.load(public / "logits_paddle.npz") as paddle_side:
        for case in ALL_CASES:
            ids = batched(torch_side[f"{case}_ids"])
            for expected in (torch_side[f"{case}_logits"], paddle_side[f"{case}_logits"]):
                assert_same_logits(forward(model, ids), expected)
            stepped, _ = read_in_pieces(model, ids, [1] * ids.shape[1])
            assert_same_logits(stepped, torch_side[f"{case}_logits"])


@settings(deadline=None, max_examples=30)
@given(pieces=st.lists(st.integers(1, 7), min_size=1, max_size=5).filter(lambda pieces: sum(pieces) <= 20))
@pytest.mark.parametrize("folded", [False, True])
def test_prefill_and_extend_in_any_chunking_equal_forward(pieces: list[int], folded: bool) -> None:
    assert_pieces_equal_forward(random_model(folded=folded), random_ids(2, sum(pieces)), pieces)


@settings(deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=2, max_size=4),
    pieces=st.lists(st.integers(1, 4), min_size=1, max_size=2),
)
@pytest.mark.parametrize("folded", [False, True])
def test_a_row_among_rows_of_other_lengths_reads_as_if_alone(
    lengths: list[int], pieces: list[int], folded: bool
) -> None:
    model = random_model(folded=folded)
    texts = [random_ids(1, length + sum(pieces)) for length in lengths]
    assert_rows_read_as_if_alone(model, texts, lengths, pieces)


def test_selected_rows_go_on_independently_of_where_they_came_from() -> None:
    model, ids = random_model(), random_ids(2, 9)
    assert_selected_rows_go_on(model, ids)


@torch.inference_mode()
def test_a_step_looks_at_nothing_beyond_what_has_been_read() -> None:
    model, ids = random_model(), random_ids(1, 6)
    _, state = model.prefill(ids[:, :5])
    for name in ("blocks.0.attn.kv", "blocks.1.attn.kv"):
        state.tensors[name][:, :, 6:] = torch.nan
    state.tensors["copy.keys"][:, 6:] = torch.nan
    logits, _ = model.extend(ids[:, 5:], state)
    torch.testing.assert_close(logits, forward(model, ids)[:, 5:], rtol=1e-4, atol=1e-4)


def test_what_a_folded_matrix_holds_for_the_future_is_ignored() -> None:
    model, ids = random_model(folded=True), random_ids(1, 8)
    before = forward(model, ids)
    with torch.no_grad():
        for block in blocks_of(model):
            block.attn.time_ww.add_(torch.ones(20, 20).triu(diagonal=1))
    torch.testing.assert_close(forward(model, ids), before, rtol=0, atol=0)


def test_reading_past_the_window_is_refused() -> None:
    model = random_model()
    _, state = model.prefill(random_ids(1, 20))
    with pytest.raises(ValueError, match=r"reading 20 \+ 1 tokens; the window of this model holds 20"):
        model.extend(torch.tensor([[1]]), state)
    with pytest.raises(ValueError, match="holds 20"):
        model(random_ids(1, 21))


def test_the_state_names_everything_with_the_batch_in_front() -> None:
    arrays = random_model().start(4).arrays()
    assert {"lengths", "blocks.1.attn.kv", "blocks.1.attn.k_sum", "blocks.0.mlp.shift", "copy.keys"} <= set(arrays)
    assert all(array.shape[0] == 4 for array in arrays.values())


def test_bf16_autocast_stays_near_float32(unfolded: AiWriter1, outputs: dict[str, np.ndarray]) -> None:
    ids = batched(outputs["lenfull2_ids"])
    exact = forward(unfolded, ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = forward(unfolded, ids)
    assert float((rough - exact).std() / exact.std()) < 0.05


@pytest.mark.parametrize("folded", [False, True])
def test_training_from_the_starting_values_learns_a_repeated_text(folded: bool) -> None:
    model = AiWriter1(AiWriter1Config(13, 24, 2, 2, 16, 16, 40, folded))
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


def test_the_same_generator_gives_the_same_starting_values() -> None:
    one, other = random_model(), random_model(folded=False)
    one.initialise(torch.Generator().manual_seed(5))
    other.initialise(torch.Generator().manual_seed(5))
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(tensor, other.state_dict()[name], rtol=0, atol=0)


def test_an_attention_that_its_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(SettingsError, match="attention_width is 64; expected a multiple of heads 5"):
        build("aiwriter1", {**ORIGINAL, "heads": 5, "feed_forward_width": 160})


def test_model_settled_for_several_threads_reads_as_before() -> None:
    ids = random_ids(2, 12)
    before = forward(random_model(), ids)
    model = random_model()
    join_shared_inputs(model)
    logits, _ = read_in_pieces(model, ids, [4, 1, 1, 6])
    torch.testing.assert_close(logits, before[:, 3:], rtol=1e-4, atol=1e-4)
