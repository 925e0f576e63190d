"""BERT folders: read as UniLM with an [EOS], and written back without it."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from moxu.checkpoints import hf
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.convert import convert
from moxu.errors import CheckpointError
from moxu.text.wordpiece import WordPieceTokenizer

MakeCheckpoint = Callable[..., Checkpoint]
OPTIONS = ReadOptions()
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"一颗树的人我"]
SEP = WORDS.index("[SEP]")


@pytest.fixture
def original(tmp_path: Path) -> tuple[Path, transformers.BertForMaskedLM]:
    """A small random BERT as transformers saves it, without its vocabulary."""
    sizes: dict[str, Any] = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    more: dict[str, Any] = {"intermediate_size": 12, "max_position_embeddings": 9, "initializer_range": 0.5}
    torch.manual_seed(3)
    model: Any = transformers.BertForMaskedLM(transformers.BertConfig(vocab_size=len(WORDS), **sizes, **more))
    model.eval().save_pretrained(tmp_path / "original")
    return tmp_path / "original", model


@pytest.fixture
def with_vocabulary(original: tuple[Path, transformers.BertForMaskedLM]) -> Path:
    WordPieceTokenizer(WORDS).save(original[0] / "vocab.txt")
    return original[0]


def tensors_of(path: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(path / "model.safetensors"))


def replace_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path / "changed")
    (path / "changed").replace(path / "model.safetensors")


def assert_same_files(one: Path, other: Path) -> None:
    there, back = tensors_of(one), tensors_of(other)
    assert there.keys() == back.keys()
    assert all(torch.equal(there[name], back[name]) for name in there)


def test_tensors_come_back_bit_for_bit(original: tuple[Path, transformers.BertForMaskedLM], tmp_path: Path) -> None:
    path, model = original
    convert(path, tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "back", to_kind="hf")
    assert_same_files(path, tmp_path / "back")
    model_class: Any = transformers.BertForMaskedLM
    loaded, info = model_class.from_pretrained(tmp_path / "back", output_loading_info=True)
    assert not any(info.values()), info
    ids = torch.tensor([[2, 5, 7, 3]])
    with torch.no_grad():
        torch.testing.assert_close(loaded.eval()(ids).logits, model(ids).logits, rtol=0, atol=1e-6)


def test_model_agrees_with_transformers_on_a_source(original: tuple[Path, transformers.BertForMaskedLM]) -> None:
    path, theirs = original
    ids = torch.tensor([[2, 5, 7, 6, 3]])
    logits, _ = assemble(hf.read(path, OPTIONS), path).model.prefill(ids)
    with torch.no_grad():
        torch.testing.assert_close(logits, theirs(ids).logits[:, -1], rtol=0, atol=1e-5)


def test_end_is_added_as_a_copy_of_the_separator(with_vocabulary: Path) -> None:
    found = hf.read(with_vocabulary, OPTIONS)
    assert found.config["vocab_size"] == len(WORDS) + 1
    assert found.tokenizer is not None
    assert found.tokenizer.end_id == len(WORDS)
    for name in ("embed.word.weight", "head.bias"):
        assert torch.equal(found.tensors[name][-1], found.tensors[name][SEP])


def test_end_that_was_added_is_left_out_again(with_vocabulary: Path, tmp_path: Path) -> None:
    convert(with_vocabulary, tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "back", to_kind="hf")
    assert_same_files(with_vocabulary, tmp_path / "back")
    assert (tmp_path / "back" / "vocab.txt").read_bytes() == (with_vocabulary / "vocab.txt").read_bytes()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "back")
    assert tokenizer("一颗树").input_ids == [2, 5, 6, 7, 3]


def test_end_that_was_trained_stays(with_vocabulary: Path, tmp_path: Path) -> None:
    found = hf.read(with_vocabulary, OPTIONS)
    rows = found.tensors["embed.word.weight"].clone()
    rows[-1] += 1
    trained = dataclasses.replace(found, tensors={**found.tensors, "embed.word.weight": rows})
    hf.write(trained, tmp_path / "trained")
    again = hf.read(tmp_path / "trained", OPTIONS)
    assert again.config["vocab_size"] == len(WORDS) + 1
    assert all(torch.equal(again.tensors[name], tensor) for name, tensor in trained.tensors.items())


def test_vocabulary_with_an_end_of_its_own_is_kept(original: tuple[Path, transformers.BertForMaskedLM]) -> None:
    WordPieceTokenizer(["[EOS]" if word == "[MASK]" else word for word in WORDS]).save(original[0] / "vocab.txt")
    found = hf.read(original[0], OPTIONS)
    assert found.config["vocab_size"] == len(WORDS)
    assert found.tokenizer is not None
    assert found.tokenizer.end_id == WORDS.index("[MASK]")


def test_parts_for_other_tasks_and_old_names_are_read(original: tuple[Path, transformers.BertForMaskedLM]) -> None:
    path, _ = original
    expected = hf.read(path, OPTIONS).tensors
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in tensors_of(path).items()
    }
    tensors |= {f"bert.pooler.dense.{kind}": torch.rand(8) for kind in ("weight", "bias")}
    tensors |= {f"cls.seq_relationship.{kind}": torch.rand(2) for kind in ("weight", "bias")}
    tensors["bert.embeddings.position_ids"] = torch.arange(9)[None]
    tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"].clone()
    tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"].clone()
    replace_tensors(path, tensors)
    found = hf.read(path, OPTIONS).tensors
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize("name", ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"])
def test_head_that_is_not_the_embedding_is_named(
    original: tuple[Path, transformers.BertForMaskedLM], name: str
) -> None:
    tensors = tensors_of(original[0])
    shape = (len(WORDS), 8) if name.endswith("weight") else (len(WORDS),)
    replace_tensors(original[0], {**tensors, name: torch.rand(shape)})
    with pytest.raises(CheckpointError, match=f"'{name}' differs from '"):
        hf.read(original[0], OPTIONS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"position_embedding_type": "relative_key"},
            "position_embedding_type is 'relative_key'; expected one of absolute",
        ),
        ({"hidden_act": "swish"}, "hidden_act is 'swish'; expected one of gelu"),
        ({"num_attention_heads": 3}, "heads is 3; expected a divisor of the width 8"),
        ({"num_attention_heads": -2}, "heads is -2"),
        ({"num_hidden_layers": 3}, "num_hidden_layers is 3, but the tensors say 2"),
        ({"type_vocab_size": 3}, "type_vocab_size is 3, but the tensors say 2"),
        ({"layer_norm_eps": "tiny"}, "layer_norm_eps is 'tiny'; expected a number"),
    ],
)
def test_configuration_that_says_otherwise_is_refused(
    original: tuple[Path, transformers.BertForMaskedLM], changes: dict[str, Any], message: str
) -> None:
    values = json.loads((original[0] / "config.json").read_text("utf-8"))
    (original[0] / "config.json").write_text(json.dumps({**values, **changes}))
    with pytest.raises(CheckpointError, match=message):
        hf.read(original[0], OPTIONS)


def test_model_without_a_head_is_named(original: tuple[Path, transformers.BertForMaskedLM]) -> None:
    tensors = {name: tensor for name, tensor in tensors_of(original[0]).items() if name.startswith("bert.")}
    replace_tensors(original[0], tensors)
    with pytest.raises(CheckpointError, match=r"'cls\.predictions\.bias' \(here 'head\.bias'\) and 4 more are missing"):
        hf.read(original[0], OPTIONS)


def test_type_of_targets_may_be_told(original: tuple[Path, transformers.BertForMaskedLM]) -> None:
    assert hf.read(original[0], ReadOptions(facts={"target_type": 0})).config["target_type"] == 0
    with pytest.raises(CheckpointError, match="target_type is 2"):
        hf.read(original[0], ReadOptions(facts={"target_type": 2}))


def test_model_with_one_type_of_token_writes_with_it(tmp_path: Path) -> None:
    sizes: dict[str, Any] = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    more: dict[str, Any] = {"intermediate_size": 12, "max_position_embeddings": 9, "type_vocab_size": 1}
    config: Any = transformers.BertConfig(vocab_size=len(WORDS), **sizes, **more)
    transformers.BertForMaskedLM(config).save_pretrained(tmp_path / "original")
    assert hf.read(tmp_path / "original", OPTIONS).config["target_type"] == 0


def test_published_tensors_come_back_bit_for_bit(reference: Path, tmp_path: Path) -> None:
    public = reference / "unilm" / "public"
    hf.write(hf.read(public, OPTIONS), tmp_path / "back")
    assert_same_files(public, tmp_path / "back")
