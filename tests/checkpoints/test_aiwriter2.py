"""AI-Writer v2 files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from checkpoint_checks import assert_same
from moxu.checkpoints import aiwriter2
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]


@pytest.mark.parametrize("changes", [{}, {"ffn_pre": False}, {"copy_head": False}])
def test_written_file_reads_back_bit_for_bit(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, changes: dict[str, Any]
) -> None:
    checkpoint = random_checkpoint("aiwriter2", **changes)
    aiwriter2.write(checkpoint, tmp_path / "model.pth")
    facts = {} if checkpoint.config["copy_head"] else {"context": 5}
    found = aiwriter2.read(tmp_path / "model.pth", ReadOptions(facts=facts))
    assert_same(found, checkpoint)
    assert list(found.tensors) == list(checkpoint.tensors)


def test_copy_mask_is_restored_for_the_original(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    aiwriter2.write(random_checkpoint("aiwriter2"), tmp_path / "model.pth")
    written = torch.load(tmp_path / "model.pth", weights_only=True)
    assert torch.equal(written["copy_mask"], torch.ones(5, 5).tril())


def test_context_that_was_told_wins_over_the_mask(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    aiwriter2.write(random_checkpoint("aiwriter2"), tmp_path / "model.pth")
    found = aiwriter2.read(tmp_path / "model.pth", ReadOptions(facts={"context": 12, "b_eps": 1e-16}))
    assert (found.config["context"], found.config["b_eps"]) == (12, 1e-16)


@pytest.mark.parametrize(
    ("layers", "width", "context", "b_eps"), [(6, 512, 1536, 1e-16), (12, 768, 768, 1e-9), (2, 8, 1024, 1e-9)]
)
def test_facts_of_published_sizes_are_known(layers: int, width: int, context: int, b_eps: float) -> None:
    assert aiwriter2.unsaid(layers, width) == {"context": context, "b_eps": b_eps, "k_max": 60.0}


def test_older_export_with_one_mix_for_a_module_is_read(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    tensors = dict(random_checkpoint("aiwriter2").tensors)
    for module, mixes in (("blocks.1.att", "kvr"), ("blocks.1.ffn", "kr"), ("blocks.0.ffnPre", "kr")):
        tensors[f"{module}.time_mix"] = tensors[f"{module}.time_mix_k"]
        for mix in mixes:
            del tensors[f"{module}.time_mix_{mix}"]
    torch.save(tensors, tmp_path / "model.pth")
    found = aiwriter2.read(tmp_path / "model.pth", ReadOptions()).tensors
    assert torch.equal(found["blocks.1.att.time_mix_v"], tensors["blocks.1.att.time_mix"])
    assert torch.equal(found["blocks.0.ffnPre.time_mix_r"], tensors["blocks.0.ffnPre.time_mix"])


@pytest.mark.parametrize(("name", "b_eps"), [("qk_pre", 1e-16), ("plain", 1e-9), ("qk_only", 1e-9)])
def test_logits_of_a_converted_checkpoint_equal_the_original_ones(reference: Path, name: str, b_eps: float) -> None:
    public = reference / "aiwriter_v2" / "public"
    checkpoint = aiwriter2.read(public / f"{name}.pth", ReadOptions(facts={"b_eps": b_eps, "context": 48}))
    assert checkpoint.tokenizer is not None
    expected = np.load(public / f"{name}.npz")
    logits = expected["gpt_logits_prefix_1_to_ctx"]
    ids = torch.from_numpy(expected["ids"].astype(np.int64))[None, : len(logits)]
    with torch.inference_mode():
        found = assemble(checkpoint, public).model(ids)[0]
    np.testing.assert_allclose(found.numpy(), logits, atol=1e-4)


def test_other_architecture_is_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="cannot hold aiwriter1 models"):
        aiwriter2.write(random_checkpoint("aiwriter1"), tmp_path / "model.pth")
