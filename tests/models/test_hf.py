"""Models of transformers behind our protocol, against what transformers itself computes."""

import functools
import importlib.util
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moxu.checkpoints.assemble import assemble, blank_model
from moxu.checkpoints.checkpoint import Checkpoint
from moxu.errors import CheckpointError, MoxuError, SettingsError
from moxu.models import hf
from moxu.models.hf import READ_PIECE, HfConfig, HfModel
from moxu.models.registry import build
from reading import assert_pieces_equal_forward, assert_rows_read_as_if_alone, assert_selected_rows_go_on, forward

VOCAB = 23
_SIZES = {"vocab_size": VOCAB, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
_SIZES |= {"intermediate_size": 24, "max_position_embeddings": 130, "pad_token_id": 0, "bos_token_id": 1}
_SIZES |= {"eos_token_id": 2}
_GROUPED = {"num_key_value_heads": 2, "head_dim": 4}
_MIXTURE = {"num_local_experts": 3, "num_experts_per_tok": 2}
_WINDOW = {"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"]}

FAMILIES: dict[str, dict[str, Any]] = {
    "gpt2": {"model_type": "gpt2", "vocab_size": VOCAB, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 130},
    "llama": {"model_type": "llama", **_SIZES, **_GROUPED, "attention_dropout": 0.5},
    "qwen2": {"model_type": "qwen2", **_SIZES, **_GROUPED, "tie_word_embeddings": True},
    "qwen3": {"model_type": "qwen3", **_SIZES, **_GROUPED},
    "mistral": {"model_type": "mistral", **_SIZES, **_GROUPED, "sliding_window": 5},
    "gpt_neox": {"model_type": "gpt_neox", **_SIZES, "attention_dropout": 0.5, "hidden_dropout": 0.5},
    "phi": {"model_type": "phi", **_SIZES},
    "gemma2": {"model_type": "gemma2", **_SIZES, **_GROUPED, **_WINDOW},  # soft caps: no scaled_dot_product_attention
    "mixtral": {"model_type": "mixtral", **_SIZES, **_GROUPED, **_MIXTURE},
    "bloom": {"model_type": "bloom", "vocab_size": VOCAB, "hidden_size": 16, "n_layer": 2, "n_head": 4},
}


@functools.cache
def random_model(family: str) -> HfModel:
    model = HfModel(HfConfig(FAMILIES[family]))
    model.initialise(torch.Generator().manual_seed(1))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8.0)
    return model


def random_ids(batch: int, length: int) -> Tensor:
    return torch.randint(VOCAB, (batch, length), generator=torch.Generator().manual_seed(length))


@pytest.mark.parametrize("family", FAMILIES)
@settings(deadline=None, max_examples=5)
@given(pieces=st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_prefill_and_extend_in_any_chunking_equal_forward(family: str, pieces: list[int]) -> None:
    assert_pieces_equal_forward(random_model(family), random_ids(2, sum(pieces)), pieces)


@pytest.mark.parametrize("family", FAMILIES)
@settings(deadline=None, max_examples=5)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=2, max_size=3),
    pieces=st.lists(st.integers(1, 8), min_size=1, max_size=3),
)
def test_a_row_among_rows_of_other_lengths_reads_as_if_alone(
    family: str, lengths: list[int], pieces: list[int]
) -> None:
    model = random_model(family)
    texts = [random_ids(1, length + sum(pieces)) for length in lengths]
    assert_rows_read_as_if_alone(model, texts, lengths, pieces)


@pytest.mark.parametrize("family", ["gpt2", "mistral", "gemma2"])
def test_selected_rows_go_on_independently_of_where_they_came_from(family: str) -> None:
    model, ids = random_model(family), random_ids(2, 30)
    assert_selected_rows_go_on(model, ids)


def test_a_row_that_has_read_nothing_joins_one_that_has() -> None:
    model, ids = random_model("llama"), random_ids(1, 9)
    state = model.start(1).join(model.prefill(ids[:, :6])[1])
    logits, _ = model.extend(torch.cat([ids[:, :3], ids[:, 6:]]), state)
    expected = forward(model, ids)[0]
    torch.testing.assert_close(logits, torch.stack([expected[:3], expected[6:]]), rtol=1e-4, atol=1e-4)


def test_a_state_names_the_keys_and_values_of_each_layer() -> None:
    arrays = random_model("llama").prefill(random_ids(3, 5))[1].arrays()
    names = [f"layers.{layer}.{kind}" for layer in range(2) for kind in ("keys", "values")]
    assert list(arrays) == ["lengths", *names]
    assert all(arrays[name].shape[:2] == (3, 2) for name in names)  # (B, H, S, D), grouped heads once


def test_a_step_writes_into_the_memory_there_is() -> None:
    model = random_model("llama")
    _, state = model.prefill(random_ids(1, 5))
    before = state.tensors["layers.0.keys"]
    _, state = model.extend(random_ids(1, 1), state)  # type: ignore[assignment]
    assert state.tensors["layers.0.keys"].data_ptr() == before.data_ptr()


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_prompt_is_read_without_the_logits_of_every_place(family: str) -> None:
    model, places = random_model(family), list[int]()
    head = model.causal_lm.get_output_embeddings()
    hook = head.register_forward_hook(lambda _module, inputs, _output: places.append(inputs[0].shape[1]))
    model.prefill(random_ids(1, 9))
    hook.remove()
    assert places == [1]


def test_a_text_read_in_several_pieces_inside_one_prefill_equals_forward() -> None:
    length = READ_PIECE + 20
    model = HfModel(HfConfig({**FAMILIES["mistral"], "num_hidden_layers": 1, "max_position_embeddings": length}))
    ids = random_ids(1, length)
    torch.testing.assert_close(model.prefill(ids)[0], forward(model, ids)[:, -1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt_neox"])
def test_the_logits_are_those_of_the_folder_that_transformers_saved(family: str, tmp_path: Path) -> None:
    random_model(family).causal_lm.save_pretrained(tmp_path)
    original, ids = (
        transformers.AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True),
        random_ids(2, 12),
    )
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    model = HfModel(HfConfig(config))
    model.load_state_dict(
        {name: tensor for name, tensor in original.state_dict().items() if name not in model.tied_names()}
    )
    with torch.no_grad():
        expected = original(ids).logits
    torch.testing.assert_close(forward(model, ids), expected)
    torch.testing.assert_close(model.prefill(ids)[0], expected[:, -1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_given_its_tensors_is_the_one_they_came_from(family: str) -> None:
    model, ids = random_model(family), random_ids(2, 9)
    copy = assemble(Checkpoint("hf", {"model": FAMILIES[family]}, model.state_dict()), Path("copy")).model
    torch.testing.assert_close(forward(copy, ids), forward(model, ids), rtol=0, atol=0)
    assert not any(buffer.is_meta for buffer in copy.buffers())


def test_rotary_frequencies_keep_32_bits_in_a_model_of_16() -> None:
    tensors = random_model("llama").state_dict()
    model = assemble(Checkpoint("hf", {"model": FAMILIES["llama"]}, tensors), Path("half"), "cpu", torch.bfloat16).model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert {buffer.dtype for buffer in model.buffers()} == {torch.float32}
    assert model.prefill(random_ids(1, 4))[0].dtype == torch.float32


def test_tied_parameters_are_named_once_and_stay_one() -> None:
    model = HfModel(HfConfig(FAMILIES["qwen2"]))
    tensors = random_model("qwen2").state_dict()
    assert "model.embed_tokens.weight" in tensors
    assert "lm_head.weight" not in tensors
    assert model.tied_names() == {"lm_head.weight": "model.embed_tokens.weight"}
    model.load_state_dict(tensors, assign=True)
    assert model.causal_lm.lm_head.weight is model.causal_lm.model.embed_tokens.weight
    assert model.parameter_count() == sum(tensor.numel() for tensor in tensors.values())


def test_a_missing_tensor_is_named() -> None:
    tensors = random_model("qwen2").state_dict()
    del tensors["model.embed_tokens.weight"]
    with pytest.raises(CheckpointError, match=r"'model.embed_tokens.weight' is missing"):
        assemble(Checkpoint("hf", {"model": FAMILIES["qwen2"]}, tensors), Path("part"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "model_type is None; expected the name"),
        ({"model_type": "lama"}, "knows no model_type 'lama'; did you mean 'l?lama'"),
        ({"model_type": "///"}, "a newer one may"),
        ({"model_type": "mamba"}, "mamba models remember something else than keys and values"),
        ({"model_type": "qwen3_next"}, "qwen3_next models remember something else"),
        ({"model_type": "t5"}, "t5 models have an encoder"),
        ({"model_type": "bert"}, "bert models fill gaps"),
        ({"model_type": "vit"}, "vit models are no causal language models"),
        ({"model_type": "cpmant"}, "cpmant models cannot be told positions"),
        ({"model_type": "llama", "quantization_config": {"bits": 4}}, "the llama model is quantised"),
        ({"model_type": "llama", "hidden_size": "wide"}, "transformers makes no llama model of this configuration"),
        ({"model_type": "llama", "num_attention_heads": 0}, "transformers makes no llama model"),
        ({"model_type": "llama", "vocab_size": -1}, "transformers makes no llama model"),
        ({"model_type": "llama", "num_hidden_layers": 10**9}, "num_hidden_layers is 1000000000; expected at most"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_in_one_line(config: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        blank_model("hf", {"model": config}, "folder")
    assert "\n" not in str(caught.value)


def test_rows_of_different_lengths_are_refused_where_transformers_would_cut_them_wrongly() -> None:
    sizes = {"vocab_size": VOCAB, "hidden_size": 16, "num_layers": 2, "num_heads": 4, "window_size": 5}
    attention = [[["global", "local"], 1]]
    model = HfModel(HfConfig({"model_type": "gpt_neo", **sizes, "attention_types": attention}))
    state = model.prefill(random_ids(1, 4))[1].join(model.prefill(random_ids(1, 5))[1])
    with pytest.raises(SettingsError, match="gpt_neo models cannot read rows of different lengths together"):
        model.extend(random_ids(2, 1), state)


def test_max_context_is_what_the_configuration_says() -> None:
    stretched = {"rope_type": "longrope", "short_factor": [1.0, 1.0], "long_factor": [2.0, 2.0], "rope_theta": 10000.0}
    phi3 = {"model_type": "phi3", **_SIZES, "original_max_position_embeddings": 40, "rope_parameters": stretched}
    assert random_model("gpt2").max_context == 130
    assert random_model("llama").max_context == 130
    assert random_model("bloom").max_context is None
    assert HfModel(HfConfig(phi3)).max_context == 40  # past it, rotary positions read before would change


def test_vocab_size_is_that_of_the_output_layer() -> None:
    assert {random_model(family).vocab_size for family in FAMILIES} == {VOCAB}


def test_a_text_longer_than_the_window_is_refused() -> None:
    model = random_model("llama")
    _, state = model.prefill(random_ids(1, 130))
    with pytest.raises(SettingsError, match="131 ids; the model's window holds 130"):
        model.extend(random_ids(1, 1), state)


@pytest.mark.parametrize("family", ["gpt2", "llama", "gpt_neox"])
def test_training_drops_nothing_out_and_reaches_every_parameter(family: str) -> None:
    model, ids = HfModel(HfConfig(FAMILIES[family])).train(), random_ids(2, 8)
    logits = model(ids)
    torch.testing.assert_close(model(ids), logits, rtol=0, atol=0)
    logits.square().mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_initialise_draws_from_its_generator_alone() -> None:
    first, second = (HfModel(HfConfig(FAMILIES["llama"])) for _ in range(2))
    before = torch.get_rng_state()
    for model in (first, second):
        model.initialise(torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), before)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name])
    second.initialise(torch.Generator().manual_seed(4))
    assert not torch.equal(first.causal_lm.lm_head.weight, second.causal_lm.lm_head.weight)


def test_nothing_is_fetched_whatever_the_configuration_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    foreign = {
        "_name_or_path": "someone/something",
        "auto_map": {"AutoModelForCausalLM": "someone/something--code.Model"},
        "_attn_implementation": "kernels-community/flash-attn",
        "attn_implementation": "kernels-community/flash-attn",
    }
    model = build("hf", {"model": {**FAMILIES["llama"], **foreign}})
    model.prefill(random_ids(1, 3))


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    odd = {**FAMILIES["gpt2"], "pad_token_id": 3, "bos_token_id": 99999}
    model = HfModel(HfConfig(odd))
    model.prefill(torch.tensor([[3, 1, 2]]))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("family", ["llama", "gemma2"])
def test_transformers_own_cache_works_as_before(family: str) -> None:
    model, ids = random_model(family).causal_lm, random_ids(2, 12)
    padded = torch.ones_like(ids).index_fill(1, torch.tensor([0, 1]), 0)
    with torch.no_grad():
        cached = model(ids[:, :7], attention_mask=padded[:, :7], use_cache=True).past_key_values
        step = model(ids[:, 7:], attention_mask=padded, past_key_values=cached).logits
        torch.testing.assert_close(step, model(ids, attention_mask=padded).logits[:, 7:], rtol=1e-4, atol=1e-4)


def test_without_transformers_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    spec = importlib.util.spec_from_file_location("hf_without_transformers", hf.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MoxuError, match=r"pip install 'moxu\[hf\]'"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
