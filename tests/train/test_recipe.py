"""Recipes: what cannot be trained is refused before anything is loaded."""

from typing import Any

import pytest

from moxu.errors import SettingsError
from moxu.settings import override, parse, read_toml
from moxu.train.recipe import Recipe
from tests_paths import REPOSITORY

GOOD = {
    "model": {"architecture": "rwkv7", "config": {"width": 64, "layers": 1}},
    "data": {"folder": "runs/x"},
    "run": {"steps": 1},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("run.steps=0", "run.steps is 0; expected at least 1"),
        ("run.sequences=10", r"run.sequences is 10; expected a multiple of run.micro_sequences \(4\)"),
        ("optim.betas=[0.9]", "optim.betas is .*expected two numbers"),
        ("optim.lr=0", "optim.lr is 0.0; expected more than 0"),
        ("optim.optimizer=adam", "optimizer is 'adam'; expected one of adamw, muon"),
        ("run.stepps=3", "unknown key 'stepps'; did you mean 'steps'"),
    ],
)
def test_impossible_recipe_is_refused(change: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse(Recipe, override(GOOD, [change]))


@pytest.mark.parametrize("path", sorted((REPOSITORY / "recipes").glob("*.toml")), ids=lambda path: path.name)
def test_recipes_of_the_repository_can_be_read(path: Any) -> None:
    assert parse(Recipe, read_toml(path)).card["licence"] == "Apache-2.0"
