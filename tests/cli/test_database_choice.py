from pathlib import Path

import click
import pytest

from moxu.cli.database_choice import open_store, user_file
from moxu.errors import StoreError


@pytest.fixture
def user_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's own data, which is not there yet."""
    folder = tmp_path / "data" / "moxu"
    monkeypatch.setattr(click, "get_app_dir", lambda name: str(folder.with_name(name)))
    return folder


@pytest.mark.parametrize("url", [None, ""])
def test_stories_lie_with_the_users_own_data(
    user_data: Path, url: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(url) as store:
        store.create_story("长夜行")
    assert user_file() == user_data / "moxu.sqlite"
    assert capsys.readouterr().err == f"stories are kept in {user_data / 'moxu.sqlite'}\n"
    with open_store(str(user_file())) as store:
        assert [story.title for story in store.stories()] == ["长夜行"]


def test_a_database_that_is_named_is_the_only_one_that_is_touched(user_data: Path, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'named.db'}"):
        pass
    assert (tmp_path / "named.db").is_file()
    assert not user_data.exists()


def test_a_folder_that_cannot_be_made_is_told_in_one_line(user_data: Path) -> None:
    user_data.parent.write_text("not a folder", "utf-8")
    with pytest.raises(StoreError, match="name a file for the stories with --database"):
        open_store(None)


def test_a_password_is_not_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(StoreError) as error:
        open_store(f"postgresql://moxu:secret@/desk?host={tmp_path}")
    assert "secret" not in str(error.value) + capsys.readouterr().err
