"""Hugging Face folders as such: told from moxu's, with the tokenizer beside the weights, replaced whole."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from moxu.checkpoints import folder, hf
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.formats import detect
from moxu.errors import CheckpointError
from moxu.text.chars import CharTokenizer
from moxu.text.cpm import CpmTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.wordpiece import WordPieceTokenizer

MakeCheckpoint = Callable[..., Checkpoint]
OPTIONS = ReadOptions()


def test_folders_of_both_kinds_are_told_apart(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("gpt")
    hf.write(checkpoint, tmp_path / "theirs")
    folder.write(checkpoint, tmp_path / "ours")
    assert (detect(tmp_path / "theirs"), detect(tmp_path / "ours")) == ("hf", "moxu")
    assert not hf.recognises(tmp_path / "ours")
    with pytest.raises(CheckpointError, match=r"holds the config\.json of another program"):
        hf.write(checkpoint, tmp_path / "ours")
    with pytest.raises(CheckpointError, match=r"holds the config\.json of another program"):
        folder.write(checkpoint, tmp_path / "theirs")


def test_moxu_folder_of_a_transformers_model_is_moxus(tmp_path: Path) -> None:
    values = {"format": 1, "architecture": "hf", "config": {"model": {"model_type": "llama"}}, "model_type": "llama"}
    (tmp_path / "config.json").write_text(json.dumps(values))
    assert detect(tmp_path) == "moxu"


def cpm(golden: Path) -> Tokenizer:
    return CpmTokenizer.load(golden / "text" / "cpm1_vocab.model")


def wordpiece(_: Path) -> Tokenizer:
    return WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "一", "颗"])


def chars(_: Path) -> Tokenizer:
    return CharTokenizer("这是一颗\n")


@pytest.mark.parametrize(
    ("make", "file"), [(cpm, "chinese_vocab.model"), (wordpiece, "vocab.txt"), (chars, "chars.json")]
)
def test_tokenizer_travels_with_the_model(
    tmp_path: Path, golden: Path, random_checkpoint: MakeCheckpoint, make: Callable[[Path], Tokenizer], file: str
) -> None:
    tokenizer = make(golden)
    checkpoint = random_checkpoint("gpt", vocab_size=tokenizer.vocab_size)
    hf.write(dataclasses.replace(checkpoint, tokenizer=tokenizer), tmp_path / "model")
    assert (tmp_path / "model" / file).is_file()
    found = hf.read(tmp_path / "model", OPTIONS)
    assert found.tokenizer is not None
    assert (found.tokenizer.kind, found.tokenizer.vocab_size) == (tokenizer.kind, tokenizer.vocab_size)
    assert found.tokenizer.encode("一颗") == tokenizer.encode("一颗")
    assert json.loads((tmp_path / "model" / "config.json").read_text())["eos_token_id"] == tokenizer.end_id


@pytest.mark.parametrize(("store", "dtype"), [(None, "float32"), ("float32", "float32"), ("bfloat16", "bfloat16")])
def test_numbers_are_of_the_type_asked_for(
    tmp_path: Path, random_checkpoint: MakeCheckpoint, store: Any, dtype: str
) -> None:
    hf.write(random_checkpoint("gpt"), tmp_path / "model", WriteOptions(store))
    assert {str(tensor.dtype) for tensor in hf.read(tmp_path / "model", OPTIONS).tensors.values()} == {f"torch.{dtype}"}
    assert json.loads((tmp_path / "model" / "config.json").read_text())["dtype"] == dtype


def test_eight_bits_and_other_architectures_are_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(CheckpointError, match="int8 is for moxu folders"):
        hf.write(random_checkpoint("gpt"), tmp_path / "model", WriteOptions("int8"))
    with pytest.raises(CheckpointError, match="Hugging Face folders cannot hold rwkv7 models"):
        hf.write(random_checkpoint("rwkv7"), tmp_path / "model")
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="file: is a file; a Hugging Face checkpoint is a folder"):
        hf.write(random_checkpoint("gpt"), tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_older_folder_is_replaced_and_other_files_stay(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    hf.write(random_checkpoint("gpt"), tmp_path / "model")
    (tmp_path / "model" / "README.md").write_text("mine")
    hf.write(random_checkpoint("unilm"), tmp_path / "model")
    assert hf.read(tmp_path / "model", OPTIONS).architecture == "unilm"
    assert (tmp_path / "model" / "README.md").read_text() == "mine"


def test_vocabulary_of_another_model_is_not_left_beside_a_new_one(
    tmp_path: Path, golden: Path, random_checkpoint: MakeCheckpoint
) -> None:
    def with_tokenizer(tokenizer: Tokenizer) -> Checkpoint:
        checkpoint = random_checkpoint("gpt", vocab_size=tokenizer.vocab_size)
        return dataclasses.replace(checkpoint, tokenizer=tokenizer)

    hf.write(with_tokenizer(wordpiece(golden)), tmp_path / "model")
    hf.write(with_tokenizer(wordpiece(golden)), tmp_path / "model")  # over one of its own kind
    with pytest.raises(CheckpointError, match=r"vocabulary of another model, vocab\.txt; choose another folder"):
        hf.write(with_tokenizer(cpm(golden)), tmp_path / "model")
    assert not (tmp_path / "model" / "chinese_vocab.model").exists()


def test_named_vocabulary_of_another_size_is_refused(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    hf.write(random_checkpoint("gpt"), tmp_path / "model")
    WordPieceTokenizer(["[UNK]", "一"]).save(tmp_path / "vocab.txt")
    with pytest.raises(CheckpointError, match="the vocabulary has 2 entries, but the model has 11"):
        hf.read(tmp_path / "model", ReadOptions(vocab=tmp_path / "vocab.txt"))


def test_weights_may_be_a_torch_file(tmp_path: Path, random_checkpoint: MakeCheckpoint) -> None:
    checkpoint = random_checkpoint("gpt")
    hf.write(checkpoint, tmp_path / "model")
    from safetensors.torch import load_file

    torch.save(load_file(tmp_path / "model" / "model.safetensors"), tmp_path / "model" / "pytorch_model.bin")
    (tmp_path / "model" / "model.safetensors").unlink()
    found = hf.read(tmp_path / "model", OPTIONS).tensors
    assert all(torch.equal(found[name], tensor) for name, tensor in checkpoint.tensors.items())
