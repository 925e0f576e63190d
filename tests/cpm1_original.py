"""CPM-1 checkpoints as the original's programs leave them: what DeepSpeed adds, and views as parts."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

LATEST = "latest_checkpointed_iteration.txt"


def whole_module(width: int = 8, layers: int = 2, vocab_size: int = 24, positions: int = 5) -> dict[str, Tensor]:
    """Return the tensors of a model in one part, with random values."""
    norm = {"weight": (width,), "bias": (width,)}
    shapes: dict[str, tuple[int, ...]] = {
        "word_embeddings.weight": (vocab_size, width),
        "position_embeddings.weight": (positions, width),
    }
    matrices = {
        "attention.query_key_value": (3 * width, width),
        "attention.dense": (width, width),
        "mlp.dense_h_to_4h": (4 * width, width),
        "mlp.dense_4h_to_h": (width, 4 * width),
    }
    order = ("input_layernorm", *list(matrices)[:2], "post_attention_layernorm", *list(matrices)[2:])
    for name in (f"transformer.layers.{layer}.{name}" for layer in range(layers) for name in order):
        shape = matrices.get(name.split(".", 3)[3])
        kinds = {"weight": shape, "bias": shape[:1]} if shape else norm
        shapes |= {f"{name}.{kind}": shape for kind, shape in kinds.items()}
    shapes |= {f"transformer.final_layernorm.{kind}": shape for kind, shape in norm.items()}
    generator = torch.Generator().manual_seed(5)
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def part_of(name: str, tensor: Tensor, part: int, parts: int) -> Tensor:
    """Return what a part holds of a tensor, as ``change_mp.py`` decides by the name; a view of the whole."""
    if "query_key_value" in name:
        return torch.cat([third.chunk(parts)[part] for third in tensor.chunk(3)])
    if "word" in name or "h_to_4h" in name:
        return tensor.chunk(parts)[part]
    if "position" in name or tensor.ndim == 1:
        return tensor
    return tensor.chunk(parts, dim=1)[part]


def entries(part: int, parts: int) -> dict[str, Any]:
    """Return what lies beside the tensors of a part."""
    generator = np.random.RandomState(part)
    return {
        "optimizer": {"momentum": torch.ones(3)},
        "lr_scheduler": {"warmup_iter": 100, "num_iters": 80000},
        "csr_tensor_module_names": {"word_embeddings"},
        "skipped_steps": 0,
        "global_steps": 80000,
        "global_samples": 640000,
        "dp_world_size": 1,
        "mp_world_size": parts,
        "iteration": 80000,
        "random_rng_state": random.Random(part).getstate(),
        "np_rng_state": generator.get_state(),
        "torch_rng_state": torch.Generator().manual_seed(part).get_state(),
        "rng_tracker_states": {},
    }


def write(path: Path, module: dict[str, Tensor], parts: int, iteration: str = "80000") -> Path:
    """Write a checkpoint of ``parts`` and return its folder."""
    (path / iteration).mkdir(parents=True)
    for part in range(parts):
        share = {name: part_of(name, tensor, part, parts) for name, tensor in module.items()}
        torch.save({"module": share, **entries(part, parts)}, part_file(path, part, iteration))
    (path / LATEST).write_text(f"{iteration}\n")
    return path


def part_file(path: Path, part: int, iteration: str = "80000") -> Path:
    return path / iteration / f"mp_rank_{part:02d}_model_states.pt"


def load(path: Path, part: int, iteration: str = "80000") -> dict[str, Any]:
    """Read a part as the original's programs do."""
    found: dict[str, Any] = torch.load(part_file(path, part, iteration), weights_only=False)
    return found


def same(one: Any, other: Any) -> bool:
    """Compare what two parts hold, down to the last bit of their tensors and arrays."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
