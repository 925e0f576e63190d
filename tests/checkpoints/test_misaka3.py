"""Misaka V3 weight files: the original's are read by the order of their weights, and ours have its layout."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from checkpoint_checks import assert_same
from moxu.checkpoints import misaka3
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.formats import detect, read_checkpoint, write_checkpoint
from moxu.errors import CheckpointError

h5py = pytest.importorskip("h5py")

MakeCheckpoint = Callable[..., Checkpoint]
CONFIG: dict[str, Any] = {
    **{"vocab_size": 105, "width": 6, "hidden": 10, "key_size": 4, "encoder_layers": 3, "decoder_layers": 2},
    **{"start_id": 101, "scale_base": 512.0, "norm_eps": 1e-7},
}
OPTIONS = ReadOptions()


@pytest.fixture
def random_misaka(random_checkpoint: MakeCheckpoint) -> MakeCheckpoint:
    return partial(random_checkpoint, "gau", **CONFIG)


@pytest.fixture
def written(tmp_path: Path, random_misaka: MakeCheckpoint) -> tuple[Path, Checkpoint]:
    path, checkpoint = tmp_path / "model.h5", random_misaka()
    misaka3.write(checkpoint, path)
    return path, checkpoint


def content(path: Path) -> dict[str, Any]:
    """Every attribute and every array of a file, texts as str."""
    found: dict[str, Any] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return [plain(item) for item in value.tolist()]
        return value.decode() if isinstance(value, bytes) else value

    def take(name: str, node: Any) -> None:
        values = node[()].tobytes() if isinstance(node, h5py.Dataset) else None
        found[name] = ({key: plain(value) for key, value in node.attrs.items()}, values)

    with h5py.File(path) as file:
        take("/", file)
        file.visititems(take)
    return found


def edit(path: Path, change: Callable[[Any], object]) -> None:
    with h5py.File(path, "a") as file:
        change(file)


def test_written_file_reads_back_bit_for_bit(written: tuple[Path, Checkpoint]) -> None:
    path, checkpoint = written
    assert_same(misaka3.read(path, OPTIONS), checkpoint)
    assert detect(path) == "misaka3"
    write_checkpoint(read_checkpoint(path), path.parent / "again.h5")
    assert content(path.parent / "again.h5") == content(path)


def test_layout_is_that_of_the_original(tmp_path: Path, golden: Path, random_misaka: MakeCheckpoint) -> None:
    layout = json.loads((golden / "misaka_v3" / "h5_layout.json").read_text("utf-8"))
    sizes = {"vocab_size": 320, "width": 64, "hidden": 128, "key_size": 16, "encoder_layers": 4, "decoder_layers": 2}
    misaka3.write(random_misaka(**sizes), tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5") as file:
        layers = [name.decode() for name in file.attrs["layer_names"]]
        weights = [
            {"layer": layer, "weight": weight.decode(), "shape": [*array.shape], "dtype": str(array.dtype)}
            for layer in layers
            for weight in file[layer].attrs["weight_names"]
            for array in [file[layer][weight.decode()]]
        ]
    assert layers == layout["layer_names"]
    assert weights == layout["weights"]


def test_kernels_are_transposed_and_vectors_are_not(written: tuple[Path, Checkpoint]) -> None:
    path, checkpoint = written
    unit = "Misaka-Dncoder-1-GatedAttentionUnit-cross"
    pairs = {
        f"{unit}/{unit}/dense_1/kernel:0": checkpoint.tensors["decoder.1.cross.up.weight"].t(),
        f"{unit}-RMSNorm/{unit}-RMSNorm/gamma:0": checkpoint.tensors["decoder.1.cross_norm.weight"],
        "Embedding-Token/Embedding-Token/embeddings:0": checkpoint.tensors["embed.weight"],
        "Decoder-Output-LM/Decoder-Output-LM/kernel:0": checkpoint.tensors["head.weight"].t(),
    }
    with h5py.File(path) as file:
        for name, tensor in pairs.items():
            np.testing.assert_array_equal(file[name][()], tensor.numpy())


def test_the_originals_files_are_read_and_written_as_they_were(reference: Path, tmp_path: Path) -> None:
    public = reference / "misaka_v3" / "public"
    options = ReadOptions(config=public / "config.json", facts={"start_id": 13})
    found, renamed = (misaka3.read(public / name, options) for name in ("model.h5", "model_othernames.h5"))
    assert_same(renamed, found)
    misaka3.write(renamed, tmp_path / "model.h5")
    assert content(tmp_path / "model.h5") == content(public / "model.h5")


def test_start_id_is_the_first_mark_of_the_vocabulary_beside_the_file(reference: Path) -> None:
    found = misaka3.read(reference / "misaka_v3" / "public" / "model.h5", OPTIONS)
    assert found.tokenizer is not None
    assert found.tokenizer.kind == "wordpiece"
    assert found.config["start_id"] == 13


def test_start_id_that_cannot_be_known_has_to_be_told(tmp_path: Path, random_misaka: MakeCheckpoint) -> None:
    path = tmp_path / "model.h5"
    misaka3.write(random_misaka(vocab_size=11, start_id=2), path)
    with pytest.raises(CheckpointError, match=r"--vocab, or say --set start_id="):
        misaka3.read(path, OPTIONS)
    assert misaka3.read(path, ReadOptions(facts={"start_id": 2})).config["start_id"] == 2
    with pytest.raises(CheckpointError, match="start_id is 11; expected 0 to 10"):
        misaka3.read(path, ReadOptions(facts={"start_id": 11}))


def test_configuration_of_the_original_is_compared(written: tuple[Path, Checkpoint], golden: Path) -> None:
    path, checkpoint = written
    with pytest.raises(CheckpointError, match="vocab_size was given as 320, but the tensors say 105"):
        misaka3.read(path, ReadOptions(config=golden / "misaka_v3" / "config.json"))
    theirs = json.loads((golden / "misaka_v3" / "config.json").read_text("utf-8"))
    theirs |= {"vocab_size": 105, "hidden_size": 6, "intermediate_size": 10, "attention_key_size": 4}
    config = path.parent / "config.json"
    config.write_text(json.dumps({**theirs, "num_hidden_layers": 3}))
    assert_same(misaka3.read(path, ReadOptions(config=config)), checkpoint)
    config.write_text(json.dumps({**theirs, "num_hidden_layers": 3, "hidden_act": "gelu"}))
    with pytest.raises(CheckpointError, match="hidden_act was given as 'gelu'"):
        misaka3.read(path, ReadOptions(config=config))
    with pytest.raises(CheckpointError, match=r"unknown fact 'start'; did you mean 'start_id'"):
        misaka3.read(path, ReadOptions(facts={"start": 1}))


def without(layer: str) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file.attrs["layer_names"] = [name for name in file.attrs["layer_names"] if name != layer.encode()]
        del file[layer]

    return change


def without_weights(layer: str, *names: str) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        gone = [f"{layer}/{name}" for name in names]
        listed = file[layer].attrs["weight_names"]
        file[layer].attrs["weight_names"] = [name for name in listed if name.decode() not in gone]
        for name in gone:
            del file[layer][name]

    return change


def with_shape(layer: str, weight: str, *shape: int) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[f"{layer}/{layer}/{weight}"]
        file[f"{layer}/{layer}/{weight}"] = np.zeros(shape, "f4")

    return change


def with_another_layer(file: Any) -> None:
    layer = "Misaka-0-MultiHeadSelfAttentoin"
    file.attrs["layer_names"] = [*file.attrs["layer_names"], layer.encode()]
    file[f"{layer}/gamma:0"] = np.zeros(3, "f4")
    file[layer].attrs["weight_names"] = [b"gamma:0"]


UNIT = "Misaka-Dncoder-0-GatedAttentionUnit-1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("Embedding-Token"), "the layer 'Embedding-Token' is missing; is this a weight file of Misaka V3"),
        (without("Misaka-1-MultiHeadSelfAttention"), "the layer 'Misaka-1-MultiHeadSelfAttention' is missing"),
        (
            without("Misaka-2-MultiHeadSelfAttention-Norm"),
            "the layer 'Misaka-2-MultiHeadSelfAttention-Norm' is missing",
        ),
        (without(f"{UNIT}-RMSNorm"), f"the layer '{UNIT}-RMSNorm' is missing"),
        (without("Decoder-Output-LM"), "the layer 'Decoder-Output-LM' is missing"),
        (without_weights(UNIT, "dense_2/kernel:0", "dense_3/kernel:0"), f"'{UNIT}' holds 2 weights; expected 4"),
        (without_weights("Misaka-2-MultiHeadSelfAttention-Norm", "gamma:0"), "holds 0 weights; expected 1"),
        (
            with_another_layer,
            "'Misaka-0-MultiHeadSelfAttentoin' is none of Misaka V3's; did you mean 'Misaka-0-MultiHeadSelfAttention'",
        ),
        (with_shape(UNIT, "dense_1/kernel:0", 4), r"dense_1/kernel:0' has the shape \(4,\); expected 2 axes"),
        (with_shape(UNIT, "dense_2/kernel:0", 2, 3, 4), r"has the shape \(2, 3, 4\); expected 2 axes"),
        (
            with_shape(UNIT, "dense_3/kernel:0", 10, 7),
            r"\(here 'decoder.0.attn.out.weight'\) has the shape \(7, 10\)",
        ),
    ],
)
def test_what_is_odd_or_missing_is_named(
    written: tuple[Path, Checkpoint], change: Callable[[Any], object], message: str
) -> None:
    path, _ = written
    edit(path, change)
    with pytest.raises(CheckpointError, match=message):
        misaka3.read(path, OPTIONS)


def test_other_keras_files_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file.create_group("dense").attrs["weight_names"] = np.zeros(0, "S1")
    with pytest.raises(CheckpointError, match="'Embedding-Token' is missing; is this a weight file of Misaka V3"):
        read_checkpoint(tmp_path / "model.h5")


def test_only_misaka_in_float32_is_written(tmp_path: Path, random_misaka: MakeCheckpoint) -> None:
    checkpoint = random_misaka()
    with pytest.raises(CheckpointError, match="in float32, not bfloat16"):
        misaka3.write(checkpoint, tmp_path / "model.h5", WriteOptions("bfloat16"))
    with pytest.raises(CheckpointError, match="cannot hold rwkv7 models"):
        misaka3.write(replace(checkpoint, architecture="rwkv7"), tmp_path / "model.h5")
    half = {name: tensor.bfloat16() for name, tensor in checkpoint.tensors.items()}
    misaka3.write(replace(checkpoint, tensors=half), tmp_path / "model.h5")
    found = misaka3.read(tmp_path / "model.h5", OPTIONS)
    assert all(torch.equal(found.tensors[name], tensor.float()) for name, tensor in half.items())


def test_checkpoint_becomes_a_model_that_runs(written: tuple[Path, Checkpoint]) -> None:
    path, _ = written
    logits, state = assemble(misaka3.read(path, OPTIONS), path).model.prefill([[101, 5, 102]])
    assert logits.shape == (1, 105)
    assert logits.isfinite().all()
    assert state.lengths.tolist() == [1]


def test_attribute_names_in_pieces_are_read(written: tuple[Path, Checkpoint]) -> None:
    path, checkpoint = written

    def cut(file: Any) -> None:
        names = file.attrs["layer_names"]
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:7], [name.decode() for name in names[7:]]

    edit(path, cut)
    assert_same(misaka3.read(path, OPTIONS), checkpoint)
