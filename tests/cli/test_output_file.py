"""Files to write are refused before anything is read for them."""

from pathlib import Path

import pytest

from moxu.cli.output_file import check_output_file
from moxu.errors import SettingsError


def test_what_is_read_is_never_written_over(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    check_output_file("--html", None, [source])
    check_output_file("--html", tmp_path / "b.html", [source, tmp_path / "other"])
    check_output_file("--html", tmp_path / "b.html", [tmp_path])
    with pytest.raises(SettingsError, match=r"--html .*a\.txt: is among what is read"):
        check_output_file("--html", source, [source])
    with pytest.raises(SettingsError, match=r"--out .*: is among what is read"):
        check_output_file("--out", tmp_path / "sub" / "b.jsonl", [tmp_path], apart=True)


def test_file_must_have_a_folder_and_be_none(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "b.html"):
        with pytest.raises(SettingsError, match=r"expected the name of a file in a folder that is there"):
            check_output_file("--html", path, [])
