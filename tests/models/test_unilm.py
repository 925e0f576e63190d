"""UniLM against the original's outputs, against its plain equations, and its cached form against its training form."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from moxu.errors import SettingsError
from moxu.language_model import Passage
from moxu.models.linear import join_shared_inputs
from moxu.models.registry import build
from moxu.models.state import TensorState
from moxu.models.unilm import Mask, Unilm, UnilmConfig, mask_segments, segment_mask
from reading import assert_same_logits, forward

Floats = npt.NDArray[np.float64]

SMALL: dict[str, Any] = {"vocab_size": 19, "width": 12, "layers": 2, "heads": 3, "hidden": 20, "positions": 24}
CASES = (
    *("unilm0", "unilm1", "unilm2", "unilm3", "batch_unilm", "batch_unilm_and_pad", "l2r_type0", "l2r_type1"),
    *("bidir_3d", "bidir_nomask", "bidir_2dpad", "mixed_segments"),
)
BERT_NAMES = {
    "bert.embeddings.word_embeddings": "embed.word",
    "bert.embeddings.position_embeddings": "embed.position",
    "bert.embeddings.token_type_embeddings": "embed.token_type",
    "bert.embeddings.LayerNorm": "embed.norm",
    "bert.encoder.layer": "blocks",
    "attention.self": "attn",
    "attention.output.dense": "attn.out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "mlp.up",
    "output.dense": "mlp.down",
    "output.LayerNorm": "norm2",
    "cls.predictions.transform.dense": "head.dense",
    "cls.predictions.transform.LayerNorm": "head.norm",
    "cls.predictions": "head",
}


def random_model(seed: int = 3, **changes: Any) -> Unilm:
    """A small model whose every parameter matters."""
    model = Unilm(UnilmConfig(**{**SMALL, **changes}))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(std=0.4, generator=generator)
            if "norm" in name and name.endswith("weight"):
                parameter.add_(1)
    return model


def random_ids(batch: int, length: int, seed: int = 0) -> Tensor:
    return torch.randint(SMALL["vocab_size"], (batch, length), generator=torch.Generator().manual_seed(seed))


def source_and_target(model: Unilm, ids: Tensor, source: int) -> Tensor:
    """Return the training form's logits (B, T, V) of texts whose first ``source`` ids are the source."""
    types = mask_segments("sequence_to_sequence", torch.full((len(ids),), source), ids.shape[1])
    with torch.no_grad():
        logits = model(ids, types)
    assert isinstance(logits, Tensor)
    return logits


def plain_bert(model: Unilm, ids: Sequence[int], types: Sequence[int], sees: list[list[bool]]) -> Floats:
    """Return the logits (T, V) of one text as the equations of BERT say, in float64."""
    tensors = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    heads, length = model.config.heads, len(ids)

    def normalised(x: Floats, name: str) -> Floats:
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + model.config.norm_eps)
        return np.asarray(centred / scale * tensors[f"{name}.weight"] + tensors[f"{name}.bias"])

    def dense(x: Floats, name: str) -> Floats:
        return np.asarray(np.einsum("ti,oi->to", x, tensors[f"{name}.weight"]) + tensors[f"{name}.bias"])

    def activated(x: Floats) -> Floats:
        if model.config.activation == "relu":
            return np.maximum(x, 0)
        if model.config.activation == "gelu_tanh":
            return np.asarray(x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2)
        return np.asarray(x * (1 + torch.erf(torch.from_numpy(x) / 2**0.5).numpy()) / 2)

    embedding = tensors["embed.word.weight"][ids] + tensors["embed.position.weight"][:length]
    x = normalised(embedding + tensors["embed.token_type.weight"][types], "embed.norm")
    for layer in range(model.config.layers):
        name = f"blocks.{layer}"
        q, k, v = (dense(x, f"{name}.attn.{part}").reshape(length, heads, -1) for part in ("query", "key", "value"))
        weights = np.exp(np.einsum("ihd,jhd->hij", q, k) / q.shape[-1] ** 0.5) * np.array(sees)
        weights /= weights.sum(-1, keepdims=True)
        mixed = np.einsum("hij,jhd->ihd", weights, v).reshape(length, -1)
        x = normalised(x + dense(mixed, f"{name}.attn.out"), f"{name}.norm1")
        x = normalised(x + dense(activated(dense(x, f"{name}.mlp.up")), f"{name}.mlp.down"), f"{name}.norm2")
    hidden = normalised(activated(dense(x, "head.dense")), "head.norm")
    return np.asarray(np.einsum("tc,vc->tv", hidden, tensors["embed.word.weight"]) + tensors["head.bias"])


@pytest.fixture(scope="module")
def cases(reference: Path) -> dict[str, np.ndarray]:
    with np.load(reference / "unilm" / "public" / "cases.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def original(reference: Path) -> Unilm:
    tensors = {}
    for name, tensor in load_file(reference / "unilm" / "public" / "model.safetensors").items():
        for foreign, ours in BERT_NAMES.items():
            name = name.replace(foreign, ours)
        tensors[name] = tensor
    model = Unilm(UnilmConfig(300, 64, 2, 4, 128, 48))
    model.load_state_dict(tensors)
    return model


def original_inputs(cases: dict[str, np.ndarray], case: str) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Return ids, types, segments and padding of a recorded case."""
    ids, types = (torch.from_numpy(cases[f"{case}_{name}"]) for name in ("input_ids", "token_type_ids"))
    segments = torch.ones_like(ids) if case.startswith("l2r") else types
    padding = {"batch_unilm_and_pad": "batch_pad", "bidir_2dpad": "bidir_2dpad_attention_mask"}.get(case)
    return ids, types, segments, None if padding is None else torch.from_numpy(cases[padding]).bool()


@pytest.mark.parametrize("case", CASES)
def test_forward_gives_the_original_logits(original: Unilm, cases: dict[str, np.ndarray], case: str) -> None:
    ids, types, segments, padding = original_inputs(cases, case)
    with torch.no_grad():
        logits = original(ids, types, segments=segments, padding=padding)
    assert_same_logits(logits, cases[f"{case}_logits"], tolerance=2e-4)


@pytest.mark.parametrize("case", [case for case in CASES if case != "bidir_nomask"])
def test_segments_give_the_original_masks(cases: dict[str, np.ndarray], case: str) -> None:
    _, _, segments, padding = original_inputs(cases, case)
    mask = segment_mask(segments) if padding is None else segment_mask(segments) & padding[:, None]
    expected = cases[f"{case}_attention_mask"].astype(bool)
    np.testing.assert_array_equal(
        mask.numpy(), np.broadcast_to(expected.reshape(len(mask), -1, mask.shape[2]), mask.shape)
    )


def test_every_layer_gives_the_original_output(original: Unilm, cases: dict[str, np.ndarray]) -> None:
    found: list[Tensor] = []
    parts = [original.embed, *original.blocks]
    hooks = [part.register_forward_hook(lambda _module, _inputs, output: found.append(output)) for part in parts]
    ids, types, _, _ = original_inputs(cases, "unilm1")
    with torch.no_grad():
        original(ids, types)
    for hook in hooks:
        hook.remove()
    np.testing.assert_allclose(torch.stack(found).numpy(), cases["unilm1_hidden_states"], rtol=0, atol=2e-5)


def test_the_original_loop_writes_the_same_text_from_cached_keys(original: Unilm, cases: dict[str, np.ndarray]) -> None:
    logits, state = original.prefill(cases["greedy_src"][None])
    steps, target = [logits], [int(logits.argmax())]
    while len(target) < len(cases["greedy_tgt"]):
        more, state = original.extend([[target[-1]]], state)
        steps.append(more[:, 0])
        target.append(int(more.argmax()))
    assert target == cases["greedy_tgt"].tolist()
    assert_same_logits(torch.cat(steps), cases["greedy_step_logits"], tolerance=2e-4)


@pytest.mark.parametrize("case", ["unilm1", "unilm3"])
def test_source_and_target_give_the_original_logits(original: Unilm, cases: dict[str, np.ndarray], case: str) -> None:
    ids, types, _, _ = original_inputs(cases, case)
    source = int((types == 0).sum())
    first, state = original.prefill(ids[:, :source])
    rest, _ = original.extend(ids[:, source:], state)
    assert_same_logits(torch.cat([first[:, None], rest], dim=1), cases[f"{case}_logits"][:, source - 1 :], 2e-4)


@pytest.mark.parametrize("mask", ["bidirectional", "left_to_right", "sequence_to_sequence"])
def test_forward_follows_the_equations_under_each_mask(mask: Mask) -> None:
    model, ids = random_model(), random_ids(2, 7)
    sources, types = torch.tensor([3, 5]), torch.tensor([[0, 1, 0, 1, 1, 0, 1]] * 2)
    with torch.no_grad():
        logits = model(ids, types, segments=mask_segments(mask, sources, 7))
    for row, source in enumerate(sources.tolist()):
        last = {"bidirectional": 7, "left_to_right": 0, "sequence_to_sequence": source}[mask]
        sees = [[j <= i or (i < last and j < last) for j in range(7)] for i in range(7)]
        expected = plain_bert(model, ids[row].tolist(), types[row].tolist(), sees)
        np.testing.assert_allclose(logits[row].numpy(), expected, rtol=0, atol=1e-4)


def test_a_zero_behind_a_one_is_seen_from_it_on_and_by_it() -> None:
    mask = segment_mask(torch.tensor([[0, 1, 0, 0, 1]]))
    assert mask[0].int().tolist() == [[1, 0, 0, 0, 0], *[[1, 1, 1, 1, 0]] * 3, [1, 1, 1, 1, 1]]


def test_types_are_taken_for_segments_where_there_are_none() -> None:
    model, ids, types = random_model(), random_ids(1, 9), torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1, 1]])
    with torch.no_grad():
        torch.testing.assert_close(model(ids, types), model(ids, types, segments=types), rtol=0, atol=0)


def test_ids_alone_are_a_target_read_from_left_to_right() -> None:
    model, ids = random_model(), random_ids(1, 9)
    sees = [[j <= i for j in range(9)] for i in range(9)]
    expected = plain_bert(model, ids[0].tolist(), [1] * 9, sees)
    np.testing.assert_allclose(forward(model, ids)[0].numpy(), expected, rtol=0, atol=1e-4)


@torch.no_grad()
def test_hidden_pads_change_nothing_for_a_text() -> None:
    model, ids = random_model(), random_ids(2, 10)
    types = mask_segments("sequence_to_sequence", torch.tensor([4, 3]), 10)
    padding = torch.arange(10) < torch.tensor([[10], [7]])
    logits = model(ids, types, padding=padding)
    torch.testing.assert_close(logits[:1], model(ids[:1], types[:1]), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(logits[1:, :7], model(ids[1:, :7], types[1:, :7]), rtol=1e-4, atol=1e-4)
    padded = model(ids, padding=padding)
    torch.testing.assert_close(padded[1:, :7], forward(model, ids[1:, :7]), rtol=1e-4, atol=1e-4)


@settings(max_examples=25, deadline=None)
@given(source=st.integers(0, 12), pieces=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_source_and_target_in_any_pieces_equal_forward(source: int, pieces: list[int], seed: int) -> None:
    pieces = pieces[: 24 - source]
    while sum(pieces) + source > 24:
        pieces.pop()
    model, ids = random_model(), random_ids(2, source + sum(pieces), seed)
    expected = source_and_target(model, ids, source) if source else forward(model, ids)
    state: TensorState = model.start(2)
    if source:
        first, state = model.prefill(ids[:, :source])
        torch.testing.assert_close(first, expected[:, source - 1], rtol=1e-4, atol=1e-4)
    place = source
    for piece in pieces:
        logits, state = model.extend(ids[:, place : place + piece], state)
        torch.testing.assert_close(logits, expected[:, place : place + piece], rtol=1e-4, atol=1e-4)
        place += piece
    assert state.lengths.tolist() == [place, place]


def test_rows_with_sources_and_targets_of_other_lengths_share_a_batch() -> None:
    model = random_model()
    sources, lengths = [5, 0, 9, 2], [7, 3, 9, 6]
    texts = [random_ids(1, length + 4, seed) for seed, length in enumerate(lengths)]
    state: TensorState | None = None
    for text, source, length in zip(texts, sources, lengths, strict=True):
        alone: TensorState = model.prefill(text[:, :source])[1] if source else model.start(1)
        if length > source:
            _, alone = model.extend(text[:, source:length], alone)
        state = alone if state is None else state.join(alone)
    assert state is not None
    for start, count in ((0, 1), (1, 3)):
        new = [text[:, length + start : length + start + count] for text, length in zip(texts, lengths, strict=True)]
        logits, state = model.extend(torch.cat(new), state)
        for row, (text, source, length) in enumerate(zip(texts, sources, lengths, strict=True)):
            expected = source_and_target(model, text, source)[0, length + start : length + start + count]
            torch.testing.assert_close(logits[row], expected, rtol=1e-4, atol=1e-4)


def test_candidates_share_the_reading_of_a_source() -> None:
    model, source = random_model(), random_ids(2, 6)
    targets = random_ids(4, 5, seed=1)
    _, state = model.prefill(source)
    rows = [1, 0, 0, 1]
    candidates = state.select(rows)
    model.extend(torch.tensor([[7], [5]]), state)  # consumes the original
    logits, candidates = model.extend(targets, candidates)
    expected = source_and_target(model, torch.cat([source[rows], targets], dim=1), 6)[:, 6:]
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert candidates.lengths.tolist() == [11] * 4


@pytest.mark.parametrize(("positions", "source", "target"), [(512, 254, 256), (33, 14, 17), (24, 10, 12), (4, 1, 1)])
def test_a_passage_and_its_marks_fill_the_positions(positions: int, source: int, target: int) -> None:
    assert Unilm(UnilmConfig(**{**SMALL, "positions": positions})).passage == Passage(source, target)


def test_more_ids_than_positions_are_refused() -> None:
    model = random_model()
    assert model.max_context == 24
    _, state = model.prefill(random_ids(1, 20))
    with pytest.raises(SettingsError, match="a text of 25 ids; the model's window holds 24"):
        model.extend(random_ids(1, 5), state)
    with pytest.raises(SettingsError, match="holds 24"):
        model.prefill(random_ids(1, 25))
    with pytest.raises(SettingsError, match="holds 24"):
        model(random_ids(1, 25))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 5}, "heads is 5; expected a divisor of the width 12"),
        ({"target_type": 2}, "target_type is 2; expected one of the 2 types"),
        ({"activation": "silu"}, "activation is 'silu'; expected one of gelu"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        build("unilm", {**SMALL, **changes})


def test_target_type_is_what_a_target_has_in_the_embedding() -> None:
    model, ids = random_model(target_type=0), random_ids(1, 5)
    logits, _ = model.extend(ids, model.start(1))
    with torch.no_grad():
        expected = model(ids, torch.zeros_like(ids), segments=torch.ones_like(ids))
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(forward(model, ids), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "changes", [{"activation": "gelu_tanh"}, {"activation": "relu"}, {"norm_eps": 0.5}, {"heads": 1}, {"types": 3}]
)
def test_forward_follows_the_equations_with_other_settings(changes: dict[str, Any]) -> None:
    model, ids = random_model(**changes), random_ids(1, 5)
    with torch.no_grad():
        model.head.dense.weight.mul_(3)  # so that the head's activation is seen in the logits
    sees = [[j <= i for j in range(5)] for i in range(5)]
    found = forward(model, ids)[0].numpy()
    np.testing.assert_allclose(found, plain_bert(model, ids[0].tolist(), [1] * 5, sees), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.1), (torch.float16, 0.01), (torch.float64, 1e-5)])
def test_the_law_holds_as_far_as_a_type_can_tell(dtype: torch.dtype, tolerance: float) -> None:
    model, ids = random_model(), random_ids(2, 14)
    exact = source_and_target(model, ids, 6)[:, 5:]
    model.to(dtype)
    first, state = model.prefill(ids[:, :6])
    rest = []
    for piece in torch.split(ids[:, 6:], [1, 3, 4], dim=1):
        logits, state = model.extend(piece, state)
        rest.append(logits)
    found = torch.cat([first[:, None], *rest], dim=1)
    assert found.dtype == torch.float32
    assert float((found - exact).abs().mean() / exact.abs().mean()) < tolerance


def test_model_settled_for_several_threads_reads_as_before() -> None:
    model, ids = random_model(), random_ids(2, 12)
    expected = source_and_target(model, ids, 5)
    join_shared_inputs(model)
    _, state = model.prefill(ids[:, :5])
    for place in range(5, 12):
        logits, state = model.extend(ids[:, place : place + 1], state)
        torch.testing.assert_close(logits[:, 0], expected[:, place], rtol=1e-4, atol=1e-4)


def test_training_from_the_starting_values_learns_to_copy_a_source() -> None:
    model = Unilm(UnilmConfig(12, 32, 2, 4, 64, 12))
    model.initialise(torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    types = mask_segments("sequence_to_sequence", torch.full((32,), 4), 8)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(150):
        source = torch.randint(1, 12, (32, 4), generator=generator)
        ids = torch.cat([source, source], dim=1)
        loss = torch.nn.functional.cross_entropy(model(ids, types)[:, 3:7].flatten(0, 1), source.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        assert all(parameter.grad is not None for parameter in model.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(12), abs=0.3)
    assert losses[-1] < 0.5


def test_the_same_generator_gives_the_same_starting_values() -> None:
    one, other = random_model(seed=1), random_model(seed=2)
    for model in (one, other):
        model.initialise(torch.Generator().manual_seed(5))
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(tensor, other.state_dict()[name], rtol=0, atol=0)
