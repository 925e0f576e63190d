import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.cli import model_choice
from moxu.cli.write import write
from moxu.decode.options import PRESETS, SamplingOptions
from moxu.text.word_table import WordTable

Moxu = Callable[..., Any]
OPENING = "这是一颗"


@pytest.fixture
def wrote(moxu: Moxu, rwkv7: Path) -> Moxu:
    """Run ``moxu write --model <the small one>`` with more arguments."""
    return lambda *arguments, stdin=b"": moxu("write", "--model", rwkv7, "--chars", 24, *arguments, stdin=stdin)


def test_a_pipe_gets_the_opening_and_its_continuation_as_data(wrote: Moxu) -> None:
    answer = wrote(OPENING, "--seed", 5)
    assert answer.status == 0
    assert answer.out.startswith(OPENING)
    assert len(answer.out) == len(OPENING) + 24 + 1
    assert "\x1b" not in answer.out + answer.err
    assert "rwkv7" in answer.err
    assert "cpu" in answer.err
    assert "seed 5" in answer.err


def test_a_seed_writes_the_same_again_alone_or_among_others(wrote: Moxu) -> None:
    alone = wrote(OPENING, "--seed", 6).out
    assert wrote(OPENING, "--seed", 6).out == alone
    together = wrote(OPENING, "--seed", 5, "-n", 3).out
    assert together.count(OPENING) >= 3
    assert f"〔2/3 · seed 6〕\n{alone}" in together


def test_the_seed_that_was_chosen_is_told_and_repeats_the_text(wrote: Moxu) -> None:
    first = wrote(OPENING)
    seed = first.err.rpartition("seed ")[2].split()[0]
    assert wrote(OPENING, "--seed", seed).out == first.out


def test_out_gets_what_standard_output_gets(wrote: Moxu, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_text("an older text, which is longer than the new one will be" * 9)
    answer = wrote(OPENING, "-n", 3, "--out", out)
    assert out.read_bytes().decode() == answer.out


def test_json_is_one_object_and_nothing_else(wrote: Moxu, rwkv7: Path) -> None:
    answer = json.loads(wrote(OPENING, "--json", "--seed", 5, "-n", 2, "--top-k", 7).out)
    assert answer["model"] == rwkv7.name
    assert answer["seed"] == 5
    assert answer["settings"]["top_k"] == 7
    assert [one["seed"] for one in answer["continuations"]] == [5, 6]
    assert [one["finish_reason"] for one in answer["continuations"]] == ["length", "length"]
    assert answer["continuations"][0]["text"] == wrote(OPENING, "--seed", 5, "--top-k", 7).out.strip("\n")[4:]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_a_file_in_another_encoding_is_continued_like_the_text_itself(
    wrote: Moxu, tmp_path: Path, encoding: str
) -> None:
    text = "他说，这是一颗，也不是一颗。"
    (tmp_path / "opening.txt").write_bytes(text.encode(encoding))
    expected = wrote(text, "--seed", 1).out
    assert wrote("--file", tmp_path / "opening.txt", "--seed", 1).out == expected
    assert wrote("-", "--seed", 1, stdin=text.encode(encoding)).out == expected
    assert wrote("--seed", 1, stdin=text.encode(encoding)).out == expected


def test_indents_and_empty_lines_of_an_opening_are_no_data(wrote: Moxu) -> None:
    answer = wrote("　　这是一颗，\n\n　　那是一颗。\n", "--seed", 1)
    assert answer.out.startswith("这是一颗，\n那是一颗。\n")


def test_an_empty_opening_starts_a_paragraph(wrote: Moxu) -> None:
    answer = wrote("", "--seed", 1)
    assert answer.status == 0
    assert len(answer.out.strip("\n")) > 0
    assert wrote("--seed", 1, stdin=b"").out == answer.out


def test_a_text_ends_before_a_stop_string(wrote: Moxu) -> None:
    text = wrote("这", "--seed", 1).out[1:-1]
    stop = text[9]
    assert wrote("这", "--seed", 1, "--stop", stop, "--stop", "不会有").out == "这" + text.partition(stop)[0] + "\n"


def test_backslash_n_in_a_stop_string_is_a_newline(wrote: Moxu) -> None:
    settings = json.loads(wrote(OPENING, "--stop", "\\n\\n第", "--json").out)["settings"]
    assert settings["stop"] == ["\n\n第"]


def test_every_sampling_option_has_a_flag() -> None:
    flags = {parameter.name for parameter in write.params}
    assert {field.name for field in dataclasses.fields(SamplingOptions)} <= flags


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--top-p", "1.5"], "top_p is 1.5; expected between 0 and 1"),
        (["--temperature", "-1"], "between 0 and 10"),
        (["--top-k", "0"], "at least 1"),
        (["--chars", "0"], "max_chars is 0; expected at least 1"),
        (["-n", "0"], "count is 0; expected between 1 and 1024"),
        (["--seed", "-1"], "seed is -1"),
        (["--preset", "wilde"], "did you mean 'wild'?"),
        (["--stop", ""], "empty"),
        (["--file", "other.txt"], "two openings"),
        (["--device", "mps"], "present: cpu"),
    ],
)
def test_a_wrong_wish_is_answered_with_one_line(wrote: Moxu, flags: list[str], said: str) -> None:
    answer = wrote(OPENING, *flags)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]


def test_a_chinese_preset_is_known(wrote: Moxu) -> None:
    assert wrote(OPENING, "--preset", "稳", "--seed", 1).out == wrote(OPENING, "--preset", "steady", "--seed", 1).out


def test_flags_change_the_preset(wrote: Moxu) -> None:
    settings = json.loads(wrote(OPENING, "--json", "--preset", "wild", "--min-p", 0.2, "--greedy").out)["settings"]
    expected = dataclasses.replace(PRESETS["wild"], min_p=0.2, greedy=True)
    assert settings.items() >= dataclasses.asdict(expected).items()
    assert settings["preset"] == "wild"


def test_a_model_without_a_window_has_nothing_to_say_of_it(wrote: Moxu) -> None:
    assert "window" not in wrote(OPENING).err


def test_a_model_with_a_window_says_how_much_of_the_opening_it_sees(moxu: Moxu, aiwriter1: Path) -> None:
    arguments = ("write", "--model", aiwriter1, "--chars", 20)
    assert "The opening has 5 characters; the model sees all of them (its window: 12)." in moxu(*arguments, OPENING).err
    answer = moxu(*arguments, OPENING * 9)
    assert "The opening has 37 characters; the model sees only the last 12 (its window: 12)." in answer.err
    assert len(answer.out) == 36 + 20 + 1


def test_an_aiwriter_model_is_used_as_it_was(moxu: Moxu, aiwriter1: Path) -> None:
    answer = json.loads(moxu("write", OPENING, "--model", aiwriter1, "--chars", 20, "--json").out)
    assert answer["settings"]["preset"] == "aiwriter1"
    assert answer["settings"].items() >= dataclasses.asdict(PRESETS["aiwriter1"]).items()
    stopped = json.loads(moxu("write", OPENING, "--model", aiwriter1, "--window", "stop", "--json").out)
    assert stopped["continuations"][0]["finish_reason"] == "window"


def test_a_foreign_checkpoint_is_used_with_its_vocabulary(moxu: Moxu, golden: Path) -> None:
    words = golden / "text" / "aiwriter1_words.json"
    model = golden / "checkpoints" / "model.pth"
    without = moxu("write", OPENING, "--model", model)
    assert (without.status, without.out) == (2, "")
    assert "--vocab" in without.err.splitlines()[-1]
    answer = moxu("write", OPENING, "--model", model, "--vocab", words, "--chars", 20)
    assert answer.status == 0
    assert set(answer.out) <= set(OPENING) | set(WordTable.load(words).decode(range(301)))


def test_a_missing_model_is_answered_with_the_installed_ones(moxu: Moxu, tmp_path: Path) -> None:
    for model in ("nowhere", tmp_path):
        answer = moxu("write", OPENING, "--model", model)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert str(model) in answer.err
        assert "installed" in answer.err


def test_out_may_not_be_the_file_of_the_opening(wrote: Moxu, tmp_path: Path) -> None:
    file = tmp_path / "opening.txt"
    file.write_text(OPENING, "utf-8")
    answer = wrote("--file", file, "--out", tmp_path / "." / "opening.txt")
    assert answer.status == 2
    assert file.read_text("utf-8") == OPENING


def test_an_unusable_out_is_named(wrote: Moxu, tmp_path: Path) -> None:
    answer = wrote(OPENING, "--out", tmp_path / "nowhere" / "a.txt")
    assert answer.status == 2
    assert "--out" in answer.err
    assert "nowhere" in answer.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_named_and_the_text_until_then_is_on_the_page(wrote: Moxu) -> None:
    answer = wrote(OPENING, "--out", "/dev/full")
    assert answer.status == 1
    assert answer.err.splitlines()[-1].startswith("moxu: /dev/full: No space left on device")
    assert "Traceback" not in answer.err


def test_the_shipped_model_continues_an_opening(moxu: Moxu) -> None:
    if model_choice.DEFAULT not in model_choice.installed():
        pytest.skip("no model is shipped with this copy")
    answer = moxu("write", OPENING, "--chars", 60, "--seed", 1)
    assert answer.status == 0
    assert answer.out.startswith(OPENING)
    assert len(answer.out) == 4 + 60 + 1
    assert "\ufffd" not in answer.out
