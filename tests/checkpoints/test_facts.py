"""What a checkpoint does not say, and contradictions to what it says."""

from pathlib import Path

import pytest
import torch

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.facts import count_layers, require, same_sizes, settle, shape_of
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


def test_names_of_the_original_configuration_are_ours_or_not_needed(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"num_layers": 2, "seq_length": 32, "context": 9}')
    foreign = {"num_layers": "layers", "seq_length": None}
    assert settle(DERIVED, DEFAULTS, ReadOptions(config=config), PATH, foreign)["context"] == 9
    with pytest.raises(CheckpointError, match="layers was given as 3"):
        settle(DERIVED, DEFAULTS, ReadOptions(config=config, facts={"layers": 3}), PATH, foreign)
    with pytest.raises(CheckpointError, match="unknown fact 'num_layers'"):
        settle(DERIVED, DEFAULTS, ReadOptions(config=config), PATH)


def test_layers_are_counted_under_any_prefix() -> None:
    tensors = {name: torch.ones(1) for name in ("h.0.a", "h.0.b", "h.10.a", "blocks.3.a", "head")}
    assert (count_layers(tensors, "h."), count_layers(tensors)) == (2, 1)


def test_what_a_format_takes_for_granted_is_named_when_it_is_not_so() -> None:
    options = ReadOptions(vocab=PATH)
    require(options, {"config": None}, "a file")
    with pytest.raises(CheckpointError, match=r"a file cannot hold this model: its vocab is .*, there it is None"):
        require(options, {"config": None, "vocab": None}, "a file")


def test_size_that_contradicts_the_tensors_is_named() -> None:
    names = {"n_embd": "width", "n_layer": "layers", "n_inner": "hidden"}
    same_sizes({"n_embd": 8, "n_layer": None, "n_ctx": 3}, {"width": 8, "layers": 2}, names, PATH)
    with pytest.raises(CheckpointError, match=r"model\.pth: n_layer is 3, but the tensors say 2"):
        same_sizes({"n_embd": 8, "n_layer": 3}, {"width": 8, "layers": 2}, names, PATH)
