"""The place of what is made: nobody's loss, one process at a time, and whole or as it was."""

import subprocess
import sys
from pathlib import Path

import pytest

from moxu.corpus.target import LOCK_FILE, check_target, claim, clear, is_free, part_of, take_place
from moxu.errors import SettingsError

CLAIM = """import sys; from pathlib import Path; from moxu.corpus.target import claim
file = claim(Path(sys.argv[1])); print("claimed", flush=True); sys.stdin.read()"""


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, "utf-8")
    return folder


def test_only_what_is_of_the_same_kind_may_be_replaced(tmp_path: Path) -> None:
    check_target(tmp_path / "none", ["a.json"], "corpus")
    check_target(tmp_path, ["a.json"], "corpus")
    put(tmp_path, "mine/a.json", "mine/b.bin", "other/a.json", "file")
    check_target(tmp_path / "mine", ["a.json", "b.bin"], "corpus")
    for name in ("other", "file"):
        with pytest.raises(SettingsError, match=f"--out .*{name}: exists and is no corpus; name another"):
            check_target(tmp_path / name, ["a.json", "b.bin"], "corpus")


def test_folder_that_was_only_claimed_is_free(tmp_path: Path) -> None:
    claim(tmp_path / "out").close()
    assert is_free(part_of(tmp_path / "out"))
    assert not is_free(put(tmp_path / "out.part", "x"))


def test_claim_keeps_other_processes_away_until_it_ends_however_it_does(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", CLAIM, str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"claimed"
        with pytest.raises(SettingsError, match="out: another process is at work on it"):
            claim(out)
        other.kill()
    claim(out).close()


def test_place_where_no_folder_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(SettingsError, match=r"--out .*file.out: .*; name another folder"):
        claim(tmp_path / "file" / "out")


def test_new_folder_takes_the_place_of_the_old_and_of_nothing_else(tmp_path: Path) -> None:
    put(tmp_path, "out/old", "out.old/mine")
    with claim(tmp_path / "out"):
        put(tmp_path, "out.part/left/over", "out.part/x")
        clear(tmp_path / "out.part")
        assert [path.name for path in (tmp_path / "out.part").iterdir()] == [LOCK_FILE]
        put(tmp_path, "out.part/new")
    take_place(tmp_path / "out.part", tmp_path / "out")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        *("out", "out.old", "out.old/mine", "out/new")
    ]
