import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.text.cpm import END
from terminals import wait_until

Moxu = Callable[..., Any]
LYRIC = "这是一颗<eod> 他说过 <eod>\n"
SHOWN = "这是一颗\n他说过\n"
DRAWN = ("--preset", "cpm-lyric", "--temperature", 4)  # everything may follow


@pytest.fixture
def sung(moxu: Moxu, dialogues: Path, tmp_path: Path) -> Moxu:
    """Run ``moxu lyric <the lyric> --model <the small transformer whose lines end with a token>``."""
    file = tmp_path / "lyric.txt"
    file.write_text(LYRIC, "utf-8")
    return lambda *arguments: moxu("lyric", file, "--model", dialogues, "--chars", 300, *DRAWN, *arguments)


def test_the_lines_written_follow_those_given(sung: Moxu) -> None:
    answer = sung("--seed", 5)
    assert answer.status == 0
    assert answer.out.startswith(SHOWN)
    written = answer.out.removeprefix(SHOWN)
    assert len(written) in (300, 301)
    assert "\n" in written[:-1]  # the end of a document is a newline, and the text goes on
    assert END not in answer.out


def test_the_lines_of_a_file_without_marks_are_the_same_lyric(sung: Moxu, tmp_path: Path) -> None:
    marked = sung("--seed", 5).out
    (tmp_path / "lyric.txt").write_bytes("　　这是一颗\r\n\r\n他说过".encode("gb18030"))
    assert sung("--seed", 5).out == marked


def test_standard_input_is_named_by_a_dash(moxu: Moxu, sung: Moxu, dialogues: Path) -> None:
    answer = moxu("lyric", "-", "--model", dialogues, "--chars", 300, *DRAWN, "--seed", 5, stdin=LYRIC.encode())
    assert answer.out == sung("--seed", 5).out


def test_json_out_and_candidates_are_as_with_write(sung: Moxu, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    answer = json.loads(sung("--seed", 5, "-n", 2, "--json", "--out", out).out)
    assert (answer["settings"]["window"], answer["settings"]["past_end"]) == ("lines", True)
    assert [one["seed"] for one in answer["continuations"]] == [5, 6]
    assert out.read_text("utf-8") == sung("--seed", 5, "-n", 2).out


def test_a_full_window_drops_whole_lines(sung: Moxu) -> None:
    assert "the model sees all of them (its window: 9)" in sung("--seed", 5, "--context", 9).err
    assert "the model sees only the last 3 (its window: 5)" in sung("--seed", 5, "--context", 5).err


def test_a_model_of_lines_gets_newlines(moxu: Moxu, rwkv7: Path, tmp_path: Path) -> None:
    file = tmp_path / "lyric.txt"
    file.write_text(LYRIC, "utf-8")
    arguments = ("--model", rwkv7, "--chars", 30, "--seed", 5)
    assert moxu("lyric", file, *arguments).out == moxu("write", SHOWN, *arguments).out


def test_a_model_of_passages_continues_a_lyric(moxu: Moxu, misaka: Path, tmp_path: Path) -> None:
    (tmp_path / "lyric.txt").write_text(LYRIC, "utf-8")
    answer = moxu("lyric", tmp_path / "lyric.txt", "--model", misaka, "--chars", 30, "--seed", 5)
    assert answer.status == 0
    assert answer.out.startswith(SHOWN)


def test_cpm_continues_a_lyric_with_its_own_preset(moxu: Moxu, cpm: Path, tmp_path: Path) -> None:
    file = tmp_path / "lyric.txt"
    file.write_text(LYRIC, "utf-8")
    answer = moxu("lyric", file, "--model", cpm, "--chars", 40, "--seed", 5)
    assert answer.status == 0
    assert answer.out.startswith(SHOWN)
    settings = json.loads(moxu("lyric", file, "--model", cpm, "--chars", 40, "--json").out)["settings"]
    assert settings["preset"] == "cpm-lyric"


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        (" <eod>\n<eod>", [], "has no line"),
        ("", [], "has no line"),
        (LYRIC, ["--context", "99"], "can hold only 30"),
        (LYRIC, ["--context", "1"], "context is 1"),
        (LYRIC, ["--preset", "cpm-lyrics"], "did you mean 'cpm-lyric'?"),
        (LYRIC, ["--out", "lyric.txt"], "is the file the lyric is read from"),
        (LYRIC, ["--beams", "2", "--temperature", "0.5", "--preset", "wild"], "a search draws nothing"),
    ],
)
def test_a_wrong_wish_is_answered_with_one_line(
    sung: Moxu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lyric.txt").write_text(text, "utf-8")
    answer = sung(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]
    assert (tmp_path / "lyric.txt").read_text("utf-8") == text


def test_a_missing_file_is_named(moxu: Moxu, dialogues: Path) -> None:
    answer = moxu("lyric", "nowhere.txt", "--model", dialogues)
    assert (answer.status, answer.err) == (2, "moxu: nowhere.txt: no such file\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_leaves_what_is_written(
    start: Callable[..., subprocess.Popen[bytes]], dialogues: Path, tmp_path: Path
) -> None:
    (tmp_path / "lyric.txt").write_text(LYRIC, "utf-8")
    out = tmp_path / "out.txt"
    process = start("lyric", tmp_path / "lyric.txt", "--model", dialogues, "--chars", 1_000_000, "--out", out)
    wait_until(lambda: out.exists() and out.stat().st_size > 300)
    process.send_signal(signal.SIGINT)
    printed, err = process.communicate()
    assert process.returncode == 130
    assert out.read_bytes() == printed
    assert "Traceback" not in err.decode()
