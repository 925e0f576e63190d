"""The character GPT of the question-answering course (`.pt`): the state dictionary of its model.

Queries, keys and values have matrices of their own, which are one here. Some files have no LayerNorm: the course's
first version normalises without parameters, which is LayerNorm with ones and zeros.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moxu.checkpoints import torch_files
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import count_layers, require, settle, shape_of
from moxu.checkpoints.foreign import check_for, from_foreign
from moxu.checkpoints.rules import Rule, apply, invert
from moxu.checkpoints.storage import stored
from moxu.checkpoints.unpickle import read_pickle, state_dict
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError

ARCHITECTURE = "gpt"
_LAYER = "decoder.layers.{i}."
_ATTENTION, _FEED_FORWARD = f"{_LAYER}dec_self_attn.", f"{_LAYER}pos_ffn."

RULES = [
    Rule("decoder.tgt_emb.weight", "embed.weight"),
    Rule("decoder.pos_emb.weight", "positions.weight"),
    Rule(tuple(f"{_ATTENTION}W_{part}.weight" for part in "QKV"), "blocks.{i}.attn.qkv.weight"),
    Rule(f"{_ATTENTION}fc.weight", "blocks.{i}.attn.out.weight"),
    Rule(f"{_ATTENTION}layernorm.{{kind}}", "blocks.{i}.ln1.{kind}"),
    Rule(f"{_FEED_FORWARD}fc.0.weight", "blocks.{i}.mlp.up.weight"),
    Rule(f"{_FEED_FORWARD}fc.2.weight", "blocks.{i}.mlp.down.weight"),
    Rule(f"{_FEED_FORWARD}layernorm.{{kind}}", "blocks.{i}.ln2.{kind}"),
    Rule("projection.{kind}", "head.{kind}"),
]

_HEAD_SIZE = 64  # of the course's model
_NEEDS = {"norm": "post", "activation": "relu", "bias": False, "tied": False, "norm_eps": 1e-5}
_PLAIN_NORMS = "plain_norms"  # in the card: the file had no LayerNorm


def recognises(path: Path) -> bool:
    return torch_files.has_tensors(path, "decoder.tgt_emb.weight", "projection.weight")


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read a `.pt`; facts that apply: ``heads`` where they are not of 64 values each."""
    found = state_dict(read_pickle(path), path)
    vocab_size, width = shape_of(found, "decoder.tgt_emb.weight", 2, path)
    layers = count_layers(found, "decoder.layers.")
    inner = shape_of(found, f"{_ATTENTION}W_Q.weight".format(i=0), 2, path)[0]
    derived = {
        "vocab_size": vocab_size,
        "width": width,
        "layers": layers,
        "positions": shape_of(found, "decoder.pos_emb.weight", 2, path)[0],
        "hidden": shape_of(found, f"{_FEED_FORWARD}fc.0.weight".format(i=0), 2, path)[0],
        "head_bias": "projection.bias" in found,
        **_NEEDS,
    }
    config = settle(derived, {"heads": None if inner % _HEAD_SIZE else inner // _HEAD_SIZE}, options, path)
    config["head_size"] = _head_size(inner, config["heads"], path)
    card = {}
    if not any("layernorm" in name for name in found):
        found |= _norms(layers, width)
        card[_PLAIN_NORMS] = True
    tokenizer = find_tokenizer(path, options, vocab_size)
    return from_foreign(ARCHITECTURE, config, found, RULES, tokenizer, path, **card)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a state dictionary for the course's model, without the LayerNorms that a file did not have."""
    config: Any = check_for(checkpoint, ARCHITECTURE, "files of the character GPT", path).config
    require(config, _NEEDS, f"{path}: a file of the character GPT")
    tensors = apply(invert(RULES), checkpoint.tensors, str(path))
    norms = _norms(config.layers, config.width)
    if checkpoint.card.get(_PLAIN_NORMS) and all(torch.equal(tensors[name].float(), norms[name]) for name in norms):
        tensors = {name: tensor for name, tensor in tensors.items() if name not in norms}
    torch_files.save(stored(tensors, options.store), path)


def _head_size(inner: int, heads: object, path: Path) -> int:
    if not isinstance(heads, int) or heads < 1 or inner % heads:
        raise CheckpointError(f"{path}: heads is {heads!r}; say with --set heads=N how many share the {inner} values")
    return inner // heads


def _norms(layers: int, width: int) -> dict[str, Tensor]:
    """Return LayerNorms that only normalise, by the original's names."""
    values = {"weight": torch.ones(width), "bias": torch.zeros(width)}
    modules = [module.format(i=layer) for layer in range(layers) for module in (_ATTENTION, _FEED_FORWARD)]
    return {f"{module}layernorm.{kind}": value for module in modules for kind, value in values.items()}
