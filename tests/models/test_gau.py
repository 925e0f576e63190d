"""Misaka V3 against the original's outputs, and its reading of a target piece by piece against its training form."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.checkpoints import misaka3
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import ReadOptions
from moxu.errors import SettingsError
from moxu.models.gau import Gau, GauConfig, Rotation, Sight, Source
from moxu.models.kv import Places
from moxu.models.linear import join_shared_inputs, turn_wide_weights
from moxu.models.registry import build
from moxu.models.state import TensorState

SIZES = {"vocab_size": 13, "width": 10, "hidden": 14, "key_size": 6, "encoder_layers": 2, "decoder_layers": 2}
START = 3
CASES = ("p0", "p1", "p2", "p3", "p4", "pairs", "lim")
Arrays = dict[str, np.ndarray]


def random_model(seed: int = 3) -> Gau:
    """A small model whose every parameter matters."""
    model = Gau(GauConfig(**SIZES, start_id=START))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5, generator=generator)
    return model


def random_ids(batch: int, length: int, seed: int = 0) -> Tensor:
    """Ids with some padding among them."""
    return torch.randint(13, (batch, length), generator=torch.Generator().manual_seed(100 * seed + length))


def with_start(targets: Tensor) -> Tensor:
    return torch.cat([torch.full((len(targets), 1), START), targets], dim=1)


@torch.no_grad()
def trained_form(model: Gau, sources: Tensor, targets: Tensor) -> Tensor:
    logits: Tensor = model(sources, targets)
    return logits


def read_target(model: Gau, state: TensorState, targets: Tensor, pieces: list[int]) -> Tensor:
    logits = []
    for piece in torch.split(targets, pieces, dim=1):
        more, state = model.extend(piece, state)
        logits.append(more)
    return torch.cat(logits, dim=1)


@torch.inference_mode()
def seen_by_layers(model: Gau, run: Callable[[], object]) -> dict[str, Tensor]:
    """Return what each norm gave while ``run`` ran."""
    found: dict[str, Tensor] = {}
    modules = [(name, module) for name, module in model.named_modules() if name.endswith("_norm")]
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: found.update({name: output}))
        for name, module in modules
    ]
    run()
    for hook in hooks:
        hook.remove()
    return found


def batched(array: np.ndarray) -> Tensor:
    """ids (T,) or (B, T) -> (B, T)."""
    return torch.from_numpy(array).reshape(-1, array.shape[-1])


def assert_near(found: Tensor, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(found.numpy(), expected.reshape(found.shape), rtol=0, atol=tolerance)


# Against the original


@pytest.fixture(scope="module")
def layers(golden: Path) -> Arrays:
    with np.load(golden / "misaka_v3" / "layers.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def first_layers(layers: Arrays) -> Gau:
    """The first layer of the original's encoder and decoder; the output layer is not theirs."""
    vocab_size, width = layers["embed.weight"].shape
    model = Gau(GauConfig(vocab_size, width, 128, 16, 1, 1, start_id=1))
    weights = {name: torch.from_numpy(array) for name, array in layers.items() if name.endswith(".weight")}
    model.load_state_dict({**weights, "head.weight": torch.zeros(vocab_size, width)})
    return model


def test_encoder_layer_gives_the_original_output(first_layers: Gau, layers: Arrays) -> None:
    found = seen_by_layers(first_layers, lambda: first_layers.encode(batched(layers["source_ids"])))
    assert_near(found["encoder.0.attn_norm"][0], layers["encoder.0.attn_norm"])


@torch.inference_mode()
def test_decoder_layer_gives_the_original_outputs_and_caches(first_layers: Gau, layers: Arrays) -> None:
    (block,) = first_layers._decoder_blocks()
    keys, values = block.look_at(torch.from_numpy(layers["encoded"])[None])
    assert_near(torch.cat([values, keys], dim=-1)[0], layers["source.0"])
    ids, source = batched(layers["target_ids"]), Source([keys], [values], torch.ones(1, 5, dtype=torch.bool))
    state = first_layers.encode(batched(layers["source_ids"]))
    places = Places.after(state.lengths, 12, torch.device("cpu"))
    for memory in (None, state):
        found = seen_by_layers(first_layers, partial(first_layers._decode, ids, source, places, memory))
        assert sorted(found) == ["decoder.0.attn_norm", "decoder.0.cross_norm", "decoder.0.ffn_norm"]
        for name, output in found.items():
            assert_near(output[0], layers[name])
    for name in ("decoder.0.keys", "decoder.0.values"):
        assert_near(state.tensors[name][0, :12], layers[name])


@pytest.fixture(scope="module")
def cases(reference: Path) -> Arrays:
    with np.load(reference / "misaka_v3" / "public" / "model_cases.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def original(reference: Path) -> Gau:
    path = reference / "misaka_v3" / "public" / "model.h5"
    model = assemble(misaka3.read(path, ReadOptions(facts={"start_id": 13})), path).model
    assert isinstance(model, Gau)
    return model


def expected_probabilities(cases: Arrays, case: str) -> np.ndarray:
    return cases[{"pairs": "pairs_full_model_probs", "lim": "lim_nocache_probs"}.get(case, f"{case}_probs")]


def test_every_source_is_encoded_as_the_original_does(original: Gau, cases: Arrays) -> None:
    pairs = {name: f"{name.removesuffix('_ids')}_out" for name in cases if name.endswith("_ids")}
    pairs |= {name: name.replace("_src", "_enc") for name in cases if name.startswith("p") and name.endswith("_src")}
    del pairs["pairs_src"]
    assert len(pairs) == 9 + 5
    for ids, encoded in pairs.items():
        found = seen_by_layers(original, partial(original.encode, batched(cases[ids])))
        assert_near(found["encoder.3.attn_norm"], cases[encoded])


@pytest.mark.parametrize("case", CASES)
def test_forward_gives_the_original_probabilities(original: Gau, cases: Arrays, case: str) -> None:
    logits = trained_form(original, batched(cases[f"{case}_src"]), batched(cases[f"{case}_tgt"]))
    assert_near(logits.softmax(dim=-1), expected_probabilities(cases, case))


@pytest.mark.parametrize("case", CASES)
def test_single_steps_give_the_original_probabilities(original: Gau, cases: Arrays, case: str) -> None:
    targets = batched(cases[f"{case}_tgt"])
    first, state = original.prefill(batched(cases[f"{case}_src"]))
    rest = read_target(original, state, targets[:, 1:], [1] * (targets.shape[1] - 1)) if targets.shape[1] > 1 else None
    logits = first[:, None] if rest is None else torch.cat([first[:, None], rest], dim=1)
    probabilities = logits.softmax(dim=-1)
    assert_near(probabilities, expected_probabilities(cases, case))
    if case == "pairs":  # the original's generators see the padding of sources, which only the first row has not
        assert_near(probabilities[0], cases["pairs_decoder_model_probs"][0])
        assert_near(probabilities[0], cases["pairs_cache_probs"][0])
    elif case == "lim":  # its cache takes all positions past a limit, here 10, for the last: as we do before it
        assert_near(probabilities[0], cases["lim10_eager_probs"])
        assert_near(probabilities[0, :10], cases["lim10_cache_probs"][:10])
    else:
        assert_near(probabilities[0], cases[f"{case}_cache_probs"])


def test_every_layer_and_cache_is_the_original(original: Gau, cases: Arrays) -> None:
    state = original.encode(batched(cases["p2_src"]))
    encoded = seen_by_layers(original, lambda: original.encode(batched(cases["p2_src"])))
    found = encoded | seen_by_layers(original, lambda: original.extend(batched(cases["p2_tgt"]), state))
    unit = "Misaka-Dncoder-{i}-GatedAttentionUnit"
    theirs = {
        "attn": f"{unit}-1-RMSNorm",
        "cross": f"{unit}-cross-RMSNorm",
        "ffn": "Transformer-{i}-FeedForward-RMSNorm",
    }
    for name, output in found.items():
        side, layer, part = name.removesuffix("_norm").split(".")
        layer_name = theirs[part] if side == "decoder" else "Misaka-{i}-MultiHeadSelfAttention-Norm"
        assert_near(output[0], cases[f"p2_hidden_{layer_name.format(i=layer)}"])
    assert len(found) == 10
    for number in range(2):
        keys, values, cross = (cases[f"p2_final_cache_{3 * number + place}"] for place in range(3))
        assert_near(state.tensors[f"decoder.{number}.keys"][0, :12], keys)
        assert_near(state.tensors[f"decoder.{number}.values"][0, :12], values)
        looked = [state.tensors[f"source.{number}.{kind}"] for kind in ("values", "keys")]
        assert_near(torch.cat(looked, dim=-1)[0], cross)


# The law


@settings(deadline=None, max_examples=30)
@given(sources=st.integers(1, 7), pieces=st.lists(st.integers(1, 7), min_size=1, max_size=5), seed=st.integers(0, 9))
def test_prefill_and_extend_in_any_chunking_equal_forward(sources: int, pieces: list[int], seed: int) -> None:
    model, source_ids, targets = random_model(), random_ids(2, sources, seed), random_ids(2, sum(pieces), seed)
    expected = trained_form(model, source_ids, with_start(targets))
    first, state = model.prefill(source_ids)
    torch.testing.assert_close(first, expected[:, 0], rtol=1e-4, atol=1e-4)
    assert state.lengths.tolist() == [1, 1]
    rest = read_target(model, state, targets, pieces)
    torch.testing.assert_close(rest, expected[:, 1:], rtol=1e-4, atol=1e-4)
    whole = read_target(model, model.encode(source_ids), with_start(targets), [1 + pieces[0], *pieces[1:]])
    torch.testing.assert_close(whole, expected, rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 12)), min_size=2, max_size=4),
    pieces=st.lists(st.integers(1, 4), min_size=1, max_size=2),
)
def test_a_row_among_strangers_reads_as_if_alone(lengths: list[tuple[int, int]], pieces: list[int]) -> None:
    model = random_model()
    sources = [random_ids(1, source, 1) for source, _ in lengths]
    texts = [random_ids(1, begun + sum(pieces), 2) for _, begun in lengths]
    states = []
    for source, text, (_, begun) in zip(sources, texts, lengths, strict=True):
        states.append(model.extend(text[:, :begun], model.prefill(source)[1])[1])
    state = states[0]
    for other in states[1:]:
        state = state.join(other)
    rest = torch.cat([text[:, begun:] for text, (_, begun) in zip(texts, lengths, strict=True)])
    logits = read_target(model, state, rest, pieces)
    for row, (source, text, (_, begun)) in enumerate(zip(sources, texts, lengths, strict=True)):
        alone = trained_form(model, source, with_start(text))[0, 1 + begun :]
        torch.testing.assert_close(logits[row], alone, rtol=1e-4, atol=1e-4)


def test_a_shorter_source_in_a_batch_is_read_without_its_padding() -> None:
    model, targets = random_model(), random_ids(2, 5)
    padded = torch.tensor([[4, 5, 6, 7, 8], [9, 1, 0, 0, 0]])
    together = read_target(model, model.prefill(padded)[1], targets, [2, 3])
    alone = read_target(model, model.prefill(padded[1:, :2])[1], targets[1:], [5])
    torch.testing.assert_close(together[1:], alone, rtol=1e-4, atol=1e-4)


def test_selected_rows_go_on_independently_of_where_they_came_from() -> None:
    model, sources, targets = random_model(), random_ids(2, 6), random_ids(2, 7)
    _, state = model.extend(targets[:, :4], model.prefill(sources)[1])
    copies = state.select([1, 1, 0])
    model.extend(torch.tensor([[7, 7, 7], [5, 5, 5]]), state)  # consumes the original
    logits, copies = model.extend(targets[[1, 1, 0], 4:], copies)
    expected = trained_form(model, sources, with_start(targets))[[1, 1, 0], 5:]
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert copies.lengths.tolist() == [8, 8, 8]


def test_candidates_share_one_encoder_pass() -> None:
    model, passes = random_model(), list[int]()
    hook = model.encoder[0].register_forward_hook(lambda _module, inputs, _output: passes.append(len(inputs[0])))
    state = model.prefill(random_ids(1, 5))[1].select([0] * 8)
    targets = random_ids(8, 4)
    logits = read_target(model, state, targets, [1, 2, 1])
    hook.remove()
    expected = trained_form(model, random_ids(1, 5).expand(8, 5), with_start(targets))[:, 1:]
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert passes == [1]


@torch.inference_mode()
def test_positions_go_on_past_512() -> None:
    model, source, target = random_model(), random_ids(1, 4), torch.randint(1, 13, (1, 600))
    expected = trained_form(model, source, with_start(target))
    logits = read_target(model, model.prefill(source)[1], target, [500, 11, 1, 1, 87])
    torch.testing.assert_close(logits, expected[:, 1:], rtol=1e-4, atol=1e-4)


def test_a_position_past_512_turns_as_far_as_it_says() -> None:
    turned = Rotation.at(torch.tensor([[700]]), 4)(torch.tensor([[[1.0, 0.0, 0.0, 1.0]]]))
    expected = [np.cos(700), np.sin(700), -np.sin(7), np.cos(7)]
    np.testing.assert_allclose(turned[0, 0].numpy(), expected, rtol=0, atol=1e-4)


@torch.inference_mode()
def test_nothing_behind_a_row_is_looked_at() -> None:
    model, source, targets = random_model(), random_ids(1, 4), random_ids(1, 6)
    _, state = model.extend(targets[:, :5], model.prefill(source)[1])
    for name in ("decoder.0.keys", "decoder.1.values"):
        state.tensors[name][:, 7:] = torch.nan
    logits, _ = model.extend(targets[:, 5:], state)
    torch.testing.assert_close(logits, trained_form(model, source, with_start(targets))[:, 6:], rtol=1e-4, atol=1e-4)


def test_scores_grow_with_the_logarithm_of_what_is_seen() -> None:
    mask = torch.arange(512) < torch.tensor([[1], [2], [8], [512]])
    expected = torch.tensor([1, 1, 3, 9]) / 9
    torch.testing.assert_close(Sight.of(mask[None], 512).sharpness[0, :, 0], expected)


# As a model among models


def test_without_a_source_there_is_nothing_to_read() -> None:
    model = random_model()
    with pytest.raises(SettingsError, match=r"writes from a source.*model\.encode"):
        model.start(1)
    with pytest.raises(SettingsError, match="the source is empty"):
        model.prefill(torch.zeros(1, 0, dtype=torch.int64))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key_size": 5}, "key_size is 5; expected an even number"),
        ({"start_id": 13}, "start_id is 13; expected 0 to 12"),
        ({"scale_base": 1.0}, "scale_base is 1.0; expected a number above 1"),
        ({"decoder_layers": 0}, "decoder_layers is 0; expected at least 1"),
    ],
)
def test_impossible_sizes_are_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        build("gau", {**SIZES, "start_id": START, **changes})


def test_the_state_names_everything_with_the_batch_in_front() -> None:
    _, state = random_model().prefill(random_ids(4, 5))
    arrays = state.arrays()
    assert {"lengths", "source.seen", "source.1.keys", "decoder.seen", "decoder.1.values"} <= set(arrays)
    assert all(array.shape[0] == 4 for array in arrays.values())


@pytest.mark.parametrize("settle", [join_shared_inputs, turn_wide_weights])
def test_model_settled_for_decoding_reads_as_before(settle: Callable[[torch.nn.Module], None]) -> None:
    sources, targets = random_ids(2, 12), random_ids(2, 9)
    expected = trained_form(random_model(), sources, with_start(targets))
    model = random_model()
    settle(model)
    logits = read_target(model, model.prefill(sources)[1], targets, [4, 1, 1, 3])
    torch.testing.assert_close(logits, expected[:, 1:], rtol=1e-4, atol=1e-4)


def test_bfloat16_stays_near_float32() -> None:
    sources, targets = random_ids(2, 6), random_ids(2, 5)
    exact = trained_form(random_model(), sources, with_start(targets))[:, 1:]
    model = random_model().bfloat16()
    rough = read_target(model, model.prefill(sources)[1], targets, [3, 2])
    assert rough.dtype == torch.float32
    assert float((rough - exact).std() / exact.std()) < 0.1


def test_training_from_the_starting_values_learns_to_repeat_the_source() -> None:
    model = Gau(GauConfig(13, 32, 48, 16, 2, 2, start_id=START))
    model.initialise(torch.Generator().manual_seed(0))
    sources = torch.tensor([[4, 5, 6, 7], [8, 9, 10, 11], [7, 6, 5, 4]])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        logits = model(sources, with_start(sources)[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), sources.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        assert all(parameter.grad is not None for parameter in model.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(13), abs=0.3)
    assert losses[-1] < 0.1


def test_the_same_generator_gives_the_same_starting_values() -> None:
    one, other = random_model(1), random_model(2)
    for model in (one, other):
        model.initialise(torch.Generator().manual_seed(5))
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(tensor, other.state_dict()[name], rtol=0, atol=0)
