"""GPT-2 as Hugging Face keeps it, and CPM-1 as such a GPT-2: the names, layouts and settings of GPT2LMHeadModel.

Its projections are stored the other way round than torch's (as in the original TensorFlow program); older files have
the mask as a buffer in each block, and may lack the prefix of all names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.facts import count_layers, require, same_sizes, settle, shape_of
from moxu.checkpoints.json_files import pick
from moxu.checkpoints.rules import TRANSPOSE, Rule, apply, invert
from moxu.errors import CheckpointError
from moxu.models.gpt import GptConfig

ARCHITECTURE = "gpt"
MODEL_TYPE = "gpt2"
_PREFIX = "transformer."

RULES = [
    *(Rule(f"{_PREFIX}h.{{i}}.attn.{buffer}", None) for buffer in ("bias", "masked_bias")),
    Rule(f"{_PREFIX}wte.weight", "embed.weight"),
    Rule(f"{_PREFIX}wpe.weight", "positions.weight"),
    *(
        rule
        for theirs, ours in (
            ("attn.c_attn", "attn.qkv"),
            ("attn.c_proj", "attn.out"),
            ("mlp.c_fc", "mlp.up"),
            ("mlp.c_proj", "mlp.down"),
        )
        for rule in (
            Rule(f"{_PREFIX}h.{{i}}.{theirs}.weight", f"blocks.{{i}}.{ours}.weight", TRANSPOSE),
            Rule(f"{_PREFIX}h.{{i}}.{theirs}.bias", f"blocks.{{i}}.{ours}.bias"),
        )
    ),
    Rule(f"{_PREFIX}h.{{i}}.ln_1.{{kind}}", "blocks.{i}.ln1.{kind}"),
    Rule(f"{_PREFIX}h.{{i}}.ln_2.{{kind}}", "blocks.{i}.ln2.{kind}"),
    Rule(f"{_PREFIX}ln_f.{{kind}}", "ln_out.{kind}"),
    Rule("lm_head.weight", "head.weight"),
]

# The functions by Hugging Face's names and by ours; the first of two names is the one that is written.
ACTIVATIONS = {"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "relu": "relu"}
ACTIVATION_NAMES = {ours: theirs for theirs, ours in reversed(ACTIVATIONS.items())}

# What the sizes are called in config.json, and here.
_SIZES = {
    "vocab_size": "vocab_size",
    "n_positions": "positions",
    "n_embd": "width",
    "n_layer": "layers",
    "n_head": "heads",
    "n_inner": "hidden",
}


@dataclass(frozen=True)
class Gpt2Config:
    """What config.json says that matters here; sizes may be left out, the tensors have them."""

    n_head: int
    vocab_size: int | None = None
    n_positions: int | None = None
    n_embd: int | None = None
    n_layer: int | None = None
    n_inner: int | None = None
    activation_function: Literal["gelu_new", "gelu_pytorch_tanh", "gelu", "relu"] = "gelu_new"
    layer_norm_epsilon: float = 1e-5
    tie_word_embeddings: bool = True
    scale_attn_weights: Literal[True] = True  # with other values the same tensors are another model
    scale_attn_by_inverse_layer_idx: Literal[False] = False
    add_cross_attention: Literal[False] = False


def read(values: Mapping[str, Any], found: Mapping[str, Tensor], path: Path, options: ReadOptions) -> Checkpoint:
    """Return the checkpoint, still without a tokenizer; facts that apply: ``masked_score``."""
    told = pick(Gpt2Config, values, str(path / "config.json"))
    tensors = _without_tied_head(_with_prefix(found, path), told.tie_word_embeddings, path)
    vocab_size, width = shape_of(tensors, f"{_PREFIX}wte.weight", 2, path)
    derived = {
        "vocab_size": vocab_size,
        "width": width,
        "layers": count_layers(tensors, f"{_PREFIX}h."),
        "heads": told.n_head,
        "positions": shape_of(tensors, f"{_PREFIX}wpe.weight", 2, path)[0],
        "hidden": shape_of(tensors, f"{_PREFIX}h.0.mlp.c_fc.weight", 2, path)[1],
        "activation": ACTIVATIONS[told.activation_function],
        "tied": told.tie_word_embeddings,
        "norm_eps": told.layer_norm_epsilon,
    }
    same_sizes(vars(told), derived, _SIZES, path / "config.json")
    config = settle(derived, {"masked_score": None}, options, path)
    return Checkpoint(ARCHITECTURE, config, apply(RULES, tensors, str(path)))


def write(checkpoint: Checkpoint, config: GptConfig, path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return config.json and the tensors of a GPT2LMHeadModel; CheckpointError for a transformer that is none."""
    needs = {"norm": "pre", "bias": True, "head_bias": False, "size_of_head": config.width // config.heads}
    require(config, needs, f"{path}: a GPT-2 folder")
    values = {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": MODEL_TYPE,
        **{theirs: getattr(config, ours) for theirs, ours in _SIZES.items()},
        "activation_function": ACTIVATION_NAMES[config.activation],
        "layer_norm_epsilon": config.norm_eps,
        "tie_word_embeddings": config.tied,
    }
    end_id = checkpoint.tokenizer.end_id if checkpoint.tokenizer else None
    values |= {"bos_token_id": end_id, "eos_token_id": end_id}
    return values, apply(invert(RULES), checkpoint.tensors, str(path))


def _with_prefix(found: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the tensors with ``transformer.`` before all names but the head's."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in found.items():
        full = name if name.startswith((_PREFIX, "lm_head.")) else f"{_PREFIX}{name}"
        if full in tensors:
            raise CheckpointError(f"{path}: holds {name!r} twice, with and without {_PREFIX!r}; remove one of them")
        tensors[full] = tensor
    return tensors


def _without_tied_head(tensors: dict[str, Tensor], tied: bool, path: Path) -> dict[str, Tensor]:
    """Leave out a head that is the embedding once more; CheckpointError when it should be and is not."""
    if not tied or "lm_head.weight" not in tensors:
        return tensors
    head = tensors.pop("lm_head.weight")
    embedding = tensors.get(f"{_PREFIX}wte.weight")
    if embedding is None or not torch.equal(head, embedding):
        raise CheckpointError(
            f"{path}: 'lm_head.weight' differs from the embedding, which config.json says it is; "
            f"if it is right, set tie_word_embeddings to false there"
        )
    return tensors
