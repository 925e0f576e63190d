import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.checkpoints import folder
from moxu.checkpoints.checkpoint import ReadOptions
from moxu.cli import models

Moxu = Callable[..., Any]


@pytest.fixture
def mine(user_models: Path, rwkv7: Path) -> Path:
    return Path(shutil.copytree(rwkv7, user_models / "mine"))


def listed(moxu: Moxu, name: str) -> dict[str, Any]:
    (one,) = (model for model in json.loads(moxu("models", "--json").out) if model["name"] == name)
    return dict(one)


def test_an_installed_model_is_described_without_its_weights(moxu: Moxu, mine: Path) -> None:
    described = listed(moxu, "mine")
    tensors = folder.read(mine, ReadOptions()).tensors
    assert described["parameters"] == sum(tensor.numel() for tensor in tensors.values())
    assert described["bytes"] == sum(file.stat().st_size for file in mine.iterdir())
    assert described["architecture"] == "rwkv7"
    assert described["licence"] == "CC0-1.0"
    assert described["description"] == "small and random"


@pytest.mark.parametrize("name", ["dialogues", "misaka", "unilm"])
def test_every_architecture_is_listed(moxu: Moxu, user_models: Path, request: pytest.FixtureRequest, name: str) -> None:
    path = request.getfixturevalue(name)
    shutil.copytree(path, user_models / name)
    assert listed(moxu, name)["architecture"] == folder.read_config(path).architecture


def test_a_hugging_face_folder_is_listed(moxu: Moxu, user_models: Path, gpt: Path) -> None:
    assert moxu("convert", gpt, user_models / "theirs", "--to", "hf").status == 0
    described = listed(moxu, "theirs")
    tensors = folder.read(gpt, ReadOptions()).tensors
    assert (described["architecture"], described["description"]) == ("gpt2", "a Hugging Face folder")
    assert described["parameters"] == sum(tensor.numel() for tensor in tensors.values())
    (user_models / "theirs" / "model.safetensors").rename(user_models / "theirs" / "pytorch_model.bin")
    assert listed(moxu, "theirs")["parameters"] is None
    assert "theirs\tgpt2\t?\t" in moxu("models").out


def test_the_scales_of_an_int8_model_are_no_parameters(moxu: Moxu, mine: Path, user_models: Path) -> None:
    assert moxu("convert", mine, user_models / "packed", "--store", "int8").status == 0
    plain, packed = listed(moxu, "mine"), listed(moxu, "packed")
    assert packed["parameters"] == plain["parameters"]
    assert packed["bytes"] < plain["bytes"] / 2


def test_a_pipe_gets_a_line_for_each_model(moxu: Moxu, mine: Path) -> None:
    lines = [line.split("\t") for line in moxu("models").out.splitlines()]
    assert [mine.name, "rwkv7"] in [line[:2] for line in lines]


def test_a_terminal_gets_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    model = models.Description("mine", "rwkv7", 6_500_000, 26_000_000, "CC0", "小说", "/models/mine")
    models._print_table([model])
    heading, line = capsys.readouterr().out.splitlines()
    assert "parameters" in heading
    assert line.split() == ["mine", "rwkv7", "6.5M", "26.0", "MB", "CC0", "小说"]


def test_a_damaged_model_is_named_and_the_others_are_listed(moxu: Moxu, mine: Path, user_models: Path) -> None:
    shutil.copytree(mine, user_models / "broken")
    (user_models / "broken" / folder.WEIGHTS).write_bytes(b"\0" * 9)
    answer = moxu("models")
    assert answer.status == 1
    assert "mine" in answer.out
    assert "broken" in answer.err.splitlines()[-1]
