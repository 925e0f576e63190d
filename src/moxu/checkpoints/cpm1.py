"""CPM-1: a Megatron GPT-2, in a part for each device it was computed on; see ``megatron`` for the folder.

The mathematics are those of ``models.gpt``. How many heads there are is not in the tensors, and known without being
told only for the sizes that were published.
Source: Zhang et al. 2020 (CPM), whose table of sizes gives the heads.
"""

import functools
from pathlib import Path
from typing import Any

import torch

from moxu.checkpoints import megatron
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import count_layers, require, settle, shape_of
from moxu.checkpoints.foreign import check_for, from_foreign
from moxu.checkpoints.partition import COLUMNS, EVERYWHERE, ROWS, ROWS_OF_THIRDS, Share
from moxu.checkpoints.rules import Rule, apply, find, invert
from moxu.checkpoints.storage import plain_dtype
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError

ARCHITECTURE = "gpt"

# The original's name, ours, and how the parts divide the tensor. A bias that is added to the sum of what the parts
# computed is whole in each of them.
_BLOCK = "transformer.layers.{i}."
_TENSORS = [
    ("word_embeddings.weight", "embed.weight", ROWS),
    ("position_embeddings.weight", "positions.weight", EVERYWHERE),
    (_BLOCK + "input_layernorm.{kind}", "blocks.{i}.ln1.{kind}", EVERYWHERE),
    (_BLOCK + "attention.query_key_value.{kind}", "blocks.{i}.attn.qkv.{kind}", ROWS_OF_THIRDS),
    (_BLOCK + "attention.dense.weight", "blocks.{i}.attn.out.weight", COLUMNS),
    (_BLOCK + "attention.dense.bias", "blocks.{i}.attn.out.bias", EVERYWHERE),
    (_BLOCK + "post_attention_layernorm.{kind}", "blocks.{i}.ln2.{kind}", EVERYWHERE),
    (_BLOCK + "mlp.dense_h_to_4h.{kind}", "blocks.{i}.mlp.up.{kind}", ROWS),
    (_BLOCK + "mlp.dense_4h_to_h.weight", "blocks.{i}.mlp.down.weight", COLUMNS),
    (_BLOCK + "mlp.dense_4h_to_h.bias", "blocks.{i}.mlp.down.bias", EVERYWHERE),
    ("transformer.final_layernorm.{kind}", "ln_out.{kind}", EVERYWHERE),
]
RULES = [Rule(theirs, ours) for theirs, ours, _ in _TENSORS]
_SHARES = {theirs: share for theirs, _, share in _TENSORS}

_HEADS = {768: 12, 1024: 16, 2560: 32}  # by width: CPM-Small, -Medium and -Large

# Names in the configuration of the original's programs; None: what only the training or the generating needs.
_FOREIGN_CONFIG = {
    "num_layers": "layers",
    "hidden_size": "width",
    "num_attention_heads": "heads",
    "max_position_embeddings": "positions",
    **dict.fromkeys(("seq_length", "eod", "pad", "iteration", "seed", "loop_prompts"), None),
}

# What the original's program takes for granted.
_NEEDS = {"norm": "pre", "activation": "gelu_tanh", "bias": True, "tied": True, "norm_eps": 1e-5}


def recognises(path: Path) -> bool:
    return megatron.find_parts(path) is not None


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read all parts and join them; facts that apply: ``heads``, ``masked_score``."""
    parts = open_parts(path)
    tensors = {name: parts.join(name) for name in parts.shapes}
    vocab_size, width = shape_of(tensors, "word_embeddings.weight", 2, path)
    derived = {
        "vocab_size": vocab_size,
        "width": width,
        "layers": count_layers(tensors, "transformer.layers."),
        "positions": shape_of(tensors, "position_embeddings.weight", 2, path)[0],
        "hidden": shape_of(tensors, "transformer.layers.0.mlp.dense_h_to_4h.weight", 2, path)[0],
    }
    defaults = {"heads": _HEADS.get(width), "masked_score": None}
    config = settle(derived, defaults, options, path, _FOREIGN_CONFIG)
    if config["heads"] is None:
        raise CheckpointError(f"{path}: how many heads there are is not in the tensors; say it with --set heads=N")
    tokenizer = find_tokenizer(parts.folder.root, options, vocab_size)
    return from_foreign(ARCHITECTURE, config, tensors, RULES, tokenizer, path, iteration=parts.folder.iteration)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a folder of ``options.parts`` parts that the original's programs load; the training starts anew."""
    config: Any = check_for(checkpoint, ARCHITECTURE, "CPM-1 checkpoints", path).config
    require(config, {**_NEEDS, "size_of_head": config.width // config.heads}, f"{path}: a CPM-1 checkpoint")
    if options.parts < 1 or config.heads % options.parts:
        raise CheckpointError(f"{path}: {config.heads} heads cannot be divided among {options.parts} parts")
    tensors = apply(invert(RULES), checkpoint.tensors, str(path))
    dtype = plain_dtype(options.store) if options.store else None
    shapes = {name: torch.empty_like(tensor, dtype=dtype, device="meta") for name, tensor in tensors.items()}
    whole = (tensor.to(dtype or tensor.dtype) for tensor in tensors.values())
    iteration = megatron.iteration_of(checkpoint.card.get("iteration"))
    megatron.write_parts(path, iteration, [_entries(iteration)] * options.parts, shapes, whole, share_of)


def open_parts(path: Path) -> megatron.Parts:
    """Open a checkpoint in any number of parts; CheckpointError names the file that something is wrong with."""
    folder = megatron.find_parts(path)
    if folder is None:
        expected = f"{megatron.LATEST} or mp_rank_00_model_states.pt"
        raise CheckpointError(f"{path}: no CPM-1 checkpoint; expected a folder with {expected}")
    return megatron.Parts(folder, functools.partial(share_of, where=str(path)))


@functools.cache
def share_of(name: str, where: str = "CPM-1") -> Share:
    """Return how the parts divide the tensor of this name; CheckpointError when CPM-1 has none such."""
    rule, _ = find(RULES, name, where)
    return _SHARES[rule.sources[0]]


def _entries(iteration: str) -> dict[str, object]:
    """Return what DeepSpeed looks for beside the tensors."""
    step = int(iteration) if iteration.isdigit() else 0
    nothing = dict.fromkeys(("optimizer", "lr_scheduler", "csr_tensor_module_names"))
    counts = {"skipped_steps": 0, "global_steps": step, "global_samples": 0, "dp_world_size": 1, "iteration": step}
    return {**nothing, **counts}
