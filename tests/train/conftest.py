"""A small packed corpus and a recipe that trains on it in a second."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.corpus.pack.vocabulary import build_vocabulary
from moxu.settings import parse
from moxu.train.recipe import Recipe

SENTENCE = "雾从江上起来的时候，船家把篙一点，忽听得岸上有人叫道：“过河么？”"


@pytest.fixture(scope="session")
def packed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    works = [
        Text("甲", SENTENCE * 12, group="old"),
        Text("乙", SENTENCE[::-1] * 9, group="new"),
        Text("丙", SENTENCE * 3, split="validation"),
    ]
    folder = tmp_path_factory.mktemp("corpus") / "packed"
    pack(works, build_vocabulary(works, 400), folder)
    return folder


@pytest.fixture
def make_recipe(packed_folder: Path) -> Callable[..., Recipe]:
    """Return a maker of recipes: run and optim settings may be given by name."""

    def make(*, optimizer: str = "adamw", schedule: str = "cosine", **run: Any) -> Recipe:
        settings = {"steps": 6, "sequences": 4, "micro_sequences": 2, "validate_every": 3, "save_every": 2, **run}
        return parse(
            Recipe,
            {
                "model": {"architecture": "rwkv7", "config": {"width": 16, "layers": 2, "head_size": 8}},
                "data": {"folder": str(packed_folder), "length": 16},
                "optim": {"optimizer": optimizer, "schedule": schedule, "warmup_steps": 2, "lr": 0.01},
                "run": settings,
            },
        )

    return make
