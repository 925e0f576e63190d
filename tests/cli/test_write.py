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
    by_id = {"logit_bias"}  # of programs, which know the ids of a vocabulary
    assert {field.name for field in dataclasses.fields(SamplingOptions)} - by_id <= flags


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
    arguments = ("write", "--model", aiwriter1, "--chars", 20, "--seed", 1)
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


@pytest.mark.parametrize("name", ["gpt", "dialogues", "unilm", "misaka"])
def test_every_architecture_writes_past_its_window(moxu: Moxu, request: pytest.FixtureRequest, name: str) -> None:
    arguments = ("write", OPENING, "--model", request.getfixturevalue(name), "--chars", 90, "--past-end", "--seed", 1)
    answer = moxu(*arguments)
    assert answer.status == 0
    assert answer.out.startswith(OPENING)
    assert len(answer.out.rstrip("\n")) in range(93, 95)
    assert moxu(*arguments).out == answer.out


def test_a_misaka_model_is_used_as_it_was(moxu: Moxu, misaka: Path) -> None:
    answer = moxu("write", "这是一颗\n他说", "--model", misaka, "--chars", 40, "--seed", 2, "--json")
    assert json.loads(answer.out)["settings"].items() >= dataclasses.asdict(PRESETS["misaka"]).items()
    assert "The opening has 7 characters; the model sees all of them (a source of up to 126 ids)." in answer.err


def test_a_model_that_reads_a_source_says_how_much_of_the_opening_it_sees(moxu: Moxu, unilm: Path) -> None:
    answer = moxu("write", OPENING * 4, "--model", unilm, "--chars", 5)
    assert "The opening has 16 characters; the model sees only the last 10 (a source of up to 10 ids)." in answer.err


def test_cpm_writes_past_the_end_of_a_document_unless_told_not_to(moxu: Moxu, cpm: Path) -> None:
    arguments = ("write", "山高<eod>水长", "--model", cpm, "--chars", 300, "--seed", 3, "--json")
    on, off = json.loads(moxu(*arguments).out), json.loads(moxu(*arguments, "--no-past-end").out)
    assert (on["settings"]["preset"], on["settings"]["past_end"]) == ("cpm-novel", True)
    assert on["continuations"][0]["finish_reason"] == "length"
    assert off["continuations"][0]["finish_reason"] == "end"
    assert on["continuations"][0]["text"].startswith(off["continuations"][0]["text"] + "\n")


def test_past_the_end_of_a_document_a_text_goes_on_on_a_new_line(moxu: Moxu, gpt: Path) -> None:
    arguments = ("write", OPENING, "--model", gpt, "--chars", 300, "--seed", 3)
    ended = moxu(*arguments, "--preset", "wild").out
    assert len(ended) < 300
    assert moxu(*arguments, "--preset", "wild", "--past-end").out.startswith(ended)


def test_beams_draw_nothing(moxu: Moxu, gpt: Path, unilm: Path) -> None:
    for model in (gpt, unilm):
        arguments = ("write", OPENING, "--model", model, "--chars", 9, "--beams", 3)
        assert moxu(*arguments, "--seed", 1).out == moxu(*arguments, "--seed", 2).out
    settings = json.loads(moxu("write", OPENING, "--model", gpt, "--chars", 9, "--beams", 3, "--json").out)["settings"]
    assert (settings["preset"], settings["beams"]) == ("greedy", 3)


def test_a_smaller_context_is_a_smaller_window(moxu: Moxu, gpt: Path) -> None:
    answer = moxu("write", OPENING * 9, "--model", gpt, "--chars", 50, "--context", 8, "--window", "lines")
    assert answer.status == 0
    assert "the model sees only the last 8 (its window: 8)" in answer.err


@pytest.mark.parametrize(
    ("name", "flags", "said"),
    [
        ("gpt", ["--context", "99"], "context is 99, but the model can hold only 24"),
        ("gpt", ["--context", "1"], "context is 1; expected at least 2"),
        ("unilm", ["--context", "9"], "this model writes by passages"),
        ("gpt", ["--beams", "0"], "beams is 0"),
        ("gpt", ["--beams", "2", "-n", "3"], "count is 3, but beams only 2"),
        ("gpt", ["--beams", "2", "--preset", "wild"], "a search draws nothing"),
        ("aiwriter1", ["--preset", "misakka"], "did you mean 'misaka'?"),
    ],
)
def test_a_wish_that_a_model_cannot_fulfil_is_answered_with_one_line(
    moxu: Moxu, request: pytest.FixtureRequest, name: str, flags: list[str], said: str
) -> None:
    answer = moxu("write", OPENING, "--model", request.getfixturevalue(name), *flags)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]


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
