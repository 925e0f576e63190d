"""What a checkpoint does not say, and contradictions to what it says."""

from pathlib import Path

import pytest
import torch

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.facts import settle, shape_of
from moxu.errors import CheckpointError

PATH = Path("model.pth")
DERIVED = {"layers": 2}
DEFAULTS = {"context": 1024, "b_eps": 1e-9}


def test_facts_come_before_the_configuration_file_and_that_before_defaults(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"context": 7, "b_eps": 0.5, "layers": 2}')
    settled = settle(DERIVED, DEFAULTS, ReadOptions(config=config, facts={"context": 8}), PATH)
    assert settled == {"layers": 2, "context": 8, "b_eps": 0.5}


def test_unknown_fact_is_named_with_the_nearest() -> None:
    with pytest.raises(CheckpointError, match=r"model\.pth: unknown fact 'contxt'; did you mean 'context'"):
        settle(DERIVED, DEFAULTS, ReadOptions(facts={"contxt": 8}), PATH)


def test_fact_that_contradicts_the_tensors_is_an_error() -> None:
    with pytest.raises(CheckpointError, match="layers was given as 3, but the tensors say 2"):
        settle(DERIVED, DEFAULTS, ReadOptions(facts={"layers": 3}), PATH)


@pytest.mark.parametrize("text", ["{", "[1]", None])
def test_configuration_file_that_cannot_be_read_is_named(tmp_path: Path, text: str | None) -> None:
    config = tmp_path / "config.json"
    if text is not None:
        config.write_text(text)
    with pytest.raises(CheckpointError, match=r"config\.json: "):
        settle(DERIVED, DEFAULTS, ReadOptions(config=config), PATH)


def test_tensor_that_the_sizes_come_from_is_named_when_missing_or_of_other_axes() -> None:
    with pytest.raises(CheckpointError, match=r"'emb\.weight' is missing; did you mean 'emb\.wieght'"):
        shape_of({"emb.wieght": torch.ones(1)}, "emb.weight", 2, PATH)
    with pytest.raises(CheckpointError, match=r"'emb\.weight' has the shape \(1,\); expected 2 axes"):
        shape_of({"emb.weight": torch.ones(1)}, "emb.weight", 2, PATH)
