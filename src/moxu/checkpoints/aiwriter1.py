"""AI-Writer v1 (`.pth`): a pickled module as it was released, or a plain dictionary, folded or not.

Names and layouts are the model's own (see ``models.aiwriter1``) but for the buffer ``copy_mask``, which is dropped on
the way in and restored on the way out. What is written is a plain dictionary that the original class loads.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from moxu.checkpoints import torch_files
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import count_layers, settle, shape_of
from moxu.checkpoints.foreign import check_for, from_foreign
from moxu.checkpoints.rules import Rule, apply, invert, names
from moxu.checkpoints.storage import stored
from moxu.checkpoints.unpickle import read_pickle, state_dict
from moxu.checkpoints.vocabulary import find_tokenizer

ARCHITECTURE = "aiwriter1"

RULES = [
    Rule("copy_mask", None),
    *names(
        "time_out",
        "tok_emb.weight",
        "blocks.{i}.ln1.{kind}",
        "blocks.{i}.ln2.{kind}",
        "blocks.{i}.attn.time_{curve}",  # w, alpha, beta, or the folded ww; gamma
        "blocks.{i}.attn.{layer}.{kind}",
        "blocks.{i}.mlp.{layer}.{kind}",
        "ln_f.{kind}",
        "head.weight",
        "head_q.{kind}",
        "head_k.{kind}",
    ),
]

CURVES = ("time_w", "time_alpha", "time_beta")


def recognises(path: Path) -> bool:
    return torch_files.has_tensors(path, "time_out", "tok_emb.weight")


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read a `.pth`; every size follows from the tensors."""
    return from_original(state_dict(read_pickle(path), path), path, options)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a plain dictionary for ``load_state_dict`` of the original class, folded if the checkpoint is."""
    tensors = to_original(checkpoint, path)
    torch_files.save(stored(tensors, options.store), path)


def from_original(tensors: Mapping[str, Tensor], path: Path, options: ReadOptions) -> Checkpoint:
    """Make a checkpoint of tensors in the original's names and layout (those of torch, not of Paddle)."""
    vocab_size, width = shape_of(tensors, "tok_emb.weight", 2, path)
    curve = "blocks.0.attn.time_ww" if "blocks.0.attn.time_ww" in tensors else "blocks.0.attn.time_w"
    derived = {
        "vocab_size": vocab_size,
        "context": shape_of(tensors, "time_out", 3, path)[1],
        "layers": count_layers(tensors),
        "heads": shape_of(tensors, curve, 3 if curve.endswith("ww") else 2, path)[0],
        "width": width,
        "attention_width": shape_of(tensors, "blocks.0.attn.key.weight", 2, path)[0],
        "feed_forward_width": shape_of(tensors, "blocks.0.mlp.key.weight", 2, path)[0],
        "folded": curve.endswith("ww"),
    }
    config = settle(derived, {}, options, path)
    tokenizer = find_tokenizer(path, options, vocab_size)
    return from_foreign(ARCHITECTURE, config, tensors, RULES, tokenizer, path)


def to_original(checkpoint: Checkpoint, path: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint in the original's names, order and layout, ``copy_mask`` restored."""
    check_for(checkpoint, ARCHITECTURE, "AI-Writer v1 files", path)
    tensors = apply(invert(RULES), checkpoint.tensors, str(path))
    time_out = tensors.pop("time_out")
    return {"time_out": time_out, "copy_mask": torch_files.causal_mask(checkpoint.config["context"]), **tensors}


def fold(checkpoint: Checkpoint) -> Checkpoint:
    """Return the same model with ``time_w``, ``time_alpha`` and ``time_beta`` multiplied out to ``time_ww``."""
    if checkpoint.config.get("folded"):
        return checkpoint
    tensors = {name: tensor for name, tensor in checkpoint.tensors.items() if not name.endswith(CURVES)}
    for layer in range(checkpoint.config["layers"]):
        prefix = f"blocks.{layer}.attn."
        tensors[f"{prefix}time_ww"] = _fold(*(checkpoint.tensors[prefix + curve] for curve in CURVES))
    return replace(checkpoint, config={**checkpoint.config, "folded": True}, tensors=tensors)


def _fold(time_w: Tensor, time_alpha: Tensor, time_beta: Tensor) -> Tensor:
    """time_w (H, T) by offset, alpha (H, 1, T), beta (H, T, 1) -> (H, T, T); multiplied in the original's order."""
    context = time_w.shape[1]
    offsets = torch.arange(context)[:, None] - torch.arange(context)  # (T, U)
    by_offset = time_w[:, context - 1 - offsets.clamp(min=0)]  # (H, T, U); the last column is offset 0
    by_offset = by_offset.masked_fill(offsets < 0, 0)
    return by_offset * time_alpha * time_beta
