"""Paddle files, both ways, and with the real Paddle where it is installed."""

import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoint_checks import assert_same
from moxu.checkpoints import aiwriter1, paddle
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.errors import CheckpointError

MakeCheckpoint = Callable[..., Checkpoint]
OPTIONS = ReadOptions()

LOAD_WITH_PADDLE = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy, paddle
for source, arrays, again in zip(*[iter(sys.argv[1:])] * 3):
    loaded = paddle.load(source)
    numpy.savez(arrays, **{name: tensor.numpy() for name, tensor in loaded.items()})
    paddle.save(loaded, again)
"""


@pytest.fixture
def written(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> tuple[Path, Checkpoint]:
    path, checkpoint = tmp_path / "model.pdparams", random_checkpoint("aiwriter1")
    paddle.write(checkpoint, path)
    return path, aiwriter1.fold(checkpoint)


def plain(path: Path) -> dict[str, Any]:
    """Read a file of our own with Python's unpickler."""
    values = pickle.loads(path.read_bytes())
    assert isinstance(values, dict)
    return values


def test_written_file_reads_back_folded_bit_for_bit(written: tuple[Path, Checkpoint]) -> None:
    path, folded = written
    assert_same(paddle.read(path, OPTIONS), folded)


def test_matrices_are_transposed_but_for_the_embedding(written: tuple[Path, Checkpoint]) -> None:
    path, folded = written
    arrays = plain(path)
    np.testing.assert_array_equal(arrays["head.weight"], folded.tensors["head.weight"].numpy().T)
    np.testing.assert_array_equal(
        arrays["blocks.1.mlp.weight.weight"], folded.tensors["blocks.1.mlp.weight.weight"].numpy().T
    )
    for name in ("tok_emb.weight", "time_out", "blocks.0.attn.time_ww", "blocks.0.attn.time_gamma", "ln_f.weight"):
        np.testing.assert_array_equal(arrays[name], folded.tensors[name].numpy())
    assert arrays.keys() == {*folded.tensors, "copy_mask", paddle.NAME_TABLE}


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("is_paired", [True, False])
@pytest.mark.parametrize("core", [b"numpy._core.", b"numpy.core."])
def test_files_of_older_paddles_are_read(
    written: tuple[Path, Checkpoint], protocol: int, is_paired: bool, core: bytes
) -> None:
    path, folded = written
    arrays = plain(path)
    table = arrays.pop(paddle.NAME_TABLE)
    values = {name: (table[name], array) if is_paired else array for name, array in arrays.items()}
    code = pickle.dumps(values if is_paired else {**values, paddle.NAME_TABLE: table}, protocol)
    if protocol < 4:  # in later protocols the length of the name would have to change too
        code = code.replace(b"numpy._core.", core)
    path.write_bytes(code)
    assert_same(paddle.read(path, OPTIONS), folded)


def test_original_file_is_written_back_as_it_was(golden: Path, tmp_path: Path) -> None:
    original = golden / "checkpoints" / "model.pdparams"
    paddle.write(paddle.read(original, OPTIONS), tmp_path / "model.pdparams")
    ours, theirs = plain(tmp_path / "model.pdparams"), plain(original)
    assert ours.keys() == theirs.keys()
    for name in theirs.keys() - {paddle.NAME_TABLE}:
        assert ours[name].dtype == theirs[name].dtype
        np.testing.assert_array_equal(ours[name], theirs[name])


@pytest.mark.skipif(importlib.util.find_spec("paddle") is None, reason="paddlepaddle is not installed")
def test_real_paddle_loads_what_we_write_and_we_read_what_it_saves(
    written: tuple[Path, Checkpoint], golden: Path, tmp_path: Path
) -> None:
    path, folded = written
    original = golden / "checkpoints" / "model.pdparams"
    paddle.write(aiwriter1.read(golden / "checkpoints" / "model.pth", OPTIONS), tmp_path / "converted.pdparams")
    sources = [path, original, tmp_path / "converted.pdparams"]
    files = [
        str(file)
        for number, source in enumerate(sources)
        for file in (source, tmp_path / f"{number}.npz", tmp_path / f"{number}.pdparams")
    ]
    subprocess.run([sys.executable, "-c", LOAD_WITH_PADDLE, *files], check=True, capture_output=True)
    small, theirs, ours = (np.load(tmp_path / f"{number}.npz") for number in range(3))
    np.testing.assert_array_equal(small["head.weight"], folded.tensors["head.weight"].numpy().T)
    assert set(ours) == set(theirs)
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name])
    assert_same(paddle.read(tmp_path / "0.pdparams", OPTIONS), folded)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], "holds a list"),
        ({"time_out": "text"}, "'time_out' is a str; expected an array"),
        ({"time_out": np.ones(2, np.int64)}, "'time_out' is a int64; expected an array of floating numbers"),
        ({"tok_emb.weight": np.ones((2, 2))}, "is missing"),
        ({"conv.filter": np.ones((2, 2))}, r"unexpected tensor 'conv\.filter'"),
    ],
)
def test_what_is_no_such_file_is_explained(tmp_path: Path, values: object, message: str) -> None:
    path = tmp_path / "model.pdparams"
    path.write_bytes(pickle.dumps(values, 4))
    with pytest.raises(CheckpointError, match=message):
        paddle.read(path, OPTIONS)


def test_tensor_that_folding_needs_is_named_when_it_is_missing(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    checkpoint = random_checkpoint("aiwriter1")
    del checkpoint.tensors["blocks.1.attn.time_alpha"]
    with pytest.raises(CheckpointError, match=r"the tensor 'blocks\.1\.attn\.time_alpha' is missing"):
        paddle.write(checkpoint, tmp_path / "model.pdparams")


def test_other_architecture_and_number_types_are_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="Paddle files cannot hold rwkv7 models"):
        paddle.write(random_checkpoint("rwkv7"), tmp_path / "model.pdparams")
    with pytest.raises(CheckpointError, match="written in float32, not bfloat16"):
        paddle.write(random_checkpoint("aiwriter1"), tmp_path / "model.pdparams", WriteOptions("bfloat16"))
