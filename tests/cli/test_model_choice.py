import shutil
from pathlib import Path

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


def test_a_folder_that_is_no_checkpoint_is_answered_with_the_installed_ones(
    user_models: Path, rwkv7: Path, tmp_path: Path
) -> None:
    shutil.copytree(rwkv7, user_models / "mine")
    (tmp_path / "texts").mkdir()
    with pytest.raises(CheckpointError, match=r"texts: no checkpoint.*installed models: .*mine"):
        find_kind(tmp_path / "texts")
