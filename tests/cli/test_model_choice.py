import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.cli.model_choice import find, find_kind, installed
from moxu.errors import CheckpointError


def test_folders_of_the_user_are_installed_models(user_models: Path, rwkv7: Path) -> None:
    shutil.copytree(rwkv7, user_models / "mine")
    (user_models / "notes.txt").write_text("no model")
    (user_models / "empty").mkdir()
    assert installed()["mine"] == user_models / "mine"
    assert not {"notes.txt", "empty"} & installed().keys()
    assert find("mine") == user_models / "mine"


def test_an_installed_name_goes_before_a_path_and_a_path_is_taken_as_it_is(
    user_models: Path, rwkv7: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(rwkv7, user_models / "mine")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert find("mine") == user_models / "mine"
    assert find("./mine") == Path("mine")


def test_a_missing_model_is_answered_with_the_installed_ones(user_models: Path, rwkv7: Path) -> None:
    shutil.copytree(rwkv7, user_models / "mine")
    with pytest.raises(CheckpointError, match=r"no model 'yours'.*mine"):
        find("yours")


def test_an_empty_name_is_no_path(rwkv7: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(rwkv7)  # where "." is a model
    with pytest.raises(CheckpointError, match="no model ''"):
        find("")


@pytest.mark.parametrize(
    "arguments",
    [
        ("write", "这", "--model", "{model}", "--out", "{model}"),
        ("write", "这", "--model", "{model}", "--vocab", "{vocab}", "--out", "{vocab}"),
        ("expand", "这", "--model", "{model}", "--out", "{model}"),
        ("lyric", "-", "--model", "{model}", "--out", "{model}"),
        ("chat", "这", "--model", "{model}", "--out", "{model}"),
        ("score", "{model}", "{vocab}", "--by-position", "{model}"),
        ("logits", "{model}", "--ids", "1", "--out", "{model}"),
    ],
)
def test_no_command_writes_over_what_its_model_is_read_from(
    moxu: Callable[..., Any], golden: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    model, vocab = tmp_path / "model.pth", tmp_path / "words.json"
    shutil.copy(golden / "checkpoints" / "model.pth", model)
    vocab.write_text("{}", "utf-8")
    before = [path.read_bytes() for path in (model, vocab)]
    answer = moxu(*(word.format(model=model, vocab=vocab) for word in arguments), stdin="这\n".encode())
    assert (answer.status, answer.out) == (2, "")
    assert "is read from; name another" in answer.err
    assert [path.read_bytes() for path in (model, vocab)] == before


def test_a_folder_that_is_no_checkpoint_is_answered_with_the_installed_ones(
    user_models: Path, rwkv7: Path, tmp_path: Path
) -> None:
    shutil.copytree(rwkv7, user_models / "mine")
    (tmp_path / "texts").mkdir()
    with pytest.raises(CheckpointError, match=r"texts: no checkpoint.*installed models: .*mine"):
        find_kind(tmp_path / "texts")
