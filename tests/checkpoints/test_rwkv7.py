"""RWKV-7 files: the released layout is written, and those of the wild are read."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from checkpoint_checks import assert_same
from moxu.checkpoints import rwkv7
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]
OPTIONS = ReadOptions()

LOGITS_OF_THE_PACKAGE = """
import os, sys, warnings
warnings.simplefilter("ignore")
os.environ.update(RWKV_V7_ON="1", RWKV_JIT_ON="0")
import torch
from rwkv.model import RWKV
logits, _ = RWKV(sys.argv[1], "cpu fp32").forward([3, 5, 7, 9], None, full_output=True)
torch.save(logits, sys.argv[2])
"""


@pytest.fixture
def written(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> tuple[Path, Checkpoint]:
    path, checkpoint = tmp_path / "model.pth", random_checkpoint("rwkv7")
    rwkv7.write(checkpoint, path, WriteOptions("float32"))
    return path, checkpoint


def test_written_file_reads_back_bit_for_bit(written: tuple[Path, Checkpoint]) -> None:
    path, checkpoint = written
    assert_same(rwkv7.read(path, OPTIONS), checkpoint)


def test_released_layout_is_written_in_bfloat16(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    path = tmp_path / "model.pth"
    rwkv7.write(random_checkpoint("rwkv7"), path)
    released = torch.load(path, weights_only=True)
    assert {tensor.dtype for tensor in released.values()} == {torch.bfloat16}
    shapes = {name: tuple(tensor.shape) for name, tensor in released.items()}
    for name in ("x_r", "x_w", "x_k", "x_v", "x_a", "x_g", "w0", "a0", "v0", "k_k", "k_a"):
        assert shapes[f"blocks.0.att.{name}"] == shapes[f"blocks.1.att.{name}"] == (1, 1, 8)
    assert shapes["blocks.1.ffn.x_k"] == (1, 1, 8)
    assert shapes["blocks.0.att.v1"] == shapes["blocks.1.att.v1"] == (8, 6)
    assert shapes["blocks.0.att.w2"] == (3, 8)
    assert shapes["blocks.0.att.r_k"] == (2, 4)
    assert shapes["blocks.0.ffn.key.weight"] == (32, 8)
    again = tmp_path / "again.pth"
    rwkv7.write(rwkv7.read(path, OPTIONS), again)
    second = torch.load(again, weights_only=True)
    assert all(torch.equal(second[name], released[name]) for name in released)


@pytest.mark.skipif(importlib.util.find_spec("rwkv") is None, reason="the package rwkv is not installed")
def test_package_rwkv_loads_what_we_write_and_gives_the_same_logits(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    sizes = {"width": 64, "head_size": 64, "hidden": 256}
    checkpoint = random_checkpoint("rwkv7", **sizes)
    for tensor in checkpoint.tensors.values():
        tensor.mul_(0.3)
    rwkv7.write(checkpoint, tmp_path / "model.pth", WriteOptions("float32"))
    arguments = [str(tmp_path / "model"), str(tmp_path / "logits.pt")]
    subprocess.run([sys.executable, "-c", LOGITS_OF_THE_PACKAGE, *arguments], check=True, capture_output=True)
    expected = torch.load(tmp_path / "logits.pt", weights_only=True)
    model = assemble(rwkv7.read(tmp_path / "model.pth", OPTIONS), tmp_path).model
    with torch.inference_mode():
        torch.testing.assert_close(model(torch.tensor([[3, 5, 7, 9]]))[0], expected, rtol=0, atol=1e-4)


def squeezed(_: str, tensor: Tensor) -> Tensor:
    return tensor.squeeze()


def transposed(name: str, tensor: Tensor) -> Tensor:
    is_low_rank = name.rpartition(".")[2] in ("w1", "w2", "a1", "a2", "v1", "v2", "g1", "g2")
    return tensor.t().contiguous() if is_low_rank or name in ("emb.weight", "head.weight") else tensor


def flattened(name: str, tensor: Tensor) -> Tensor:
    return tensor.flatten() if name.endswith("r_k") else tensor


def with_one_axis(_: str, tensor: Tensor) -> Tensor:
    return tensor.reshape(1, 8) if tensor.shape == (1, 1, 8) else tensor


@pytest.mark.parametrize("change", [squeezed, transposed, flattened, with_one_axis])
def test_layouts_of_the_wild_are_read_by_name(
    written: tuple[Path, Checkpoint], change: Callable[[str, Tensor], Tensor]
) -> None:
    path, checkpoint = written
    released = torch.load(path, weights_only=True)
    torch.save({name: change(name, released[name]) for name in sorted(released, reverse=True)}, path)
    assert_same(rwkv7.read(path, ReadOptions(facts={"head_size": 4})), checkpoint)


def test_unused_tensors_of_the_first_block_may_be_there_or_not(written: tuple[Path, Checkpoint]) -> None:
    path, checkpoint = written
    released = torch.load(path, weights_only=True)
    torch.save({name: tensor for name, tensor in released.items() if not name.startswith("blocks.0.att.v")}, path)
    with pytest.raises(CheckpointError, match=r"'blocks\.0\.att\.value\.weight' is missing"):
        rwkv7.read(path, OPTIONS)
    unused = {f"blocks.0.att.v{number}" for number in range(3)}
    torch.save({name: tensor for name, tensor in released.items() if name not in unused}, path)
    assert_same(rwkv7.read(path, OPTIONS), checkpoint)


def test_single_layer_takes_the_released_rank_for_its_unused_values(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    checkpoint = random_checkpoint("rwkv7", layers=1, v_rank=0)
    rwkv7.write(checkpoint, tmp_path / "model.pth", WriteOptions("float32"))
    assert torch.load(tmp_path / "model.pth", weights_only=True)["blocks.0.att.v1"].shape == (8, 32)
    assert_same(rwkv7.read(tmp_path / "model.pth", OPTIONS), checkpoint)


@pytest.mark.parametrize(
    ("drop", "message"),
    [
        ("ln_out.weight", r"'ln_out\.weight' is missing"),
        ("blocks.1.att.g2", r"'blocks\.1\.att\.g2' is missing"),
        ("blocks.0.att.r_k", r"'blocks\.0\.att\.r_k' is missing"),
    ],
)
def test_missing_tensors_are_named(written: tuple[Path, Checkpoint], drop: str, message: str) -> None:
    path, _ = written
    released = torch.load(path, weights_only=True)
    del released[drop]
    torch.save(released, path)
    with pytest.raises(CheckpointError, match=message):
        rwkv7.read(path, OPTIONS)


@pytest.mark.parametrize("head_size", [0, 3, "four"])
def test_head_size_that_does_not_divide_a_flat_vector_is_a_mistake(
    written: tuple[Path, Checkpoint], head_size: Any
) -> None:
    path, _ = written
    released = torch.load(path, weights_only=True)
    released["blocks.0.att.r_k"] = released["blocks.0.att.r_k"].flatten()
    torch.save(released, path)
    with pytest.raises(CheckpointError, match="expected a divisor of the width 8"):
        rwkv7.read(path, ReadOptions(facts={"head_size": head_size}))


def test_other_architecture_is_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="cannot hold aiwriter2 models"):
        rwkv7.write(random_checkpoint("aiwriter2"), tmp_path / "model.pth")
