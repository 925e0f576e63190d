"""Files that are whole or not there."""

import errno
from pathlib import Path

import pytest

from moxu.checkpoints.atomic import replacing, replacing_in
from moxu.errors import CheckpointError


def test_file_takes_its_place_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "model.pth"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [file.name for file in path.parent.iterdir()] == ["model.pth"]


def write_and_fail(path: Path, error: BaseException) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("bad")])
def test_failure_leaves_the_old_file_and_no_other(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "model.pth"
    path.write_text("old")
    with pytest.raises(type(error)):
        write_and_fail(path, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_is_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_text("old")
    with pytest.raises(CheckpointError, match="No space left on device; what was there is unchanged"):
        write_and_fail(path, OSError(errno.ENOSPC, "No space left on device"))
    assert path.read_text() == "old"


def test_folder_that_failed_to_fill_goes_away(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bad"), replacing_in(tmp_path / "fresh"):
        raise ValueError("bad")
    assert list(tmp_path.iterdir()) == []


def test_other_files_of_a_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with replacing_in(tmp_path, last="a") as folder:
        (folder / "a").write_text("1")
        (folder / "b").write_text("2")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b", "notes.txt"]


def test_place_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="file: could not be written"), replacing(tmp_path / "file" / "model.pth"):
        pass


def test_file_does_not_take_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.h5").mkdir()
    message = r"model\.h5: is a folder; give the name of a file"
    with pytest.raises(CheckpointError, match=message), replacing(tmp_path / "model.h5"):
        pass


def test_folder_takes_the_place_of_the_whole_folder_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "100").mkdir()
    (tmp_path / "100" / "old").write_text("old")
    with replacing_in(tmp_path, last="latest") as folder:
        (folder / "100").mkdir()
        (folder / "100" / "new").write_text("new")
        (folder / "latest").write_text("100")
    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*")) == ["100", "100/new", "latest"]
