"""AI-Writer v1 files: all four forms agree, sizes are derived, and the way back is exact."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from moxu.checkpoints import aiwriter1
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.formats import read_checkpoint
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]
OPTIONS = ReadOptions()
ORIGINAL_SIZES = {
    "vocab_size": 301,
    "context": 64,
    "layers": 2,
    "heads": 4,
    "width": 64,
    "attention_width": 64,
    "feed_forward_width": 160,
}


def assert_same(found: Checkpoint, expected: Checkpoint) -> None:
    assert found.config == expected.config
    assert set(found.tensors) == set(expected.tensors)
    for name, tensor in expected.tensors.items():
        assert found.tensors[name].dtype == tensor.dtype
        assert torch.equal(found.tensors[name], tensor), name


@pytest.mark.parametrize("folded", [False, True])
def test_written_file_reads_back_bit_for_bit(tmp_path: Path, random_checkpoint: MakeCheckpoint, folded: bool) -> None:
    checkpoint = random_checkpoint("aiwriter1", folded=folded)
    aiwriter1.write(checkpoint, tmp_path / "model.pth")
    assert_same(aiwriter1.read(tmp_path / "model.pth", OPTIONS), checkpoint)


def test_written_file_is_a_plain_dictionary_in_the_original_order(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    checkpoint = random_checkpoint("aiwriter1")
    aiwriter1.write(checkpoint, tmp_path / "model.pth")
    written = torch.load(tmp_path / "model.pth", weights_only=True)
    assert list(written)[:3] == ["time_out", "copy_mask", "tok_emb.weight"]
    assert torch.equal(written["copy_mask"], torch.ones(6, 6).tril())
    assert set(written) == {"copy_mask", *checkpoint.tensors}


def test_folding_multiplies_the_curves_by_offset_and_position(random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("aiwriter1")
    folded = aiwriter1.fold(checkpoint)
    curves = [checkpoint.tensors[f"blocks.1.attn.{name}"] for name in aiwriter1.CURVES]
    for head, t, u in np.ndindex(2, 6, 6):
        weight = curves[0][head, 5 - (t - u)] * curves[1][head, 0, u] * curves[2][head, t, 0] if u <= t else 0.0
        assert folded.tensors["blocks.1.attn.time_ww"][head, t, u] == weight
    assert aiwriter1.fold(folded) is folded


def test_pickled_module_and_paddle_file_of_one_model_agree(golden: Path) -> None:
    module = read_checkpoint(golden / "checkpoints" / "model.pth")
    paddle = read_checkpoint(golden / "checkpoints" / "model.pdparams")
    assert module.config == {**ORIGINAL_SIZES, "folded": False}
    assert_same(aiwriter1.fold(module), paddle)


@pytest.mark.parametrize("name", ["model.pth", "unfolded_state_dict.pth", "folded_state_dict.pth", "model.pdparams"])
def test_every_form_of_the_original_gives_the_same_folded_tensors(reference: Path, golden: Path, name: str) -> None:
    expected = aiwriter1.fold(read_checkpoint(golden / "checkpoints" / "model.pth"))
    found = read_checkpoint(reference / "aiwriter_v1" / "public" / name)
    assert found.tokenizer is not None
    assert found.tokenizer.vocab_size == 301
    assert_same(aiwriter1.fold(found), expected)


def test_what_we_write_equals_the_original_state_dicts(reference: Path, tmp_path: Path) -> None:
    public = reference / "aiwriter_v1" / "public"
    for name in ("unfolded_state_dict.pth", "folded_state_dict.pth"):
        aiwriter1.write(aiwriter1.read(public / name, OPTIONS), tmp_path / name)
        ours, theirs = (torch.load(folder / name, weights_only=True) for folder in (tmp_path, public))
        assert list(ours) == list(theirs)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


@pytest.mark.parametrize("name", ["model.pth", "model.pdparams"])
def test_logits_of_a_converted_checkpoint_equal_the_original_ones(golden: Path, name: str) -> None:
    checkpoint = read_checkpoint(golden / "checkpoints" / name)
    model = assemble(checkpoint, golden / name).model
    expected = np.load(golden / "aiwriter_v1" / "logits.npz")
    ids, rows = torch.from_numpy(expected["len7_ids"]), expected["len7_rows"]
    with torch.inference_mode():
        logits = model(ids.reshape(1, -1))[0]
    np.testing.assert_allclose(logits[rows].numpy(), expected["len7_logits"].reshape(len(rows), -1), atol=1e-4)


def test_missing_and_left_over_tensors_are_named(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    path = tmp_path / "model.pth"
    tensors = random_checkpoint("aiwriter1").tensors
    torch.save({**tensors, "blocks.0.attn.time_x": torch.ones(1)}, path)
    with pytest.raises(CheckpointError, match=r"unexpected tensor 'blocks\.0\.attn\.time_x'"):
        aiwriter1.read(path, OPTIONS)
    torch.save({name: tensor for name, tensor in tensors.items() if name != "head_k.bias"}, path)
    with pytest.raises(CheckpointError, match=r"the tensor 'head_k\.bias' is missing"):
        aiwriter1.read(path, OPTIONS)
    torch.save({name: tensor for name, tensor in tensors.items() if name != "time_out"}, path)
    with pytest.raises(CheckpointError, match="the tensor 'time_out' is missing"):
        aiwriter1.read(path, OPTIONS)


def test_half_folded_file_is_an_error(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    tensors = random_checkpoint("aiwriter1").tensors
    tensors["blocks.0.attn.time_ww"] = torch.ones(2, 6, 6)
    torch.save(tensors, tmp_path / "model.pth")
    with pytest.raises(CheckpointError, match=r"unexpected tensor 'blocks\.0\.attn\.time_w"):
        aiwriter1.read(tmp_path / "model.pth", OPTIONS)


def test_fact_that_contradicts_the_shapes_is_an_error(golden: Path) -> None:
    with pytest.raises(CheckpointError, match="heads was given as 8, but the tensors say 4"):
        aiwriter1.read(golden / "checkpoints" / "model.pth", ReadOptions(facts={"heads": 8}))


def test_other_architecture_is_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="cannot hold rwkv7 models"):
        aiwriter1.write(random_checkpoint("rwkv7"), tmp_path / "model.pth")


def test_bfloat16_is_written_when_asked_for(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("aiwriter1")
    aiwriter1.write(checkpoint, tmp_path / "model.pth", WriteOptions("bfloat16"))
    halves = {name: tensor.bfloat16() for name, tensor in checkpoint.tensors.items()}
    assert_same(aiwriter1.read(tmp_path / "model.pth", OPTIONS), replace(checkpoint, tensors=halves))
