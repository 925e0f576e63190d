"""GPT-2 folders: every variant in the wild is read, and transformers takes back what is written."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from moxu.checkpoints import hf
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.convert import convert
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]
OPTIONS = ReadOptions()
IDS = torch.tensor([[1, 4, 2, 9, 3]])


@pytest.fixture
def original(tmp_path: Path) -> tuple[Path, transformers.GPT2LMHeadModel]:
    """A small random GPT-2 as transformers saves it."""
    return save(tmp_path / "original")


def save(path: Path, **changes: Any) -> tuple[Path, transformers.GPT2LMHeadModel]:
    sizes: dict[str, Any] = {"vocab_size": 11, "n_positions": 7, "n_embd": 8, "n_layer": 2, "n_head": 2}
    torch.manual_seed(3)
    model: Any = transformers.GPT2LMHeadModel(transformers.GPT2Config(**{**sizes, "initializer_range": 0.5, **changes}))
    model.eval().save_pretrained(path)
    return path, model


def edit(path: Path, **changes: Any) -> None:
    values = json.loads((path / "config.json").read_text("utf-8"))
    (path / "config.json").write_text(json.dumps({**values, **changes}))


def logits_of(path: Path) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = assemble(hf.read(path, OPTIONS), path).model(IDS)
    return logits


def assert_agrees(path: Path, model: transformers.GPT2LMHeadModel) -> None:
    with torch.no_grad():
        torch.testing.assert_close(logits_of(path), model(IDS).logits, rtol=0, atol=1e-5)


def load(path: Path) -> Any:
    """Load with transformers, which must find all it looks for and nothing else."""
    model_class: Any = transformers.GPT2LMHeadModel
    model, info = model_class.from_pretrained(path, output_loading_info=True)
    assert not any(info.values()), info
    return model.eval()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"n_inner": 12},
        {"activation_function": "gelu"},
        {"activation_function": "relu"},
        {"activation_function": "gelu_pytorch_tanh"},
        {"tie_word_embeddings": False},
        {"layer_norm_epsilon": 0.1},
        {"reorder_and_upcast_attn": True},
    ],
)
def test_every_kind_of_gpt2_agrees_with_transformers_both_ways(tmp_path: Path, changes: dict[str, Any]) -> None:
    path, model = save(tmp_path / "original", **changes)
    assert_agrees(path, model)
    convert(path, tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "back", to_kind="hf")
    there, back = (load_file(folder / "model.safetensors") for folder in (path, tmp_path / "back"))
    assert there.keys() == back.keys()
    assert all(torch.equal(there[name], back[name]) for name in there)
    with torch.no_grad():
        torch.testing.assert_close(load(tmp_path / "back")(IDS).logits, model(IDS).logits, rtol=0, atol=1e-6)


def test_older_files_are_read(original: tuple[Path, transformers.GPT2LMHeadModel], tmp_path: Path) -> None:
    """Without the prefix, with the masks as buffers, with the head beside the embedding, as a pickle."""
    path, model = original
    tensors = {
        name.removeprefix("transformer."): tensor for name, tensor in load_file(path / "model.safetensors").items()
    }
    for layer in range(2):
        tensors[f"h.{layer}.attn.bias"] = torch.ones(1, 1, 7, 7).tril()
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    tensors["lm_head.weight"] = tensors["wte.weight"].clone()
    old = tmp_path / "old"
    old.mkdir()
    (old / "config.json").write_bytes((path / "config.json").read_bytes())
    torch.save(tensors, old / "pytorch_model.bin")
    assert_agrees(old, model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale_attn_by_inverse_layer_idx": True}, r"scale_attn_by_inverse_layer_idx is True; expected one of False"),
        ({"scale_attn_weights": False}, "scale_attn_weights is False; expected one of True"),
        ({"add_cross_attention": True}, "add_cross_attention is True"),
        ({"activation_function": "silu"}, "activation_function is 'silu'; expected one of gelu_new"),
        ({"n_layer": 10**9}, "n_layer is 1000000000, but the tensors say 2"),
        ({"n_embd": "8"}, "n_embd is '8'; expected a whole number"),
        ({"n_positions": float("nan")}, "n_positions is nan; expected a whole number"),
        ({"n_head": 3}, "heads is 3; expected a divisor of the width 8"),
        ({"n_head": 0}, "heads is 0"),
        ({"n_head": None}, "n_head is None"),
        ({"vocab_size": 12}, "vocab_size is 12, but the tensors say 11"),
        ({"n_inner": 33}, "n_inner is 33, but the tensors say 32"),
        ({"tie_word_embeddings": False}, r"the tensor 'lm_head.weight' \(here 'head.weight'\) is missing"),
    ],
)
def test_configuration_that_says_otherwise_is_refused(
    original: tuple[Path, transformers.GPT2LMHeadModel], changes: dict[str, Any], message: str
) -> None:
    edit(original[0], **changes)
    with pytest.raises(CheckpointError, match=message):
        hf.read(original[0], OPTIONS)


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("lm_head.weight", torch.rand(11, 8), "'lm_head.weight' differs from the embedding"),
        ("transformer.extra", torch.rand(1), "unexpected tensor 'transformer.extra'"),
        ("wte.weight", torch.rand(11, 8), "holds .*wte.weight' twice, with and without 'transformer.'"),
        ("transformer.wpe.weight", torch.rand(7, 8, 1), "'transformer.wpe.weight' has the shape .*; expected 2 axes"),
        ("transformer.h.1.ln_1.bias", torch.rand(9), r"'transformer.h.1.ln_1.bias' \(here .*\) has the shape \(9,\)"),
    ],
)
def test_odd_tensor_is_named(
    original: tuple[Path, transformers.GPT2LMHeadModel], name: str, tensor: torch.Tensor, message: str
) -> None:
    file = original[0] / "model.safetensors"
    save_file({**load_file(file), name: tensor}, original[0] / "changed")
    (original[0] / "changed").replace(file)
    with pytest.raises(CheckpointError, match=message):
        hf.read(original[0], OPTIONS)


def test_missing_tensor_is_named(original: tuple[Path, transformers.GPT2LMHeadModel]) -> None:
    tensors = load_file(original[0] / "model.safetensors")
    del tensors["transformer.h.1.mlp.c_fc.bias"]
    save_file(tensors, original[0] / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'transformer\.h\.1\.mlp\.c_fc\.bias' \(here 'blocks.*'\) is missing"):
        hf.read(original[0], OPTIONS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm": "post"}, "its norm is 'post', there it is 'pre'"),
        ({"bias": False}, "its bias is False, there it is True"),
        ({"tied": False, "head_bias": True}, "its head_bias is True, there it is False"),
        ({"head_size": 3}, "its size_of_head is 3, there it is 4"),
    ],
)
def test_transformer_that_is_no_gpt2_is_refused(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(CheckpointError, match=f"a GPT-2 folder cannot hold this model: {message}"):
        hf.write(random_checkpoint("gpt", **changes), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_cpm1_becomes_a_gpt2_and_comes_back(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("gpt")
    convert_from(checkpoint, tmp_path / "gpt2")
    back = hf.read(tmp_path / "gpt2", OPTIONS)
    assert list(back.tensors) == list(checkpoint.tensors)
    assert all(torch.equal(back.tensors[name], tensor) for name, tensor in checkpoint.tensors.items())
    with torch.no_grad():
        ours = assemble(checkpoint, tmp_path).model(IDS)
        torch.testing.assert_close(load(tmp_path / "gpt2")(IDS).logits, ours, rtol=0, atol=1e-5)


def convert_from(checkpoint: Checkpoint, path: Path) -> None:
    hf.write(dataclasses.replace(checkpoint, config={**checkpoint.config, "masked_score": -10000.0}), path)


def test_published_logits_are_met(reference: Path) -> None:
    public = reference / "gpt2" / "public"
    expected = np.load(public / "logits.npz")
    model = assemble(hf.read(public, OPTIONS), public).model
    with torch.no_grad():
        logits = model(torch.from_numpy(expected["n40_ids"]).reshape(1, -1))
    np.testing.assert_allclose(logits[0].numpy(), expected["n40_logits"].reshape(40, -1), rtol=0, atol=1e-4)
