"""The transformer against the outputs of its three originals, and its cached form against its training form."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.formats import load
from moxu.errors import SettingsError
from moxu.models.gpt import READ_PIECE, FeedForward, Gpt, GptConfig, document_places
from moxu.models.kv import Places
from reading import (
    assert_pieces_equal_forward,
    assert_rows_read_as_if_alone,
    assert_same_logits,
    assert_selected_rows_go_on,
    forward,
    read_in_pieces,
)

VOCAB = 23
KINDS: dict[str, dict[str, Any]] = {
    "gpt2": {},
    "untied": {"tied": False, "activation": "gelu"},
    "chat": {"head_size": 5, "norm": "post", "activation": "relu", "bias": False, "tied": False, "head_bias": True},
}


def random_model(kind: str = "gpt2", positions: int = 200) -> Gpt:
    model = Gpt(GptConfig(VOCAB, 8, 2, 2, positions, **KINDS[kind]))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.6, generator=generator)
    return model.eval()


def random_ids(batch: int, length: int) -> Tensor:
    return torch.randint(VOCAB, (batch, length), generator=torch.Generator().manual_seed(length))


def cpm1(reference: Path, masked_score: float | None = None) -> Gpt:
    facts = {} if masked_score is None else {"masked_score": masked_score}
    public = reference / "cpm1" / "public"
    model = load(public / "mp2", options=ReadOptions(config=public / "config.json", facts=facts)).model
    assert isinstance(model, Gpt)
    return model


def test_gpt2_logits_are_those_of_the_original(reference: Path) -> None:
    public = reference / "gpt2" / "public"
    model = load(public).model
    with np.load(public / "logits.npz") as arrays:
        for case in ("n1", "n2", "n7", "n40"):
            assert_same_logits(forward(model, torch.from_numpy(arrays[f"{case}_ids"])), arrays[f"{case}_logits"])


def test_gpt2_rows_in_a_ragged_batch_are_those_of_the_original(reference: Path) -> None:
    public = reference / "gpt2" / "public"
    model = load(public).model
    with np.load(public / "logits.npz") as arrays:
        rows = zip(arrays["leftpad_ids"], arrays["leftpad_mask"], arrays["leftpad_logits"], strict=True)
        for ids, mask, expected in rows:
            real = mask.astype(bool)
            assert_same_logits(forward(model, torch.from_numpy(ids[real])[None]), expected[real])


@pytest.mark.parametrize("positions", ["own", "default"])
def test_gpt2_rows_padded_on_the_left_are_those_of_the_original(reference: Path, positions: str) -> None:
    public = reference / "gpt2" / "public"
    model = load(public).model
    with np.load(public / "logits.npz") as arrays:
        ids, real = torch.from_numpy(arrays["leftpad_ids"]), torch.from_numpy(arrays["leftpad_mask"]).bool()
        batch, length = ids.shape
        own = torch.from_numpy(arrays["leftpad_position_ids"])
        where = own if positions == "own" else torch.arange(length).expand(batch, length)
        itself = torch.eye(length, dtype=torch.bool)  # so that a pad sees something; nothing else sees a pad
        visible = (torch.ones(length, length).tril().bool() & real[:, None]) | itself
        expected = arrays["leftpad_logits" if positions == "own" else "leftpad_logits_default_positions"]
        with torch.no_grad():
            logits = model(ids, Places(where, None, length, length, visible))
        assert_same_logits(logits[real], expected[real.numpy()])


def given_by_each_block(model: Gpt, ids: Tensor) -> Tensor:
    """Return what the blocks give (L, B, T, C), the last of them after the norm behind it."""
    found: list[Tensor] = []
    hooks = [
        block.register_forward_hook(lambda _module, _inputs, output: found.append(output)) for block in model.blocks
    ]
    forward(model, ids)
    for hook in hooks:
        hook.remove()
    return torch.stack([*found[:-1], model.ln_out(found[-1])]).detach()


def test_gpt2_blocks_give_what_those_of_the_original_do(reference: Path) -> None:
    public = reference / "gpt2" / "public"
    model = load(public).model
    assert isinstance(model, Gpt)
    with np.load(public / "logits.npz") as arrays:
        ids, (embedded, *blocks) = torch.from_numpy(arrays["n7_ids"]), arrays["n7_hidden_states"]
        ours = (model.embed(ids) + model.positions(torch.arange(7))).detach()
        np.testing.assert_allclose(ours.numpy(), embedded, rtol=0, atol=1e-6)
        np.testing.assert_allclose(given_by_each_block(model, ids).numpy(), np.stack(blocks), rtol=0, atol=1e-4)


def test_cpm1_blocks_and_memory_hold_what_those_of_the_original_do(reference: Path) -> None:
    model, public = cpm1(reference), reference / "cpm1" / "public"
    ids = torch.from_numpy(np.load(public / "inputs.npz")["n9_tokens"])
    found: list[Tensor] = []
    for block in model.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: found.append(output))
    _, state = model.prefill(ids)
    for outputs in ("outputs_mp1", "outputs_mp2"):
        with np.load(public / f"{outputs}.npz") as arrays:
            np.testing.assert_allclose(torch.cat(found).numpy(), arrays["n9_layer_outputs"], rtol=0, atol=1e-4)
    with np.load(public / "outputs_mp1.npz") as arrays:
        for layer, presents in enumerate(arrays["n9_presents"]):
            for name, expected in zip(("keys", "values"), presents, strict=True):
                ours = state.tensors[f"blocks.{layer}.{name}"][:, :, :9]
                np.testing.assert_allclose(ours.numpy(), expected, rtol=0, atol=1e-4)


def test_gpt2_keys_and_values_are_those_of_the_original(reference: Path) -> None:
    public = reference / "gpt2" / "public"
    model = load(public).model
    with np.load(public / "logits.npz") as arrays:
        _, state = read_in_pieces(model, torch.from_numpy(arrays["n7_ids"]), [3, 1, 3])
        for name, expected in (("keys", arrays["n7_keys"]), ("values", arrays["n7_values"])):
            for layer in range(2):
                ours = state.tensors[f"blocks.{layer}.{name}"][:, :, :7].numpy()
                np.testing.assert_allclose(ours, expected[layer], rtol=0, atol=1e-4)


@pytest.mark.parametrize("masked_score", [None, -10000.0])
def test_cpm1_logits_are_those_of_the_original(reference: Path, masked_score: float | None) -> None:
    model, public = cpm1(reference, masked_score), reference / "cpm1" / "public"
    for parts in ("outputs_mp1", "outputs_mp2"):
        with np.load(public / "inputs.npz") as inputs, np.load(public / f"{parts}.npz") as outputs:
            for case in ("n1", "n2", "n9", "n32", "n48", "batch", "padded"):
                ids = torch.from_numpy(inputs[f"{case}_tokens"])
                assert_same_logits(forward(model, ids), outputs[f"{case}_logits"], tolerance=2e-4)


@pytest.mark.parametrize("case", ["eod", "eodb"])
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("hide", [False, True])
def test_cpm1_documents_are_told_apart_as_in_the_original(
    reference: Path, case: str, restart: bool, hide: bool
) -> None:
    model, public = cpm1(reference), reference / "cpm1" / "public"
    with np.load(public / "inputs.npz") as inputs, np.load(public / "outputs_mp1.npz") as outputs:
        ids, flags = torch.from_numpy(inputs[f"{case}_tokens"]), f"{case}_rp{restart:d}_ra{hide:d}"
        places = document_places(ids, 7, restart_positions=restart, hide_others=hide)
        np.testing.assert_array_equal(places.positions.numpy(), outputs[f"{flags}_position_ids"])
        assert places.visible is not None
        mask = outputs[f"{flags}_attention_mask"][:, 0].astype(bool)
        np.testing.assert_array_equal(places.visible.numpy(), np.broadcast_to(mask, places.visible.shape))
        with torch.no_grad():
            assert_same_logits(model(ids, places), outputs[f"{flags}_logits"], tolerance=2e-4)


def test_cpm1_masks_are_those_of_the_original(reference: Path) -> None:
    with np.load(reference / "cpm1" / "public" / "masks.npz") as masks:
        names = {name.rpartition("_rp")[0] for name in masks if "_rp" in name}
        assert names
        for name in names:
            for restart in (False, True):
                for hide in (False, True):
                    flags = f"{name}_rp{restart:d}_ra{hide:d}"
                    ids = torch.from_numpy(masks[f"{name}_data"])
                    places = document_places(ids, 7, restart_positions=restart, hide_others=hide)
                    assert places.visible is not None
                    expected = masks[f"{flags}_attention_mask"][:, 0].astype(bool)
                    np.testing.assert_array_equal(
                        places.visible.numpy(), np.broadcast_to(expected, places.visible.shape)
                    )
                    np.testing.assert_array_equal(places.positions.numpy(), masks[f"{flags}_position_ids"])


def test_a_masked_score_shows_what_lies_ahead_where_all_else_scores_lower() -> None:
    model, ids = random_model(), random_ids(1, 6)
    scored = Gpt(GptConfig(VOCAB, 8, 2, 2, 200, masked_score=-10000.0))
    scored.load_state_dict(model.state_dict())
    torch.testing.assert_close(forward(scored, ids), forward(model, ids))
    with torch.no_grad():
        for each in (model, scored):
            each.blocks[0].attn.qkv.bias[:8], each.blocks[0].attn.qkv.bias[8:16] = 1e3, -1e3  # type: ignore
    changed, other = ids.clone(), (ids[0, -1] + 1) % VOCAB
    changed[0, -1] = other
    torch.testing.assert_close(forward(model, changed)[:, 0], forward(model, ids)[:, 0])
    assert not torch.allclose(forward(scored, changed)[:, 0], forward(scored, ids)[:, 0])


@pytest.mark.parametrize("activation", ["gelu_tanh", "gelu", "relu"])
def test_activation_is_the_function_of_its_name(activation: Any) -> None:
    layer = FeedForward(GptConfig(VOCAB, 1, 1, 1, 4, hidden=1, activation=activation, bias=False))
    torch.nn.init.ones_(layer.up.weight)
    torch.nn.init.ones_(layer.down.weight)
    x = torch.linspace(-4, 4, 41)[:, None]
    expected = {
        "gelu_tanh": x / 2 * (1 + torch.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
        "gelu": x / 2 * (1 + torch.erf(x / 2**0.5)),
        "relu": x.clamp(min=0),
    }[activation]
    torch.testing.assert_close(layer(x).detach(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_norm_eps_is_that_of_every_norm(kind: str) -> None:
    model = Gpt(GptConfig(VOCAB, 8, 2, 2, 9, norm_eps=0.25, **KINDS[kind]))
    norms = [module for module in model.modules() if isinstance(module, torch.nn.LayerNorm)]
    assert {norm.eps for norm in norms} == {0.25}
    assert len(norms) == (4 if kind == "chat" else 5)


def test_the_course_model_is_its_equations() -> None:
    """Post-norm, no biases but that of the head, ReLU, and heads that together are wider than the model."""
    model, ids = random_model("chat"), random_ids(1, 9)
    x = model.embed.weight[ids[0]] + model.positions.weight[:9]
    for block in model.blocks:
        q, k, v = (x @ part.T for part in block.attn.qkv.weight.chunk(3))  # type: ignore[union-attr, operator]
        heads = []
        for head in range(2):
            own = slice(5 * head, 5 * head + 5)
            scores = (q[:, own] @ k[:, own].T / 5**0.5).masked_fill(torch.ones(9, 9).triu(1).bool(), -torch.inf)
            heads.append(scores.softmax(-1) @ v[:, own])
        x = block.ln1(x + torch.cat(heads, dim=1) @ block.attn.out.weight.T)  # type: ignore[union-attr, operator]
        hidden = F.relu(x @ block.mlp.up.weight.T)  # type: ignore[union-attr]
        x = block.ln2(x + hidden @ block.mlp.down.weight.T)  # type: ignore[union-attr, operator]
    expected = x @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(forward(model, ids)[0], expected)


@settings(deadline=None, max_examples=30)
@given(pieces=st.lists(st.integers(1, 40), min_size=1, max_size=5))
@pytest.mark.parametrize("kind", KINDS)
def test_prefill_and_extend_in_any_chunking_equal_forward(kind: str, pieces: list[int]) -> None:
    assert_pieces_equal_forward(random_model(kind), random_ids(2, sum(pieces)), pieces)


def test_a_text_read_in_several_pieces_inside_one_prefill_equals_forward() -> None:
    length = READ_PIECE + 20
    model, ids, pieces = random_model(positions=length), random_ids(1, length), list[int]()
    expected = forward(model, ids)[:, -1]
    model.blocks[0].register_forward_hook(lambda _module, inputs, _output: pieces.append(inputs[0].shape[1]))
    torch.testing.assert_close(model.prefill(ids)[0], expected, rtol=1e-4, atol=1e-4)
    assert pieces == [READ_PIECE, 20]


@settings(deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 60), min_size=2, max_size=4),
    pieces=st.lists(st.integers(1, 30), min_size=1, max_size=3),
)
def test_a_row_among_rows_of_other_lengths_reads_as_if_alone(lengths: list[int], pieces: list[int]) -> None:
    model = random_model()
    texts = [random_ids(1, length + sum(pieces)) for length in lengths]
    assert_rows_read_as_if_alone(model, texts, lengths, pieces)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.3), (torch.float16, 0.03), (torch.float64, 1e-5)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_law_holds_as_far_as_a_type_can_tell(kind: str, dtype: torch.dtype, tolerance: float) -> None:
    model, ids = random_model(kind), random_ids(2, 20)
    exact = forward(model, ids)
    logits, state = read_in_pieces(model.to(dtype), ids, [9, 1, 6, 4])
    assert logits.dtype == torch.float32
    assert {tensor.dtype for name, tensor in state.arrays().items() if name != "lengths"} == {dtype}
    assert float((logits - exact[:, 8:]).abs().mean() / exact.abs().mean()) < tolerance / 3


def test_memory_is_made_anew_ever_more_rarely() -> None:
    model = Gpt(GptConfig(VOCAB, 4, 1, 1, 4000))
    model.initialise(torch.Generator().manual_seed(0))
    _, state = model.prefill(random_ids(1, 10))
    made = []
    for _ in range(1500):
        memory = state.tensors["blocks.0.keys"]
        _, state = model.extend([[1]], state)
        if state.tensors["blocks.0.keys"] is not memory:
            made.append(state.tensors["blocks.0.keys"].shape[2])
    assert len(made) < 12
    assert all(later >= 1.4 * earlier for earlier, later in pairwise(made[2:]))


def test_selected_rows_go_on_independently_of_where_they_came_from() -> None:
    model, ids = random_model(), random_ids(2, 30)
    assert_selected_rows_go_on(model, ids)


def test_a_text_longer_than_the_positions_is_refused() -> None:
    model = random_model(positions=12)
    _, state = model.prefill(random_ids(1, 12))
    with pytest.raises(SettingsError, match="13 ids; the model's window holds 12"):
        model.extend(random_ids(1, 1), state)


@pytest.mark.parametrize("kind", KINDS)
def test_features_and_a_linear_head_are_the_logits(kind: str) -> None:
    model, ids = random_model(kind), random_ids(1, 6)
    found = model.features(ids)
    if model.config.head_bias:
        assert found is None
        return
    assert found is not None
    torch.testing.assert_close(found[0] @ found[1].T, forward(model, ids))


def test_initialise_starts_near_a_uniform_distribution() -> None:
    model = Gpt(GptConfig(VOCAB, 16, 2, 2, 32))
    model.initialise(torch.Generator().manual_seed(0))
    logprobs = forward(model, random_ids(2, 20)).log_softmax(-1)
    assert float((-logprobs).mean()) == pytest.approx(np.log(VOCAB), abs=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"heads": 3}, "heads is 3; expected a divisor of the width 8"), ({"head_bias": True}, "head_bias is true")],
)
def test_a_configuration_that_cannot_be_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        GptConfig(**{"vocab_size": 5, "width": 8, "layers": 1, "heads": 2, "positions": 4, **wrong})
