"""Small checkpoints with random weights, one of each architecture."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from moxu.checkpoints.assemble import blank_model
from moxu.checkpoints.checkpoint import Checkpoint

SIZES: dict[str, dict[str, Any]] = {
    "aiwriter1": {
        "vocab_size": 11,
        "context": 6,
        "layers": 2,
        "heads": 2,
        "width": 8,
        "attention_width": 4,
        "feed_forward_width": 10,
        "folded": False,
    },
    "aiwriter2": {
        "context": 5,
        "b_eps": 1e-9,
        "k_max": 60.0,
        "vocab_size": 11,
        "layers": 2,
        "width": 8,
        "ffn_pre": True,
        "copy_head": True,
    },
    "gpt": {
        "vocab_size": 11,
        "width": 8,
        "layers": 2,
        "heads": 2,
        "positions": 7,
        "hidden": 32,
    },
    "unilm": {
        "vocab_size": 11,
        "width": 8,
        "layers": 2,
        "heads": 2,
        "hidden": 12,
        "positions": 9,
    },
    "gau": {
        "vocab_size": 11,
        "width": 8,
        "hidden": 12,
        "key_size": 4,
        "encoder_layers": 2,
        "decoder_layers": 1,
        "start_id": 3,
        "scale_base": 512.0,
        "norm_eps": 1e-7,
    },
    "rwkv7": {
        "vocab_size": 11,
        "width": 8,
        "layers": 2,
        "head_size": 4,
        "hidden": 32,
        "decay_rank": 3,
        "a_rank": 2,
        "gate_rank": 5,
        "v_rank": 6,
    },
}

MakeCheckpoint = Callable[..., Checkpoint]


@pytest.fixture(scope="session")
def random_checkpoint() -> MakeCheckpoint:
    """Return a function that makes a checkpoint of an architecture; keywords change its sizes."""

    def make(architecture: str, **changes: Any) -> Checkpoint:
        config = {**SIZES[architecture], **changes}
        generator = torch.Generator().manual_seed(7)
        shapes = blank_model(architecture, config, "test").state_dict()
        tensors = {name: torch.randn(tensor.shape, generator=generator) for name, tensor in shapes.items()}
        return Checkpoint(architecture, config, tensors, None, {"name": "test"})

    return make
