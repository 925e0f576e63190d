"""How checkpoints are compared, and what is said of files that are none, for the tests of every format."""

from pathlib import Path

import torch

from moxu.checkpoints.checkpoint import Checkpoint
from moxu.checkpoints.unpickle import read_pickle
from moxu.errors import CheckpointError


def assert_same(found: Checkpoint, expected: Checkpoint) -> None:
    """Compare configurations and tensors, to the last bit and with the type of the numbers."""
    assert found.config == expected.config
    assert found.tensors.keys() == expected.tensors.keys()
    for name, tensor in expected.tensors.items():
        assert found.tensors[name].dtype == tensor.dtype, name
        assert torch.equal(found.tensors[name], tensor), name


def complaint(path: Path) -> str:
    """Read a pickle; return what is said when that fails."""
    try:
        read_pickle(path)
    except CheckpointError as error:
        return str(error)
    return ""
