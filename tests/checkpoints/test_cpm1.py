"""CPM-1: parts of any number are one model, which the original's loader takes back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cpm1_original
from moxu.checkpoints import cpm1
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.convert import convert
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]
MODULE = cpm1_original.whole_module()
TWO_HEADS = ReadOptions(facts={"heads": 2})


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_any_number_of_parts_is_one_model(tmp_path: Path, parts: int) -> None:
    found = cpm1.read(cpm1_original.write(tmp_path / "source", MODULE, parts), TWO_HEADS)
    sizes = {"vocab_size": 24, "width": 8, "layers": 2, "positions": 5, "hidden": 32}
    assert found.config == {**sizes, "heads": 2, "masked_score": None}
    assert torch.equal(found.tensors["blocks.1.attn.qkv.weight"], MODULE[f"{LAYER}.attention.query_key_value.weight"])
    assert torch.equal(found.tensors["blocks.1.mlp.down.weight"], MODULE[f"{LAYER}.mlp.dense_4h_to_h.weight"])
    assert found.card == {"source": "source", "iteration": "80000"}


LAYER = "transformer.layers.1"


@pytest.mark.parametrize("parts", [1, 2])
def test_way_through_a_moxu_folder_and_back_loses_nothing(tmp_path: Path, parts: int) -> None:
    source = cpm1_original.write(tmp_path / "source", MODULE, 2)
    convert(source, tmp_path / "folder", options=TWO_HEADS)
    convert(tmp_path / "folder", tmp_path / "back", to_kind="cpm1", parts=parts)
    for part in range(parts):
        back = torch.load(cpm1_original.part_file(tmp_path / "back", part), weights_only=True)["module"]
        expected = {name: cpm1_original.part_of(name, tensor, part, parts) for name, tensor in MODULE.items()}
        assert list(back) == list(expected)
        assert cpm1_original.same(back, expected)


def test_way_through_a_gpt2_folder_and_back_loses_nothing(tmp_path: Path) -> None:
    half = {name: tensor.half() for name, tensor in MODULE.items()}
    convert(cpm1_original.write(tmp_path / "source", half, 2), tmp_path / "gpt2", to_kind="hf", options=TWO_HEADS)
    convert(tmp_path / "gpt2", tmp_path / "back", to_kind="cpm1")
    back = cpm1_original.load(tmp_path / "back", 0, "release")["module"]
    assert list(back) == list(half)
    assert cpm1_original.same(back, half)


def test_what_deepspeed_looks_for_is_there(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    cpm1.write(random_checkpoint("gpt"), tmp_path / "model")
    found = cpm1_original.load(tmp_path / "model", 0, "release")
    looked_for = ("csr_tensor_module_names", "skipped_steps", "global_steps", "global_samples", "dp_world_size")
    assert {*looked_for, "mp_world_size", "optimizer", "lr_scheduler", "iteration", "module"} == found.keys()
    assert found["mp_world_size"] == 1


def test_numbers_keep_their_type_or_take_the_one_asked_for(tmp_path: Path) -> None:
    half = {name: tensor.half() for name, tensor in MODULE.items()}
    found = cpm1.read(cpm1_original.write(tmp_path / "half", half, 2), TWO_HEADS)
    assert {tensor.dtype for tensor in found.tensors.values()} == {torch.float16}
    cpm1.write(found, tmp_path / "kept")
    cpm1.write(found, tmp_path / "wide", WriteOptions("float32"))
    for name, dtype in (("kept", torch.float16), ("wide", torch.float32)):
        module = cpm1_original.load(tmp_path / name, 0)["module"]
        assert {tensor.dtype for tensor in module.values()} == {dtype}
        assert all(torch.equal(module[key], tensor.to(dtype)) for key, tensor in half.items())


def test_heads_have_to_be_told_unless_the_size_was_published(tmp_path: Path) -> None:
    source = cpm1_original.write(tmp_path / "source", MODULE, 1)
    with pytest.raises(
        CheckpointError, match="how many heads there are is not in the tensors; say it with --set heads=N"
    ):
        cpm1.read(source, ReadOptions())
    published = cpm1_original.whole_module(width=768, layers=1, vocab_size=8)
    found = cpm1.read(cpm1_original.write(tmp_path / "small", published, 1), ReadOptions())
    assert found.config["heads"] == 12


def test_tensor_of_another_model_is_named_with_the_checkpoint(tmp_path: Path) -> None:
    source = cpm1_original.write(tmp_path / "source", {**MODULE, "extra.weight": torch.ones(2)}, 1)
    with pytest.raises(CheckpointError, match=r"source: unexpected tensor 'extra\.weight'"):
        cpm1.read(source, TWO_HEADS)


@pytest.mark.parametrize("heads", [3, 0, -2, 2.0, "two", float("nan"), [2]])
def test_heads_that_cannot_be_are_named(tmp_path: Path, heads: Any) -> None:
    source = cpm1_original.write(tmp_path / "source", MODULE, 1)
    with pytest.raises(CheckpointError, match=r"source: .*heads"):
        cpm1.read(source, ReadOptions(facts={"heads": heads}))


def test_configuration_of_the_original_is_understood(tmp_path: Path) -> None:
    source = cpm1_original.write(tmp_path / "source", MODULE, 1)
    values = {"num_layers": 2, "hidden_size": 8, "num_attention_heads": 4, "max_position_embeddings": 5}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**values, "vocab_size": 24, "seq_length": 4, "eod": 7, "seed": 31}))
    assert cpm1.read(source, ReadOptions(config=config)).config["heads"] == 4
    config.write_text(json.dumps({**values, "num_layers": 3}))
    with pytest.raises(CheckpointError, match="layers was given as 3, but the tensors say 2"):
        cpm1.read(source, ReadOptions(config=config))


def test_masked_score_of_the_training_may_be_told(tmp_path: Path) -> None:
    source = cpm1_original.write(tmp_path / "source", MODULE, 1)
    found = cpm1.read(source, ReadOptions(facts={"heads": 2, "masked_score": -10000.0}))
    assert assemble(found, source).model.config.masked_score == -10000.0


def test_folder_without_parts_is_no_checkpoint(tmp_path: Path) -> None:
    assert not cpm1.recognises(tmp_path)
    with pytest.raises(
        CheckpointError, match=r"no CPM-1 checkpoint; expected a folder with latest_checkpointed_iteration"
    ):
        cpm1.read(tmp_path, TWO_HEADS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm": "post"}, "its norm is 'post', there it is 'pre'"),
        ({"activation": "relu"}, "its activation is 'relu', there it is 'gelu_tanh'"),
        ({"tied": False}, "its tied is False, there it is True"),
        ({"head_size": 3}, "its size_of_head is 3, there it is 4"),
        ({"bias": False}, "its bias is False"),
        ({"norm_eps": 1e-6}, "its norm_eps is 1e-06"),
    ],
)
def test_other_transformers_are_refused(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(CheckpointError, match=f"model: a CPM-1 checkpoint cannot hold this model: {message}"):
        cpm1.write(random_checkpoint("gpt", **changes), tmp_path / "model")


def test_heads_are_not_divided(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="2 heads cannot be divided among 4 parts"):
        cpm1.write(random_checkpoint("gpt"), tmp_path / "model", WriteOptions(parts=4))
    with pytest.raises(CheckpointError, match="2 heads cannot be divided among 0 parts"):
        cpm1.write(random_checkpoint("gpt"), tmp_path / "model", WriteOptions(parts=0))
    with pytest.raises(CheckpointError, match="cannot hold rwkv7 models"):
        cpm1.write(random_checkpoint("rwkv7"), tmp_path / "model")


@pytest.mark.parametrize(
    ("folder", "outputs"), [("mp2", "outputs_mp2"), ("mp2_MP1", "outputs_mp1"), ("mp2_MP4", "outputs_mp1")]
)
def test_checkpoints_of_the_original_give_its_logits(reference: Path, folder: str, outputs: str) -> None:
    public = reference / "cpm1" / "public"
    found = cpm1.read(public / folder, ReadOptions(config=public / "config.json"))
    model = assemble(found, public).model
    ids = np.load(public / "inputs.npz")["n9_tokens"]
    with torch.no_grad():
        logits = model(torch.from_numpy(ids).reshape(1, -1))
    np.testing.assert_allclose(logits.numpy(), np.load(public / f"{outputs}.npz")["n9_logits"], rtol=0, atol=5e-5)
