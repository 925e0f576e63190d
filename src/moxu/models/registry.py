"""The architectures by name, imported when one is needed."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from moxu.errors import CheckpointError
from moxu.models.base import TorchLanguageModel
from moxu.settings import nearest, parse

ARCHITECTURES = {
    "rwkv7": "moxu.models.rwkv7:Rwkv7",
    "aiwriter1": "moxu.models.aiwriter1:AiWriter1",
    "aiwriter2": "moxu.models.aiwriter2:AiWriter2",
    "gpt": "moxu.models.gpt:Gpt",
    "unilm": "moxu.models.unilm:Unilm",
    "gau": "moxu.models.gau:Gau",
    "hf": "moxu.models.hf:HfModel",
}


def architecture(name: str) -> type[TorchLanguageModel]:
    """Return the model class of an architecture; CheckpointError when there is none of that name."""
    if name not in ARCHITECTURES:
        raise CheckpointError(f"unknown architecture {name!r}; {nearest(name, ARCHITECTURES)}")
    module, _, attribute = ARCHITECTURES[name].partition(":")
    return cast(type[TorchLanguageModel], getattr(import_module(module), attribute))


def build(name: str, config: Mapping[str, Any]) -> TorchLanguageModel:
    """Make an untrained model from the plain dictionary of its configuration."""
    model_type = architecture(name)
    return model_type(parse(model_type.config_type, config, where=f"{name} configuration"))
