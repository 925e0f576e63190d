"""``moxu corpus build``: what it prints, its exit statuses, and mistakes on one line."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.folder import Corpus
from novels import novel
from terminals import Terminal, wait_until

Moxu = Callable[..., Any]
LONG = novel("long", count=200)
ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and terminals as Linux and macOS have them")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in ("江上", "山中", "雨夜"):
        (folder / f"{name}.txt").write_text(novel(f"{name}1", f"{name}2"), "utf-8")
    return folder


def test_it_ends_with_a_table_of_what_was_made(shelf: Path, tmp_path: Path, moxu: Moxu) -> None:
    answer = moxu("corpus", "build", shelf, "--out", tmp_path / "out", "--validation", "雨夜", "--workers", 1)
    assert answer.status == 0
    told = dict(line.split(maxsplit=1) for line in answer.out.splitlines())
    assert (told["works"], told["chapters"]) == ("3", "6")
    assert told["dropped"].startswith("0 chapters")
    assert "licence not stated" in answer.err
    assert [work.book.title for work in Corpus(tmp_path / "out").works("validation")] == ["雨夜"]


def test_what_cannot_be_read_is_named_and_the_status_says_so(shelf: Path, tmp_path: Path, moxu: Moxu) -> None:
    (shelf / "坏.epub").write_bytes(b"PK\x03\x04junk")
    (shelf / "t.jsonl.gz").write_bytes(gzip.compress(b'{"text": "\xe5\xa5\xbd\xe3\x80\x82"}\n{\n'))
    answer = moxu("corpus", "build", shelf, "--out", tmp_path / "out", "--workers", 1, "--licence", "CC0")
    assert answer.status == 1
    assert "left out: shelf/坏.epub: damaged archive" in answer.err
    assert "left out: shelf/t.jsonl.gz, line 2: is no JSON" in answer.err
    assert len(list(Corpus(tmp_path / "out").works())) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "0.5,0.5"], "expected three parts"),
        (["--split", "half"], "expected three parts, as in"),
        (["--near", "high"], "expected a number of 0.3 to 1, or off"),
        (["--near", "0.2"], "expected 0.3 to 1"),
        (["--without", "quote"], "did you mean 'quotes'"),
        (["--test", "雨"], "no work has the title '雨'; did you mean '雨夜'"),
        (["--manifest", "none.tsv"], "none.tsv: no such file"),
    ],
)
def test_mistakes_are_told_on_one_line(
    arguments: list[str], message: str, shelf: Path, tmp_path: Path, moxu: Moxu
) -> None:
    answer = moxu("corpus", "build", shelf, "--out", tmp_path / "out", "--workers", 1, *arguments)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert message in answer.err


def test_folder_that_cannot_be_written_is_told_on_one_line(shelf: Path, tmp_path: Path, moxu: Moxu) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    answer = moxu("corpus", "build", shelf, "--out", tmp_path / "file" / "out", "--workers", 1)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "file" in answer.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_full_disk_is_told_on_one_line_and_the_same_command_goes_on(
    shelf: Path, tmp_path: Path, moxu: Moxu, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("corpus", "build", shelf, "--out", tmp_path / "out", "--workers", 1, "--licence", "CC0")

    def full(*_: object) -> None:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    with monkeypatch.context() as patched:
        patched.setattr("moxu.corpus.build.pipeline.write_whole", full)
        answer = moxu(*command)
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert "No space left" in answer.err
    assert moxu(*command).status == 0


@ON_POSIX
def test_ctrl_c_stops_it_and_the_same_command_goes_on(
    tmp_path: Path, moxu: Moxu, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    rows = [json.dumps({"title": f"书{number}", "text": novel(number) + LONG}) for number in range(2000)]
    (tmp_path / "t.jsonl").write_text("\n".join(rows), "utf-8")
    out, prepared = tmp_path / "out", tmp_path / "out.part" / "prepared"
    process = start("corpus", "build", tmp_path / "t.jsonl", "--out", out, "--workers", 2, "--licence", "CC0")
    wait_until(lambda: process.poll() is not None or (prepared.is_dir() and any(prepared.glob("*.arrow"))))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert b"the same command goes on" in errors
    assert b"Traceback" not in errors
    (tmp_path / "t.jsonl").write_text("\n".join(rows[:50]), "utf-8")  # what is there of the rest is of no use now
    assert moxu("corpus", "build", tmp_path / "t.jsonl", "--out", out, "--workers", 1).status == 0
    assert len(list(Corpus(out).works())) == 50  # each has a chapter of its own


@ON_POSIX
def test_terminal_shows_a_bar_for_each_stage(shelf: Path, tmp_path: Path) -> None:
    terminal = Terminal("corpus", "build", shelf, "--out", tmp_path / "out", "--workers", 1)
    for stage in ("reading, cleaning", "finding duplicates", "writing", "characters"):
        terminal.wait_for(stage)
    assert terminal.process.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cluster", "shelf"], "--cluster shelf: expected HOST:PORT or auto; a bare --cluster stands behind all SRC"),
        (["--cluster", "127.0.0.1:99999"], "no cluster answers there; start one with ray start --head"),
        (["--cluster", "127.0.0.1:6379", "--workers", 2], "the cluster at 127.0.0.1:6379 has its own"),
    ],
)
def test_mistakes_about_a_cluster_are_told_on_one_line(
    arguments: list[object], message: str, shelf: Path, tmp_path: Path, moxu: Moxu
) -> None:
    answer = moxu("corpus", "build", shelf, "--out", tmp_path / "out", *arguments)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert message in answer.err


def test_cluster_without_ray_says_what_to_install(
    shelf: Path, tmp_path: Path, moxu: Moxu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moxu.serve.cluster.ray.find_spec", lambda name: None)  # noqa: ARG005
    answer = moxu("corpus", "build", shelf, "--out", tmp_path / "out", "--cluster")
    assert (answer.status, answer.err) == (
        2,
        "moxu: --cluster needs Ray, which is not installed: pip install 'moxu[cluster]'\n",
    )


def test_wrong_source_is_told_before_a_cluster_starts(tmp_path: Path, moxu: Moxu) -> None:
    answer = moxu("corpus", "build", tmp_path / "nothing", "--out", tmp_path / "out", "--cluster")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "no such file" in answer.err


@ON_POSIX
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'moxu[cluster]'")
def test_ctrl_c_ends_a_local_cluster_and_leaves_nothing_of_it(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    rows = [json.dumps({"title": f"书{number}", "text": novel(number) + LONG}) for number in range(2000)]
    (tmp_path / "t.jsonl").write_text("\n".join(rows), "utf-8")
    prepared = tmp_path / "out.part" / "prepared"
    environment = {name: "" for name in os.environ if name.startswith("RAY_")}
    process = start("corpus", "build", tmp_path / "t.jsonl", "--out", tmp_path / "out", "--cluster", **environment)
    wait_until(lambda: process.poll() is not None or (prepared.is_dir() and any(prepared.glob("*.arrow"))))
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "ppid=,args="], capture_output=True, text=True, check=True)
    ours = [row for row in map(str.split, listed.stdout.splitlines()) if row[0] == str(process.pid)]
    (folder,) = set(re.findall(r"/tmp/moxu-\w+", str(ours)))
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate()
    assert (process.returncode, out) == (130, b""), errors
    assert errors.decode().strip() == "stopped; what was read is in out.part, and the same command goes on from there"
    assert not Path(folder).exists()


def test_help_is_quick_to_load() -> None:
    code = (
        "import sys\nfrom moxu.cli.main import main\nmain(['corpus', 'build', '--help'])\n"
        "print(sorted({'numpy', 'pyarrow', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.splitlines()[-1] == "[]"
