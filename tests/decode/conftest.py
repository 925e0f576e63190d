"""The tiny models behind the golden outputs, and the golden rows of the originals' samplers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from moxu.checkpoints import cpm1, misaka3
from moxu.checkpoints.assemble import assemble
from moxu.checkpoints.checkpoint import ReadOptions
from moxu.models.base import TorchLanguageModel
from moxu.models.gpt import Gpt, GptConfig

Rows = Callable[[str], dict[str, Any]]

GPT2_NAMES = {
    "transformer.wte": "embed",
    "transformer.wpe": "positions",
    "transformer.ln_f": "ln_out",
    "transformer.h": "blocks",
    "ln_1": "ln1",
    "ln_2": "ln2",
    "attn.c_attn": "attn.qkv",
    "attn.c_proj": "attn.out",
    "mlp.c_fc": "mlp.up",
    "mlp.c_proj": "mlp.down",
}


@pytest.fixture
def sampling_rows(golden: Path) -> Rows:
    """The vectors and expected probabilities of a system's sampler, by key."""

    def read(name: str) -> dict[str, Any]:
        with np.load(golden / "sampling" / f"{name}.npz") as file:
            return dict(file)

    return read


@pytest.fixture(scope="session")
def gpt2(reference: Path) -> Gpt:
    """The GPT-2 of the golden outputs."""
    model = Gpt(GptConfig(vocab_size=260, width=64, layers=2, heads=4, positions=40))
    tensors = {}
    for name, tensor in load_file(reference / "gpt2" / "public" / "model.safetensors").items():
        ours = re.sub("|".join(map(re.escape, GPT2_NAMES)), lambda found: GPT2_NAMES[found[0]], name)
        is_conv1d = tensor.ndim == 2 and name.startswith("transformer.h.")
        tensors[ours] = tensor.T if is_conv1d else tensor
    model.load_state_dict(tensors)
    return model.eval()


@pytest.fixture(scope="session")
def cpm(reference: Path) -> Gpt:
    """The CPM-1 of the golden outputs; seq_length is 32 there, and 48 positions are in the checkpoint."""
    path = reference / "cpm1" / "public" / "mp2_MP1"
    model = assemble(cpm1.read(path, ReadOptions(facts={"heads": 4})), path, torch.device("cpu"), None).model
    assert isinstance(model, Gpt)
    return model


@pytest.fixture(scope="session")
def misaka(reference: Path) -> TorchLanguageModel:
    """The Misaka V3 of the golden outputs."""
    folder = reference / "misaka_v3" / "public"
    options = ReadOptions(vocab=folder / "vocab.txt", config=folder / "config.json")
    checkpoint = misaka3.read(folder / "model.h5", options)
    return assemble(checkpoint, folder / "model.h5", torch.device("cpu"), None).model
