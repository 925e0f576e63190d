import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from moxu.checkpoints import folder

Moxu = Callable[..., Any]
TEXT = "这是一颗，\n那也是一颗。"


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, "utf-8")
    return path


def bits_of(table: Path) -> list[float]:
    with table.open(encoding="utf-8", newline="") as file:
        return [float(row["bits"]) for row in csv.DictReader(file)]


def test_the_score_is_that_of_the_training_form(moxu: Moxu, rwkv7: Path, text_file: Path) -> None:
    answer = moxu("score", rwkv7, text_file, "--json")
    loaded = folder.load_model(rwkv7)
    assert loaded.tokenizer is not None
    ids = torch.tensor([[0, *loaded.tokenizer.encode(TEXT)]])
    with torch.no_grad():
        logprobs = loaded.model(ids[:, :-1]).log_softmax(-1).gather(2, ids[:, 1:, None])
    score = json.loads(answer.out)
    assert list(score) == ["characters", "bits_per_character", "perplexity"]
    assert score["characters"] == len(TEXT)
    assert score["bits_per_character"] == pytest.approx(-float(logprobs.sum()) / math.log(2) / len(TEXT), rel=1e-4)
    assert score["perplexity"] == pytest.approx(math.exp(-float(logprobs.mean())), rel=1e-4)


def test_encoding_and_line_ends_do_not_matter(moxu: Moxu, rwkv7: Path, text_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_bytes(TEXT.replace("\n", "\r\n").encode("gb18030"))
    assert moxu("score", rwkv7, other).out == moxu("score", rwkv7, text_file).out


def test_the_bits_by_position_add_up(moxu: Moxu, rwkv7: Path, text_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "bits.csv"
    score = json.loads(moxu("score", rwkv7, text_file, "--by-position", path, "--json").out)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["position"]) for row in rows] == list(range(len(rows)))
    bits = sum(float(row["bits"]) for row in rows)
    assert bits / len(TEXT) == pytest.approx(score["bits_per_character"], abs=1e-4)
    assert "\n" in [row["text"] for row in rows]


@pytest.mark.parametrize("name", ["aiwriter1", "dialogues", "gpt", "misaka", "unilm"])
def test_every_architecture_scores_a_text_longer_than_its_window(
    moxu: Moxu, request: pytest.FixtureRequest, text_file: Path, tmp_path: Path, name: str
) -> None:
    text_file.write_text(TEXT * 9, "utf-8")
    given = (request.getfixturevalue(name), text_file, "--by-position", tmp_path / "bits.csv", "--json")
    score = json.loads(moxu("score", *given).out)
    bits = bits_of(tmp_path / "bits.csv")
    assert score["characters"] >= len(TEXT) * 9 - 1
    assert sum(bits) / score["characters"] == pytest.approx(score["bits_per_character"], abs=1e-4)


def test_a_smaller_context_is_a_smaller_window(moxu: Moxu, gpt: Path, text_file: Path, tmp_path: Path) -> None:
    text_file.write_text(TEXT * 9, "utf-8")
    for name, flags in (("whole", ()), ("same", ("--context", 24)), ("small", ("--context", 6))):
        assert moxu("score", gpt, text_file, "--by-position", tmp_path / name, *flags).status == 0
    whole, same, small = (bits_of(tmp_path / name) for name in ("whole", "same", "small"))
    assert whole == pytest.approx(same, abs=1e-4)
    assert whole[:6] == pytest.approx(small[:6], abs=1e-4)  # foreseen from the beginning
    assert whole[6:] != pytest.approx(small[6:], abs=1e-2)


@pytest.mark.parametrize(
    ("name", "context", "said"),
    [
        ("gpt", "25", "the model's window holds 24; give no more"),
        ("misaka", "9", "the model reads a source of 126 ids; leave it out"),
        ("gpt", "1", "1 is not in the range"),
    ],
)
def test_a_context_that_a_model_cannot_have_is_refused(
    moxu: Moxu, request: pytest.FixtureRequest, text_file: Path, name: str, context: str, said: str
) -> None:
    answer = moxu("score", request.getfixturevalue(name), text_file, "--context", context)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("none.txt", None, "no such file"),
        ("empty.txt", b"", "too short"),
        ("image.txt", bytes(range(256)), "not text"),
    ],
)
def test_an_unusable_text_is_named(
    moxu: Moxu, rwkv7: Path, tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    answer = moxu("score", rwkv7, tmp_path / name)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]


def test_the_table_may_not_be_the_text(moxu: Moxu, rwkv7: Path, text_file: Path) -> None:
    answer = moxu("score", rwkv7, text_file, "--by-position", text_file)
    assert (answer.status, answer.out) == (2, "")
    assert "is the file the text is read from" in answer.err
    assert text_file.read_text("utf-8") == TEXT


def test_a_table_that_cannot_be_written_is_told_before_the_scoring(
    moxu: Moxu, rwkv7: Path, text_file: Path, tmp_path: Path
) -> None:
    answer = moxu("score", rwkv7, text_file, "--by-position", tmp_path / "nowhere" / "bits.csv")
    assert (answer.status, answer.out) == (2, "")
    assert "--by-position" in answer.err
