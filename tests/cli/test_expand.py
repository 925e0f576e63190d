import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.decode.options import PRESETS
from terminals import PATIENCE, PROMPT, Terminal, wait_until

Moxu = Callable[..., Any]
OUTLINE = "这是一颗"


@pytest.fixture
def expanded(moxu: Moxu, misaka: Path) -> Moxu:
    """Run ``moxu expand --model <the small Misaka>`` with more arguments."""
    return lambda *arguments, stdin=b"": moxu("expand", "--model", misaka, "--chars", 30, *arguments, stdin=stdin)


def test_a_passage_is_printed_without_its_outline(expanded: Moxu) -> None:
    answer = expanded(OUTLINE, "--seed", 5)
    assert answer.status == 0
    assert 1 < len(answer.out) <= 31
    assert not answer.out.startswith(OUTLINE)
    assert "The outline has 4 characters; the model sees all of them (a source of up to 126 ids)." in answer.err
    assert "seed 5" in answer.err


def test_the_outline_decides_the_passage(expanded: Moxu) -> None:
    assert expanded(OUTLINE, "--seed", 5).out != expanded("他说过", "--seed", 5).out


def test_candidates_have_headings_seeds_and_a_file(expanded: Moxu, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    answer = expanded(OUTLINE, "--seed", 5, "-n", 3, "--out", out)
    assert out.read_text("utf-8") == answer.out
    assert f"〔2/3 · seed 6〕\n{expanded(OUTLINE, '--seed', 6).out}" in answer.out


def test_a_passage_is_one_however_long_it_may_become(moxu: Moxu, unilm: Path) -> None:
    given = ("expand", OUTLINE, "--model", unilm, "--chars", 500, "--json", "-n", 20, "--seed", 1)
    texts = json.loads(moxu(*given).out)["continuations"]
    reasons = {"end" if len(one["text"]) < 12 else "length" for one in texts}
    assert [one["finish_reason"] for one in texts] == ["end" if len(one["text"]) < 12 else "length" for one in texts]
    assert reasons == {"end", "length"}


def test_json_is_one_object_with_misakas_preset(expanded: Moxu) -> None:
    answer = json.loads(expanded(OUTLINE, "--json", "--seed", 5).out)
    assert answer["settings"]["preset"] == "misaka"
    assert answer["settings"]["occurrence_penalty"] == PRESETS["misaka"].occurrence_penalty
    assert answer["continuations"][0]["text"] == expanded(OUTLINE, "--seed", 5).out.removesuffix("\n")


def test_an_outline_comes_from_a_file_or_standard_input(expanded: Moxu, tmp_path: Path) -> None:
    (tmp_path / "outline.txt").write_text(OUTLINE, "gb18030")
    expected = expanded(OUTLINE, "--seed", 1).out
    assert expanded("--file", tmp_path / "outline.txt", "--seed", 1).out == expected
    assert expanded("--seed", 1, stdin=OUTLINE.encode()).out == expected


def test_beams_find_the_likeliest_passage_whatever_the_seed(expanded: Moxu) -> None:
    first = expanded(OUTLINE, "--beams", 3, "--seed", 1)
    assert first.status == 0
    assert first.out == expanded(OUTLINE, "--beams", 3, "--seed", 2).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["  \n"], "the outline is empty"),
        (["--json"], "the outline is empty"),  # standard input, which is empty here
        ([OUTLINE, "--file", "a.txt"], "two outlines"),
        ([OUTLINE, "--beams", "2", "--top-k", "3"], "top_k is 3: a search draws nothing"),
        ([OUTLINE, "--beams", "2", "-n", "3"], "count is 3, but beams only 2"),
        ([OUTLINE, "--top-p", "2"], "top_p is 2"),
        ([OUTLINE, "--window", "roll"], "No such option"),
    ],
)
def test_a_wrong_wish_is_answered_with_one_line(expanded: Moxu, arguments: list[str], said: str) -> None:
    answer = expanded(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]


def test_a_model_that_reads_from_left_to_right_is_refused(moxu: Moxu, rwkv7: Path, tmp_path: Path) -> None:
    answer = moxu("expand", OUTLINE, "--model", rwkv7, "--out", tmp_path / "out.txt")
    assert (answer.status, answer.out) == (2, "")
    assert "rwkv7 models read from left to right and can only continue: moxu write" in answer.err.splitlines()[-1]
    assert not (tmp_path / "out.txt").exists()


def test_out_may_not_be_the_file_of_the_outline(expanded: Moxu, tmp_path: Path) -> None:
    file = tmp_path / "outline.txt"
    file.write_text(OUTLINE, "utf-8")
    assert expanded("--file", file, "--out", file).status == 2
    assert file.read_text("utf-8") == OUTLINE


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_leaves_all_passages_in_out(
    start: Callable[..., subprocess.Popen[bytes]], misaka: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    process = start("expand", OUTLINE, "--model", misaka, "--chars", 500, "-n", 200, "--seed", 5, "--out", out)
    wait_until(lambda: out.exists() and out.stat().st_size > 60)
    process.send_signal(signal.SIGINT)
    printed, err = process.communicate()
    assert process.returncode == 130
    assert out.read_bytes() == printed
    assert printed.decode().count("〔") == 200
    assert "Traceback" not in err.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_a_terminal_is_asked_for_outlines_and_an_empty_one_is_asked_again(
    terminal: Callable[..., Terminal], misaka: Path
) -> None:
    here = terminal("expand", "--model", misaka, "--chars", 20, "--seed", 5)
    here.wait_for(PROMPT)
    here.type("\n")
    here.wait_for("the outline is empty")
    here.wait_for(PROMPT)
    here.type(OUTLINE + "\n")
    here.wait_for("characters/s")
    here.wait_for(PROMPT)
    here.type("\x04")
    assert here.process.wait(PATIENCE) == 0
