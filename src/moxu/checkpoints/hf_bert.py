"""BERT as Hugging Face keeps it: the names and settings of BertForMaskedLM, read as a UniLM and written from one.

A UniLM ends what it writes with [EOS], which most vocabularies lack. One is added when a model is read, a copy of
[SEP]; it is left out again when it is written unchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.facts import count_layers, same_sizes, settle, shape_of
from moxu.checkpoints.hf_gpt2 import ACTIVATION_NAMES, ACTIVATIONS
from moxu.checkpoints.json_files import pick
from moxu.checkpoints.rules import Rule, apply, invert
from moxu.errors import CheckpointError
from moxu.models.unilm import UnilmConfig
from moxu.text.wordpiece import END, SEPARATOR, WordPieceTokenizer

ARCHITECTURE = "unilm"
MODEL_TYPE = "bert"
_EMBEDDINGS, _LAYER, _HEAD = "bert.embeddings.", "bert.encoder.layer.{i}.", "cls.predictions."

RULES = [
    Rule(f"{_EMBEDDINGS}position_ids", None),  # 0, 1, 2 …
    Rule("bert.pooler.dense.{kind}", None),  # for tasks that judge a whole text
    Rule("cls.seq_relationship.{kind}", None),
    Rule(f"{_EMBEDDINGS}word_embeddings.weight", "embed.word.weight"),
    Rule(f"{_EMBEDDINGS}position_embeddings.weight", "embed.position.weight"),
    Rule(f"{_EMBEDDINGS}token_type_embeddings.weight", "embed.token_type.weight"),
    Rule(f"{_EMBEDDINGS}LayerNorm.{{kind}}", "embed.norm.{kind}"),
    *(
        Rule(f"{_LAYER}{theirs}.{{kind}}", f"blocks.{{i}}.{ours}.{{kind}}")
        for theirs, ours in (
            ("attention.self.query", "attn.query"),
            ("attention.self.key", "attn.key"),
            ("attention.self.value", "attn.value"),
            ("attention.output.dense", "attn.out"),
            ("attention.output.LayerNorm", "norm1"),
            ("intermediate.dense", "mlp.up"),
            ("output.dense", "mlp.down"),
            ("output.LayerNorm", "norm2"),
        )
    ),
    Rule(f"{_HEAD}transform.dense.{{kind}}", "head.dense.{kind}"),
    Rule(f"{_HEAD}transform.LayerNorm.{{kind}}", "head.norm.{kind}"),
    Rule(f"{_HEAD}bias", "head.bias"),
]

# What the head holds once more, and whose copy it is.
_COPIES = {f"{_HEAD}decoder.weight": f"{_EMBEDDINGS}word_embeddings.weight", f"{_HEAD}decoder.bias": f"{_HEAD}bias"}

# What the sizes are called in config.json, and here.
_SIZES = {
    "vocab_size": "vocab_size",
    "hidden_size": "width",
    "num_hidden_layers": "layers",
    "num_attention_heads": "heads",
    "intermediate_size": "hidden",
    "max_position_embeddings": "positions",
    "type_vocab_size": "types",
}

_BY_WORD = ("embed.word.weight", "head.bias")  # the tensors with a row for each entry of the vocabulary


@dataclass(frozen=True)
class BertConfig:
    """What config.json says that matters here; sizes may be left out, the tensors have them."""

    num_attention_heads: int
    vocab_size: int | None = None
    hidden_size: int | None = None
    num_hidden_layers: int | None = None
    intermediate_size: int | None = None
    max_position_embeddings: int | None = None
    type_vocab_size: int | None = None
    hidden_act: Literal["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"] = "gelu"
    layer_norm_eps: float = 1e-12
    position_embedding_type: Literal["absolute"] = "absolute"


def read(values: Mapping[str, Any], found: Mapping[str, Tensor], path: Path, options: ReadOptions) -> Checkpoint:
    """Return the checkpoint, still without a tokenizer; facts that apply: ``target_type``."""
    told = pick(BertConfig, values, str(path / "config.json"))
    tensors = _without_copies(_with_new_names(found), path)
    vocab_size, width = shape_of(tensors, f"{_EMBEDDINGS}word_embeddings.weight", 2, path)
    types = shape_of(tensors, f"{_EMBEDDINGS}token_type_embeddings.weight", 2, path)[0]
    first = _LAYER.format(i=0)
    derived = {
        "vocab_size": vocab_size,
        "width": width,
        "layers": count_layers(tensors, "bert.encoder.layer."),
        "heads": told.num_attention_heads,
        "hidden": shape_of(tensors, f"{first}intermediate.dense.weight", 2, path)[0],
        "positions": shape_of(tensors, f"{_EMBEDDINGS}position_embeddings.weight", 2, path)[0],
        "types": types,
        "norm_eps": told.layer_norm_eps,
        "activation": ACTIVATIONS[told.hidden_act],
    }
    same_sizes(vars(told), derived, _SIZES, path / "config.json")
    config = settle(derived, {"target_type": min(1, types - 1)}, options, path)
    return Checkpoint(ARCHITECTURE, config, apply(RULES, tensors, str(path)))


def write(checkpoint: Checkpoint, config: UnilmConfig, path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return config.json and the tensors of a BertForMaskedLM."""
    values: dict[str, Any] = {
        "architectures": ["BertForMaskedLM"],
        "model_type": MODEL_TYPE,
        **{theirs: getattr(config, ours) for theirs, ours in _SIZES.items()},
        "hidden_act": ACTIVATION_NAMES[config.activation],
        "layer_norm_eps": config.norm_eps,
        "tie_word_embeddings": True,
    }
    return values, apply(invert(RULES), checkpoint.tensors, str(path))


def with_end(checkpoint: Checkpoint) -> Checkpoint:
    """Give a model whose vocabulary has no [EOS] one: a copy of its [SEP]."""
    tokenizer = checkpoint.tokenizer
    if not isinstance(tokenizer, WordPieceTokenizer) or END in tokenizer.words or SEPARATOR not in tokenizer.words:
        return checkpoint
    separator = tokenizer.words.index(SEPARATOR)
    tensors = dict(checkpoint.tensors)
    for name in _BY_WORD:
        tensors[name] = torch.cat([tensors[name], tensors[name][separator : separator + 1]])
    config = {**checkpoint.config, "vocab_size": len(tokenizer.words) + 1}
    return replace(checkpoint, config=config, tensors=tensors, tokenizer=tokenizer.with_added(END))


def without_end(checkpoint: Checkpoint) -> Checkpoint:
    """Take away an [EOS] at the end of the vocabulary that is still a copy of [SEP]."""
    tokenizer = checkpoint.tokenizer
    if not isinstance(tokenizer, WordPieceTokenizer) or tokenizer.words[-1] != END or SEPARATOR not in tokenizer.words:
        return checkpoint
    separator = tokenizer.words.index(SEPARATOR)
    if not all(torch.equal(rows[-1], rows[separator]) for rows in (checkpoint.tensors[name] for name in _BY_WORD)):
        return checkpoint
    tensors = {name: tensor[:-1] if name in _BY_WORD else tensor for name, tensor in checkpoint.tensors.items()}
    config = {**checkpoint.config, "vocab_size": len(tokenizer.words) - 1}
    return replace(checkpoint, config=config, tensors=tensors, tokenizer=WordPieceTokenizer(tokenizer.words[:-1]))


def _with_new_names(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Call the parameters of LayerNorm as torch does; files converted from TensorFlow have gamma and beta."""
    new = {"gamma": "weight", "beta": "bias"}
    split = ((name.rpartition("."), tensor) for name, tensor in found.items())
    return {f"{layer}{dot}{new.get(last, last)}": tensor for (layer, dot, last), tensor in split}


def _without_copies(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    for copy, original in _COPIES.items():
        if copy in tensors and (original not in tensors or not torch.equal(tensors[copy], tensors[original])):
            raise CheckpointError(f"{path}: {copy!r} differs from {original!r}, which is used in its place")
    return {name: tensor for name, tensor in tensors.items() if name not in _COPIES}
