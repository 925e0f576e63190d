import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from moxu.checkpoints import folder
from terminals import PATIENCE, PROMPT, Terminal, wait_until

Moxu = Callable[..., Any]
QUESTION = "你在说"
SEPARATOR = 2
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has neither these signals nor these terminals")


@pytest.fixture
def asked(moxu: Moxu, dialogues: Path) -> Moxu:
    """Run ``moxu chat --model <the small model of dialogues>`` with more arguments."""
    return lambda *arguments, stdin=b"": moxu("chat", "--model", dialogues, "--chars", 8, *arguments, stdin=stdin)


def greedy_answer(path: Path, turns: str, characters: int = 8) -> str:
    """Answer as the course's bot does: read everything again for each character, and take the likeliest."""
    loaded = folder.load_model(path)
    model, tokenizer = loaded.model, loaded.tokenizer
    assert tokenizer is not None
    ids = tokenizer.encode(turns)
    before = len(ids)
    with torch.no_grad():
        while len(ids) < before + characters:
            logits = model(torch.tensor([ids]))[0, -1]
            logits[list(tokenizer.forbidden_ids)] = -torch.inf
            ids.append(int(logits.argmax()))
            if ids[-1] == SEPARATOR:
                break
    return tokenizer.decode(ids[before:])


def test_an_answer_is_that_of_the_courses_bot(asked: Moxu, dialogues: Path) -> None:
    answer = asked(QUESTION)
    assert answer.status == 0
    assert answer.out == greedy_answer(dialogues, f"{QUESTION}\t") + "\n"


def test_in_a_pipe_each_line_is_a_question_and_each_answer_a_line(asked: Moxu, dialogues: Path) -> None:
    answer = asked(stdin="你在说\n\n他\n".encode())
    first = greedy_answer(dialogues, "你在说\t")
    second = greedy_answer(dialogues, f"你在说\t{first}\t他\t")
    assert answer.out == f"{first}\n\n{second}\n"
    assert asked("-", stdin="你在说\n\n他\n".encode("gb18030")).out == answer.out


def test_a_new_conversation_knows_nothing_of_the_one_before(asked: Moxu) -> None:
    alone = asked("他").out
    for word in ("/forget", "清空"):
        assert asked(stdin=f"你在说\n{word}\n他\nstop\n他\n".encode()).out.splitlines()[1:] == [alone.strip()]


def test_earlier_turns_come_from_a_file(asked: Moxu, dialogues: Path, tmp_path: Path) -> None:
    file = tmp_path / "dialogue.tsv"
    file.write_text("你在说\t他说\n", "utf-8")
    assert asked("他", "--file", file).out == greedy_answer(dialogues, "你在说\t他说\t他\t") + "\n"


def test_out_is_a_dialogue_that_can_be_gone_on_with(asked: Moxu, tmp_path: Path) -> None:
    out = tmp_path / "out.tsv"
    whole = asked(stdin="你在说\n他\n".encode()).out.splitlines()
    assert asked("你在说", "--out", out).out.splitlines() == whole[:1]
    assert out.read_text("utf-8") == f"你在说\t{whole[0]}\n"
    assert asked("他", "--file", out).out.splitlines() == whole[1:]


def test_json_is_one_object_and_nothing_else(asked: Moxu) -> None:
    answer = json.loads(asked(QUESTION, "--json", "--seed", 3).out)
    assert list(answer) == ["model", "seed", "settings", "continuations"]
    assert answer["settings"]["preset"] == "greedy"
    (one,) = answer["continuations"]
    assert one["text"] + "\n" == asked(QUESTION).out
    assert one["finish_reason"] in ("end", "length")


def test_a_seed_gives_the_same_answers_when_they_are_drawn(asked: Moxu) -> None:
    talk = "你在说\n他\n你\n".encode()
    drawn = ("--preset", "wild", "--seed", 4)
    assert asked(*drawn, stdin=talk).out == asked(*drawn, stdin=talk).out
    assert asked(*drawn, stdin=talk).out != asked("--preset", "wild", "--seed", 9, stdin=talk).out


def test_a_full_window_drops_the_oldest_turns(asked: Moxu, dialogues: Path, tmp_path: Path) -> None:
    """Of the 30 characters 8 are for the answer: three turns and the question are 23, two are 18."""
    file = tmp_path / "dialogue.tsv"
    file.write_text("你在说他\t他说你在说他\t你在说他你在\n", "utf-8")
    assert (
        asked("他他他", "--file", file).out == greedy_answer(dialogues, "他说你在说他\t你在说他你在\t他他他\t") + "\n"
    )


def test_a_question_longer_than_the_window_is_answered(asked: Moxu) -> None:
    assert asked("你在说" * 30).status == 0


def test_any_model_that_ends_a_text_can_be_talked_with(moxu: Moxu, rwkv7: Path) -> None:
    answer = moxu("chat", QUESTION, "--model", rwkv7, "--seed", 1)
    assert answer.status == 0
    assert answer.out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([" "], "the question is empty"),
        (["--json"], "--json needs a question"),
        (["-", "--json"], "--json needs a question"),
        ([QUESTION, "--file", "nowhere.tsv"], "nowhere.tsv: no such file"),
        ([QUESTION, "--context", "31"], "can hold only 30"),
        ([QUESTION, "--preset", "gredy"], "did you mean 'greedy'?"),
        ([QUESTION, "-n", "2"], "No such option"),
        ([QUESTION, "--out", "nowhere/a.tsv"], "--out nowhere/a.tsv"),
    ],
)
def test_a_wrong_wish_is_answered_with_one_line(asked: Moxu, arguments: list[str], said: str) -> None:
    answer = asked(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]


def test_a_model_that_cannot_talk_is_refused(moxu: Moxu, misaka: Path, aiwriter1: Path) -> None:
    assert "gau models read a source" in moxu("chat", QUESTION, "--model", misaka).err.splitlines()[-1]
    assert "no token that ends a turn" in moxu("chat", QUESTION, "--model", aiwriter1).err.splitlines()[-1]


def test_out_may_not_be_the_file_of_the_dialogue(asked: Moxu, tmp_path: Path) -> None:
    file = tmp_path / "dialogue.tsv"
    file.write_text("你在说\t他说\n", "utf-8")
    assert asked(QUESTION, "--file", file, "--out", file).status == 2
    assert file.read_text("utf-8") == "你在说\t他说\n"


@POSIX
def test_ctrl_c_in_a_pipe_leaves_what_is_written(
    start: Callable[..., subprocess.Popen[bytes]], rwkv7: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.tsv"
    given = ("--model", rwkv7, "--chars", 1_000_000, "--seed", 5, "--out", out)
    process = start("chat", QUESTION, *given, "--json", "--temperature", 0.5)
    wait_until(lambda: (out.exists() and out.stat().st_size > 300) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    printed, err = process.communicate()
    assert process.returncode == 130, err
    (one,) = json.loads(printed)["continuations"]
    assert one["finish_reason"] == "cancelled"
    assert out.read_text("utf-8").startswith(f"{QUESTION}\t")


@POSIX
def test_a_terminal_is_a_conversation_that_no_ctrl_c_ends(
    terminal: Callable[..., Terminal], rwkv7: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.tsv"
    here = terminal("chat", "--model", rwkv7, "--chars", 1_000_000, "--seed", 5, "--out", out, NO_COLOR="1")
    here.wait_for(PROMPT)
    here.type("你在\n")
    here.wait_for("你在\r\n")
    here.wait_for_more(200)
    here.type("\x03")  # ends the answer
    here.wait_for(PROMPT)
    here.press_until("说\x03", "The conversation is kept")  # and drops the line
    here.wait_for(PROMPT)
    here.type("/forget\n")
    here.wait_for("Forgotten")
    here.wait_for(PROMPT)
    here.type("他\n")
    here.wait_for("他\r\n")
    here.wait_for_more(60)
    here.type("\x03")
    here.wait_for(PROMPT)
    here.type("\x04")
    assert here.process.wait(PATIENCE) == 0
    first, second, end = out.read_text("utf-8").split("\n")
    assert first.startswith("你在\t")
    assert second.startswith("他\t")
    assert end == ""


@POSIX
def test_the_word_stop_leaves(terminal: Callable[..., Terminal], dialogues: Path) -> None:
    here = terminal("chat", "--model", dialogues)
    here.wait_for("/forget (or 清空)")
    here.wait_for(PROMPT)
    here.type("\n")  # nothing was asked
    here.wait_for(PROMPT)
    here.type("stop\n")
    assert here.process.wait(PATIENCE) == 0
