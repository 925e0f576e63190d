"""The table of architectures."""

import pytest

from moxu.errors import CheckpointError, SettingsError
from moxu.models.registry import ARCHITECTURES, architecture, build


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_knows_its_name(name: str) -> None:
    assert architecture(name).architecture == name


def test_unknown_architecture_names_the_nearest() -> None:
    with pytest.raises(CheckpointError, match="unknown architecture 'rwkv8'; did you mean 'rwkv7'"):
        architecture("rwkv8")


def test_unknown_size_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match="rwkv7 configuration: unknown key 'layer'; did you mean 'layers'"):
        build("rwkv7", {"vocab_size": 9, "width": 64, "layer": 1})


def test_built_model_has_the_sizes_it_was_asked_for() -> None:
    model = build("rwkv7", {"vocab_size": 9, "width": 64, "layers": 1})
    assert (model.vocab_size, model.config.layers, model.max_context) == (9, 1, None)
