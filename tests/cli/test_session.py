"""The program in processes of its own: interrupted, asked on a terminal, with nobody to read what it writes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from terminals import PATIENCE, PROMPT, Terminal, wait_until

OPENING = "这是一颗"
LONG = ("--chars", 1_000_000, "--seed", 5)
Start = Callable[..., subprocess.Popen[bytes]]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has neither these signals nor these terminals")


def test_ctrl_c_leaves_all_texts_in_out_and_exits_130(start: Start, rwkv7: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    process = start("write", OPENING, "--model", rwkv7, *LONG, "-n", 3, "--out", out)
    wait_until(lambda: out.exists() and out.stat().st_size > 300)
    process.send_signal(signal.SIGINT)
    printed, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err.decode()
    text = out.read_bytes().decode()
    assert text == printed.decode()
    first, second, third = (part.partition("〕\n")[2].strip("\n") for part in text.split("〔")[1:])
    assert len(first) > 50
    assert abs(len(first) - len(second)) < 50  # written together, so about as long
    assert abs(len(second) - len(third)) < 50


def test_an_interrupted_answer_in_json_is_whole(start: Start, rwkv7: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    process = start("write", OPENING, "--model", rwkv7, *LONG, "--json", "--out", out)
    wait_until(lambda: out.exists() and out.stat().st_size > 300)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate()
    assert process.returncode == 130
    (one,) = json.loads(printed)["continuations"]
    assert one["finish_reason"] == "cancelled"
    assert out.read_bytes().decode().rstrip("\n") == (OPENING + one["text"]).rstrip("\n")


def test_a_reader_that_leaves_ends_the_writing_quietly(start: Start, rwkv7: Path) -> None:
    process = start("write", OPENING, "--model", rwkv7, *LONG)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(12).decode() == OPENING
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(PATIENCE) == 1
    assert "Error" not in err
    assert "Exception" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_behind_standard_output_is_told_on_one_line() -> None:
    command = [sys.executable, "-m", "moxu.cli.main", "--help"]
    with Path("/dev/full").open("wb") as full:
        answer = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert answer.returncode == 1
    assert answer.stderr.decode() == "moxu: No space left on device; what was written before is kept\n"


def test_a_terminal_is_asked_for_openings_until_ctrl_d(
    terminal: Callable[..., Terminal], rwkv7: Path, tmp_path: Path
) -> None:
    here = terminal("write", "--model", rwkv7, "--chars", 20, "--seed", 5, "--out", tmp_path / "out.txt")
    here.wait_for(PROMPT)
    here.type(OPENING + "\n")
    shown = here.wait_for("characters/s")
    assert f"\x1b[36m　　{OPENING}\x1b[0m" in shown
    assert "\x1b[K" not in shown  # which would wipe the opening away
    assert "seed 5" in shown
    here.wait_for(PROMPT)
    here.type("\n")  # an empty opening starts a paragraph
    here.wait_for("characters/s")
    here.wait_for(PROMPT)
    here.type("\x04")
    assert here.process.wait(PATIENCE) == 0
    first, second = (tmp_path / "out.txt").read_bytes().decode().split("\n\n", 1)
    assert len(first.replace(OPENING, "", 1).rstrip("\n")) <= 20
    assert second


def test_ctrl_c_ends_a_text_and_at_the_prompt_the_program(terminal: Callable[..., Terminal], rwkv7: Path) -> None:
    here = terminal("write", "--model", rwkv7, *LONG, NO_COLOR="1")
    here.wait_for(PROMPT)
    here.type(OPENING + "\n")
    here.wait_for(f"　　{OPENING}")
    here.wait_for_more(60)
    here.type("\x03")
    shown = here.wait_for("characters/s")
    assert "\x1b[36m" not in shown
    assert "\x1b[2m" not in shown
    here.wait_for(PROMPT)
    for _ in range(10):  # the signal may come between the prompt's appearance and its first look at the keys
        here.type("\x03")
        with contextlib.suppress(subprocess.TimeoutExpired):
            here.process.wait(5)
            break
    assert here.process.returncode == 130


def test_a_long_opening_is_shown_once_it_has_been_read(terminal: Callable[..., Terminal], rwkv7: Path) -> None:
    here = terminal(
        "write", "长" * 300, "--model", rwkv7, "--chars", 9
    )  # three bytes each: this model does not know it
    before = here.wait_for("长")
    assert "reading the opening: 512 of 901" in before
    assert before.endswith("\r\x1b[K\x1b[36m　　长")
    here.wait_for("characters/s")
    assert here.process.wait(PATIENCE) == 0


def test_the_word_stop_leaves(terminal: Callable[..., Terminal], rwkv7: Path) -> None:
    here = terminal("write", "--model", rwkv7)
    here.wait_for(PROMPT)
    here.type("stop\n")
    assert here.process.wait(PATIENCE) == 0
