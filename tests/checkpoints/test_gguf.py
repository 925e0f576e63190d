"""RWKV-7 as GGUF: the tensors and facts llama.cpp looks for, and the way back."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch

from checkpoint_checks import assert_same
from moxu.checkpoints import gguf as gguf_format
from moxu.checkpoints import gguf_file
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.convert import convert
from moxu.checkpoints.formats import write_checkpoint
from moxu.errors import CheckpointError
from moxu.text.chars import CharTokenizer
from moxu.text.rwkv_world import VOCAB_SIZE, RwkvWorldTokenizer
from moxu.text.word_table import UNKNOWN, WordTable

MakeCheckpoint = Callable[..., Checkpoint]
OPTIONS = ReadOptions()


@pytest.fixture
def written(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> tuple[Path, Checkpoint]:
    checkpoint = random_checkpoint("rwkv7")
    gguf_format.write(checkpoint, tmp_path / "model.gguf")
    return tmp_path / "model.gguf", checkpoint


def test_way_through_gguf_loses_nothing(written: tuple[Path, Checkpoint], tmp_path: Path) -> None:
    path, checkpoint = written
    found = gguf_format.read(path, OPTIONS)
    assert_same(found, checkpoint)
    convert(path, tmp_path / "back.gguf")
    assert (tmp_path / "back.gguf").exists()


def test_tensors_are_those_that_llama_cpp_looks_for(written: tuple[Path, Checkpoint]) -> None:
    tensors = gguf_file.read(written[0])[1]
    names = {re.sub(r"blk\.\d+", "blk.{bid}", name).rpartition(".")[0] for name in tensors}
    assert names == {gguf.TENSOR_NAMES[tensor] for tensor in gguf.MODEL_TENSORS[gguf.MODEL_ARCH.RWKV7]}
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    assert shapes["blk.1.time_mix_lerp_fused.weight"] == (6, 1, 1, 8)
    assert shapes["blk.1.time_mix_w1.weight"] == (3, 8)
    assert shapes["blk.1.time_mix_r_k.weight"] == (8,)
    assert shapes["blk.0.time_mix_v1.weight"] == shapes["blk.0.time_mix_a1.weight"] == (2, 8)
    order = tensors["blk.1.time_mix_lerp_fused.weight"].flatten(1)
    expected = [written[1].tensors[f"blocks.1.att.x_{name}"] for name in "rwkvag"]
    assert torch.equal(order, torch.stack(expected))


def test_facts_are_those_that_llama_cpp_asks_for(written: tuple[Path, Checkpoint]) -> None:
    facts = gguf_file.read(written[0])[0]
    ranks = {"decay": 3, "iclr": 2, "value_residual_mix": 6, "gate": 5}
    sizes = {"embedding_length": 8, "block_count": 2, "feed_forward_length": 32, "wkv.head_size": 4}
    for name, value in {**sizes, **{f"attention.{rank}_lora_rank": value for rank, value in ranks.items()}}.items():
        assert facts[f"rwkv7.{name}"] == value
    assert facts["general.name"] == "test"
    assert facts["tokenizer.ggml.model"] == "none"


def test_only_the_large_matrices_have_sixteen_bits(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("rwkv7")
    gguf_format.write(checkpoint, tmp_path / "model.gguf", WriteOptions("bfloat16"))
    found = gguf_file.read(tmp_path / "model.gguf")[1]
    small = {name for name, tensor in found.items() if tensor.dtype == torch.bfloat16}
    assert {re.sub(r"blk\.\d\.", "", name) for name in small} == {
        *("token_embd.weight", "output.weight", "channel_mix_key.weight", "channel_mix_value.weight"),
        *(f"time_mix_{name}.weight" for name in ("receptance", "key", "value", "output")),
    }
    back = gguf_format.read(tmp_path / "model.gguf", OPTIONS).tensors
    assert all(torch.equal(back[name].bfloat16(), tensor.bfloat16()) for name, tensor in checkpoint.tensors.items())


def test_numbers_of_64_bits_are_written_so_that_they_can_be_read(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    checkpoint = random_checkpoint("rwkv7")
    wide = {name: tensor.double() for name, tensor in checkpoint.tensors.items()}
    gguf_format.write(dataclasses.replace(checkpoint, tensors=wide), tmp_path / "model.gguf")
    back = gguf_format.read(tmp_path / "model.gguf", OPTIONS).tensors
    assert all(torch.equal(back[name], tensor) for name, tensor in checkpoint.tensors.items())


def with_tokenizer(make: MakeCheckpoint, tokenizer: Any) -> Checkpoint:
    return dataclasses.replace(make("rwkv7", vocab_size=tokenizer.vocab_size), tokenizer=tokenizer)


def test_characters_travel_in_the_file(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    tokenizer = CharTokenizer("\n一颗树a'\\\"”\t")
    gguf_format.write(with_tokenizer(random_checkpoint, tokenizer), tmp_path / "model.gguf")
    facts = gguf_file.read(tmp_path / "model.gguf")[0]
    assert len(set(facts["tokenizer.ggml.tokens"])) == tokenizer.vocab_size  # llama.cpp takes no word twice
    assert facts["tokenizer.ggml.eos_token_id"] == tokenizer.end_id
    found = gguf_format.read(tmp_path / "model.gguf", OPTIONS).tokenizer
    assert isinstance(found, CharTokenizer)
    assert found.characters == tokenizer.characters


def test_world_vocabulary_travels_in_the_file(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    words = {byte + 1: bytes([byte]) for byte in range(256)} | {300: "一颗".encode(), 301: b"\\x", 302: b"'\"\n"}
    tokenizer = RwkvWorldTokenizer(words)
    gguf_format.write(with_tokenizer(random_checkpoint, tokenizer), tmp_path / "model.gguf")
    found = gguf_format.read(tmp_path / "model.gguf", OPTIONS).tokenizer
    assert isinstance(found, RwkvWorldTokenizer)
    assert all(found.token_bytes(token_id) == tokenizer.token_bytes(token_id) for token_id in range(VOCAB_SIZE))


def test_vocabulary_that_llama_cpp_has_no_rules_for_is_not_told(
    tmp_path: Path, random_checkpoint: MakeCheckpoint
) -> None:
    gguf_format.write(with_tokenizer(random_checkpoint, WordTable([UNKNOWN, "一"])), tmp_path / "model.gguf")
    assert gguf_file.read(tmp_path / "model.gguf")[0]["tokenizer.ggml.model"] == "none"
    assert gguf_format.read(tmp_path / "model.gguf", OPTIONS).tokenizer is None


def rewrite(path: Path, **changes: Any) -> None:
    """Change facts, with ``__`` for a point, or take away or alter a tensor."""
    facts, tensors = gguf_file.read(path)
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    drop, add = changes.pop("drop", ""), changes.pop("add", {})
    tensors = {name: tensor for name, tensor in tensors.items() if name != drop} | add
    facts |= {name.replace("__", "."): value for name, value in changes.items()}
    gguf_file.write(facts, tensors, path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"general__architecture": "llama"}, "holds a 'llama' model; moxu reads GGUF files of rwkv7"),
        ({"rwkv7__wkv__head_size": 3}, "rwkv7.wkv.head_size is 3; expected a divisor of r_k"),
        ({"rwkv7__wkv__head_size": 0}, "rwkv7.wkv.head_size is 0"),
        ({"rwkv7__block_count": 3}, "rwkv7.block_count is 3, but the tensors say 2"),
        ({"rwkv7__vocab_size": 65536}, "rwkv7.vocab_size is 65536, but the tensors say 11"),
        ({"rwkv7__attention__layer_norm_epsilon": 1e-3}, r"epsilon is 0\.001.*; expected 1e-05, as in RWKV-7"),
        ({"rwkv7__attention__layer_norm_epsilon": "tiny"}, "epsilon is 'tiny'"),
        ({"rwkv7__wkv__head_size": "four"}, "rwkv7.wkv.head_size is 'four'"),
        ({"drop": "blk.1.time_mix_key.weight"}, r"the tensor 'blk\.1\.time_mix_key\.weight' \(here .*\) is missing"),
        ({"add": {"blk.1.extra.weight": torch.ones(1)}}, r"unexpected tensor 'blk\.1\.extra\.weight'"),
        ({"add": {"blk.1.time_mix_lerp_fused.weight": torch.ones(7)}}, "expected 6 equal parts"),
        (
            {"tokenizer__ggml__model": "rwkv", "tokenizer__ggml__tokens": ["a"], "tokenizer__ggml__token_type": [1]},
            "the vocabulary does not have the 11 words of the model",
        ),
    ],
)
def test_file_of_another_model_is_named(
    written: tuple[Path, Checkpoint], changes: dict[str, Any], message: str
) -> None:
    rewrite(written[0], **changes)
    with pytest.raises(CheckpointError, match=rf"model\.gguf: .*{message}"):
        gguf_format.read(written[0], OPTIONS)


def test_other_architectures_are_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="GGUF files that moxu writes cannot hold gpt models; they hold rwkv7"):
        write_checkpoint(random_checkpoint("gpt"), tmp_path / "model.gguf")
    assert list(tmp_path.iterdir()) == []
