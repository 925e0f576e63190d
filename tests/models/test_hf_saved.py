"""Folders that transformers saved: what it joins and renames, and what is missing, strange or of another shape."""

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file
from torch import Tensor

from moxu.checkpoints.assemble import assemble, blank_model
from moxu.checkpoints.checkpoint import Checkpoint
from moxu.checkpoints.convert import convert
from moxu.checkpoints.formats import load
from moxu.errors import CheckpointError
from moxu.models.hf import HfConfig, HfModel
from moxu.models.hf_saved import as_saved, from_saved
from reading import forward

_SIZES = {"vocab_size": 23, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
_SIZES |= {"intermediate_size": 24, "max_position_embeddings": 30, "num_key_value_heads": 2, "head_dim": 4}
_SIZES |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", **_SIZES},
    "qwen2": {"model_type": "qwen2", **_SIZES, "tie_word_embeddings": True},
    "gpt_neox": {"model_type": "gpt_neox", **_SIZES},  # its embed_out becomes lm_head
    "mixtral": {"model_type": "mixtral", **_SIZES, "num_local_experts": 3},  # its experts become one tensor
}


@functools.cache
def random_model(family: str) -> HfModel:
    model = HfModel(HfConfig(FAMILIES[family]))
    model.initialise(torch.Generator().manual_seed(1))
    return model


def blank(family: str) -> HfModel:
    model = blank_model("hf", {"model": FAMILIES[family]}, "folder")
    assert isinstance(model, HfModel)
    return model


def saved_tensors(family: str, folder: Path) -> dict[str, Tensor]:
    """Save a model with random weights as transformers does; return what lies in its file."""
    random_model(family).causal_lm.save_pretrained(folder)
    tensors: dict[str, Tensor] = load_file(folder / "model.safetensors")
    return tensors


def read(found: dict[str, Tensor], family: str, path: Path) -> HfModel:
    checkpoint = Checkpoint("hf", {"model": FAMILIES[family]}, from_saved(blank(family), found, str(path)))
    model = assemble(checkpoint, path).model
    assert isinstance(model, HfModel)
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_folder_has_the_logits_it_has_in_transformers(family: str, tmp_path: Path) -> None:
    model = read(saved_tensors(family, tmp_path), family, tmp_path)
    original = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    ids = torch.randint(23, (2, 12), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        torch.testing.assert_close(forward(model, ids), original(ids).logits)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_read_is_written_bit_for_bit(family: str, dtype: torch.dtype, tmp_path: Path) -> None:
    found = {name: tensor.to(dtype) for name, tensor in saved_tensors(family, tmp_path).items()}
    model = blank(family)
    again = as_saved(model, from_saved(model, found, "folder"))
    assert again.keys() == found.keys()
    for name, tensor in found.items():
        assert again[name].dtype == dtype
        assert torch.equal(again[name], tensor)


def test_mixed_floating_types_lose_nothing(tmp_path: Path) -> None:
    found = saved_tensors("llama", tmp_path)
    found["lm_head.weight"] = found["lm_head.weight"].bfloat16()
    tensors = from_saved(blank("llama"), found, "folder")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}
    assert torch.equal(tensors["lm_head.weight"], found["lm_head.weight"].float())


def test_a_tied_parameter_that_is_saved_twice_is_read_once(tmp_path: Path) -> None:
    found = saved_tensors("qwen2", tmp_path)
    assert "lm_head.weight" not in found
    found["lm_head.weight"] = found["model.embed_tokens.weight"].clone()
    assert "lm_head.weight" not in from_saved(blank("qwen2"), found, "folder")


def test_a_tied_parameter_that_is_saved_twice_differently_is_refused(tmp_path: Path) -> None:
    found = saved_tensors("qwen2", tmp_path)
    found["lm_head.weight"] = found["model.embed_tokens.weight"] + 1
    with pytest.raises(CheckpointError, match=r"'lm_head.weight' differs from 'model.embed_tokens.weight'"):
        from_saved(blank("qwen2"), found, "folder")


def test_buffers_of_older_versions_are_not_needed(tmp_path: Path) -> None:
    found = saved_tensors("llama", tmp_path)
    found["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(2)
    assert from_saved(blank("llama"), found, "folder").keys() == random_model("llama").state_dict().keys()


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("model.norm.weight", None, "'model.norm.weight' is missing"),
        ("model.norm.weight", torch.ones(17), r"'model.norm.weight' has the shape \(17,\); expected \(16,\)"),
        ("model.norm.scale", torch.ones(16), "unexpected tensor 'model.norm.scale'"),
    ],
)
def test_what_does_not_fit_is_named(name: str, tensor: Tensor | None, message: str, tmp_path: Path) -> None:
    found = saved_tensors("llama", tmp_path)
    found["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(50)  # so that there are numbers enough
    found.pop(name, None)
    if tensor is not None:
        found[name] = tensor
    with pytest.raises(CheckpointError, match=message):
        read(found, "llama", tmp_path)


def test_a_large_model_is_not_made_for_a_few_tensors() -> None:
    sizes = {"hidden_size": 2**20, "intermediate_size": 2**20, "num_hidden_layers": 100}
    model = blank_model("hf", {"model": {**FAMILIES["llama"], **sizes}}, "folder")
    assert isinstance(model, HfModel)
    found = {"model.norm.weight": torch.ones(2**20)}
    assert from_saved(model, found, "folder") == found


def test_reading_draws_nothing_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = saved_tensors("mixtral", tmp_path)
    capfd.readouterr()
    from_saved(blank("mixtral"), found, "folder")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_is_read_and_written_by_its_path(family: str, tmp_path: Path) -> None:
    found = saved_tensors(family, tmp_path / "original")
    convert(tmp_path / "original", tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "back", to_kind="hf")
    back = load_file(tmp_path / "back" / "model.safetensors")
    assert back.keys() == found.keys()
    assert all(torch.equal(back[name], found[name]) for name in found)
    original = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "back", local_files_only=True)
    ids = torch.randint(23, (2, 12), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        torch.testing.assert_close(forward(load(tmp_path / "original").model, ids), original(ids).logits)
