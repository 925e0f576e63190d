"""RWKV-7 (`.pth`): a dictionary of bfloat16 tensors, as released; names are the model's own (see ``models.rwkv7``).

Released files keep vectors as (1, 1, C) and carry ``v0, v1, v2`` in block 0, which nothing uses. Files in the wild
differ in both and in the orientation of some matrices; they are brought into one layout by name before the rules apply.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moxu.checkpoints import torch_files
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import count_layers, settle, shape_of
from moxu.checkpoints.foreign import check_for, from_foreign
from moxu.checkpoints.rules import FLATTEN, Rule, apply, invert, names
from moxu.checkpoints.storage import stored
from moxu.checkpoints.unpickle import read_pickle, state_dict
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError

ARCHITECTURE = "rwkv7"

_VECTORS = ("x_r", "x_w", "x_k", "x_v", "x_a", "x_g", "w0", "a0", "v0", "k_k", "k_a")

RULES = [
    *(Rule(f"blocks.0.att.{name}", None) for name in ("v0", "v1", "v2")),
    *(Rule(f"blocks.{{i}}.att.{name}", change=FLATTEN) for name in _VECTORS),
    Rule("blocks.{i}.ffn.x_k", change=FLATTEN),
    *names("emb.weight", "blocks.0.ln0.{kind}", "blocks.{i}.ln1.{kind}", "blocks.{i}.ln2.{kind}"),
    *names(*(f"blocks.{{i}}.att.{name}" for name in ("w1", "w2", "a1", "a2", "v1", "v2", "g1", "g2", "r_k"))),
    *names("blocks.{i}.att.{layer}.{kind}", "blocks.{i}.ffn.{layer}.weight", "ln_out.{kind}", "head.weight"),
]

# Which axis of a matrix has the width of the model: where it is the other one, the file has it transposed.
_WIDTH_AXIS = {f"att.{name}1": 0 for name in "wavg"} | {f"att.{name}2": 1 for name in "wavg"}
_WIDTH_AXIS |= {"emb.weight": 1, "head.weight": 1, "ffn.key.weight": 1, "ffn.value.weight": 0}


def recognises(path: Path) -> bool:
    return torch_files.has_tensors(path, "emb.weight", "blocks.0.att.r_k")


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read a `.pth`; facts that may apply: ``head_size`` where ``r_k`` is a flat vector (64 when not told)."""
    tensors = _in_one_layout(state_dict(read_pickle(path), path), options, path)
    config = settle(sizes_of(tensors, path), {"v_rank": 0}, options, path)
    tokenizer = find_tokenizer(path, options, config["vocab_size"])
    return from_foreign(ARCHITECTURE, config, tensors, RULES, tokenizer, path)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write the released layout, in bfloat16 when nothing else is asked for."""
    config: Any = check_for(checkpoint, ARCHITECTURE, "RWKV-7 files", path).config
    width, v_rank = config.width, config.resolved().v_rank
    released = apply(invert(RULES), checkpoint.tensors, str(path))
    unused = {"v0": torch.zeros(1, 1, width), "v1": torch.zeros(width, v_rank), "v2": torch.zeros(v_rank, width)}
    released.update({f"blocks.0.att.{name}": tensor for name, tensor in unused.items()})
    torch_files.save(stored(released, options.store or "bfloat16"), path)


def sizes_of(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Any]:
    """Return the configuration that tensors in the released names and orientation speak of."""
    vocab_size, width = shape_of(tensors, "emb.weight", 2, path)
    layers = count_layers(tensors)
    sizes = {
        "vocab_size": vocab_size,
        "width": width,
        "layers": layers,
        "head_size": shape_of(tensors, "blocks.0.att.r_k", 2, path)[1],
        "hidden": shape_of(tensors, "blocks.0.ffn.key.weight", 2, path)[0],
        "decay_rank": shape_of(tensors, "blocks.0.att.w1", 2, path)[1],
        "a_rank": shape_of(tensors, "blocks.0.att.a1", 2, path)[1],
        "gate_rank": shape_of(tensors, "blocks.0.att.g1", 2, path)[1],
    }
    if layers > 1:
        sizes["v_rank"] = shape_of(tensors, "blocks.1.att.v1", 2, path)[1]
    return sizes


def _in_one_layout(tensors: Mapping[str, Tensor], options: ReadOptions, path: Path) -> dict[str, Tensor]:
    """Return every matrix in the released orientation, and ``r_k`` as (H, N)."""
    if "ln_out.weight" not in tensors:
        raise CheckpointError(f"{path}: the tensor 'ln_out.weight' is missing; is this an RWKV-7 checkpoint?")
    width = tensors["ln_out.weight"].numel()
    arranged: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        local = re.sub(r"^blocks\.\d+\.", "", name)
        plain = tensor if tensor.ndim == 2 else tensor.squeeze()
        if local == "att.r_k" and plain.ndim == 1:
            plain = plain.reshape(-1, _head_size(plain, options, path))  # (H, N)
        axis = _WIDTH_AXIS.get(local)
        if axis is not None and plain.ndim == 2 and plain.shape[axis] != width and plain.shape[1 - axis] == width:
            plain = plain.t().contiguous()
        arranged[name] = plain
    return arranged


def _head_size(flat: Tensor, options: ReadOptions, path: Path) -> int:
    size = options.facts.get("head_size", 64)
    if not isinstance(size, int) or size < 1 or flat.numel() % size:
        raise CheckpointError(f"{path}: head_size is {size!r}; expected a divisor of the width {flat.numel()}")
    return size
