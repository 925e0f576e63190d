"""AI-Writer v1 in PaddlePaddle (`.pdparams`): one pickle of a dictionary of numpy arrays.

Paddle multiplies by matrices from the other side, so every 2-D ``*.weight`` but the embedding is transposed, and
``time_ww`` is always folded. A last entry maps each name to the one Paddle gave the parameter inside a program.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from moxu.checkpoints import aiwriter1
from moxu.checkpoints.atomic import replacing
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.foreign import check_for
from moxu.checkpoints.rules import TRANSPOSE, Rule, apply, invert, names
from moxu.checkpoints.unpickle import read_pickle
from moxu.errors import CheckpointError

NAME_TABLE = "StructuredToParameterName@@"

# From Paddle's layout to torch's, the names being the same.
RULES = [
    *names("time_out", "copy_mask", "tok_emb.weight", "ln_f.{kind}"),
    *names("blocks.{i}.ln1.{kind}", "blocks.{i}.ln2.{kind}", "blocks.{i}.attn.time_{curve}"),
    *(
        rule
        for module in ("blocks.{i}.attn.{layer}", "blocks.{i}.mlp.{layer}", "head", "head_q", "head_k")
        for rule in (Rule(f"{module}.weight", change=TRANSPOSE), Rule(f"{module}.bias"))
    ),
]


def recognises(path: Path) -> bool:
    return path.is_file() and path.suffix == ".pdparams"


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read a `.pdparams` of any Paddle; every size follows from the arrays."""
    found = read_pickle(path)
    if not isinstance(found, dict):
        raise CheckpointError(f"{path}: holds a {type(found).__name__}; expected a dictionary of arrays")
    tensors = {str(name): _tensor(name, value, path) for name, value in found.items() if name != NAME_TABLE}
    return aiwriter1.from_original(apply(RULES, tensors, str(path)), path, options)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a `.pdparams` for ``paddle.load``, in float32; an unfolded checkpoint is folded."""
    if options.store not in (None, "float32"):
        raise CheckpointError(f"{path}: Paddle files are written in float32, not {options.store}")
    check_for(checkpoint, aiwriter1.ARCHITECTURE, "Paddle files", path)
    original = aiwriter1.to_original(aiwriter1.fold(checkpoint), path)
    arrays = _arrays(apply(invert(RULES), original, str(path)))
    table = {name: f"moxu_{index}" for index, name in enumerate(arrays)}
    with replacing(path) as temporary, temporary.open("wb") as file:
        pickle.dump({**arrays, NAME_TABLE: table}, file, protocol=4)


def _tensor(name: object, value: object, path: Path) -> Tensor:
    """Take an array; older Paddle stores (name, array)."""
    array = value[1] if isinstance(value, tuple) and len(value) == 2 else value
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise CheckpointError(f"{path}: {name!r} is a {kind}; expected an array of floating numbers")
    return torch.from_numpy(np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(array.shape))


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: np.ascontiguousarray(tensor.detach().float().numpy()) for name, tensor in tensors.items()}
