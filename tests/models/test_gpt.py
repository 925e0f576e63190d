"""The transformer against the outputs of its three originals, and its cached form against its training form."""

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
from moxu.models.gpt import READ_PIECE, Gpt, GptConfig, document_places
from moxu.models.state import TensorState
from reading import assert_same_logits, forward, read_in_pieces

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
    with np.load(public / "inputs.npz") as inputs, np.load(public / "outputs_mp1.npz") as outputs:
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
    model, ids = random_model(kind), random_ids(2, sum(pieces))
    logits, state = read_in_pieces(model, ids, pieces)
    torch.testing.assert_close(logits, forward(model, ids)[:, pieces[0] - 1 :], rtol=1e-4, atol=1e-4)
    assert state.lengths.tolist() == [sum(pieces)] * 2


def test_a_text_read_in_several_pieces_inside_one_prefill_equals_forward() -> None:
    length = READ_PIECE + 20
    model, ids = random_model(positions=length), random_ids(1, length)
    torch.testing.assert_close(model.prefill(ids)[0], forward(model, ids)[:, -1], rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 60), min_size=2, max_size=4),
    pieces=st.lists(st.integers(1, 30), min_size=1, max_size=3),
)
def test_a_row_among_rows_of_other_lengths_reads_as_if_alone(lengths: list[int], pieces: list[int]) -> None:
    model = random_model()
    texts = [random_ids(1, length + sum(pieces)) for length in lengths]
    state: TensorState = model.start(0)
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


def test_selected_rows_go_on_independently_of_where_they_came_from() -> None:
    model, ids = random_model(), random_ids(2, 30)
    _, state = model.prefill(ids[:, :26])
    copies = state.select([1, 1, 0])
    model.extend(torch.tensor([[7, 7, 7], [5, 5, 5]]), state)  # consumes the original
    logits, copies = model.extend(ids[[1, 1, 0], 26:], copies)
    torch.testing.assert_close(logits, forward(model, ids)[[1, 1, 0], 26:], rtol=1e-4, atol=1e-4)
    assert copies.lengths.tolist() == [30, 30, 30]


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
