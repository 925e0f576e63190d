"""The character GPT of the question-answering course (`.pt`): the state dictionary of its model.

Queries, keys and values have matrices of their own, which are one here. Some files have no LayerNorm: the course's
first version normalises without parameters, which is LayerNorm with ones and zeros.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moxu.checkpoints import torch_files
from moxu.checkpoints.assemble import check
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import count_layers, require, settle, shape_of
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
    tensors = apply(RULES, found, str(path))
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
    plain = not any("layernorm" in name for name in found)
    if plain:
        tensors |= _norms(layers, width)
    card = {"source": path.name, **({_PLAIN_NORMS: True} if plain else {})}
    checkpoint = Checkpoint(ARCHITECTURE, config, tensors, find_tokenizer(path, options, vocab_size), card)
    check(checkpoint, str(path))
    return checkpoint


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a state dictionary for the course's model, without the LayerNorms that a file did not have."""
    if checkpoint.architecture != ARCHITECTURE:
        raise CheckpointError(f"{path}: files of the character GPT cannot hold a {checkpoint.architecture} model")
    config: Any = check(checkpoint, str(path)).config
    require(config, _NEEDS, f"{path}: a file of the character GPT")
    tensors = dict(checkpoint.tensors)
    if checkpoint.card.get(_PLAIN_NORMS) and _are_plain(tensors, _norms(config.layers, config.width)):
        tensors = {name: tensor for name, tensor in tensors.items() if name not in _norms(config.layers, config.width)}
    torch_files.save(stored(apply(invert(RULES), tensors, str(path)), options.store), path)


def _head_size(inner: int, heads: object, path: Path) -> int:
    if not isinstance(heads, int) or heads < 1 or inner % heads:
        raise CheckpointError(f"{path}: heads is {heads!r}; say with --set heads=N how many share the {inner} values")
    return inner // heads


def _norms(layers: int, width: int) -> dict[str, Tensor]:
    """Return LayerNorms that only normalise."""
    values = {"weight": torch.ones(width), "bias": torch.zeros(width)}
    places = ((layer, norm, kind) for layer in range(layers) for norm in ("ln1", "ln2") for kind in values)
    return {f"blocks.{layer}.{norm}.{kind}": values[kind] for layer, norm, kind in places}


def _are_plain(tensors: Mapping[str, Tensor], norms: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(tensors[name].float(), norm) for name, norm in norms.items())
