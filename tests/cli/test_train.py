import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Moxu = Callable[..., Any]

RECIPE = """
[model]
architecture = "rwkv7"
[model.config]
width = 64
layers = 1
[data]
folder = "packed"
length = 16
[run]
steps = 3
sequences = 2
micro_sequences = 2
validate_every = 1000
validation_sequences = 2
save_every = 1000
[card]
description = "of a recipe"
"""


@pytest.fixture
def recipe(moxu: Moxu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small recipe with its data, in the working directory."""
    monkeypatch.chdir(tmp_path)
    texts = tmp_path / "texts"
    texts.mkdir()
    rows = ["title\tsplit\tera\tstyle"]
    for name, split in (("a", "train"), ("b", "validation")):
        (texts / f"{name}.txt").write_text("这是一颗星，那是一座山。\n" * 9, "utf-8")
        rows.append(f"{name}\t{split}\tnew\tplain")
    (tmp_path / "manifest.tsv").write_text("\n".join(rows), "utf-8")
    assert moxu("corpus", "pack", "texts", "--out", "packed", "--manifest", "manifest.tsv").status == 0
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE, "utf-8")
    return path


def test_a_trained_model_writes_and_a_done_run_says_so(moxu: Moxu, recipe: Path) -> None:
    answer = moxu("train", recipe, "--device", "cpu")
    assert answer.status == 0
    model = re.search(r"moxu write --model (\S+)", answer.err)
    assert model is not None
    assert Path(model[1]).parent == Path("runs/tiny")
    assert moxu("write", "这是", "--model", model[1], "--chars", 9).status == 0
    again = moxu("train", recipe)
    assert again.status == 0
    assert "done already, 3 steps" in again.err


def test_more_steps_go_on_where_the_run_ended(moxu: Moxu, recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "elsewhere"
    assert moxu("train", recipe, "--out", run).status == 0
    answer = moxu("train", recipe, "--out", run, "--set", "run.steps=5")
    assert answer.status == 0
    assert "resuming at step 3 of 5" in answer.err
    assert (run / "step-000005" / "config.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.toml"], "none.toml: no such file"),
        (["tiny.toml", "--set", "run.stepz=3"], "did you mean 'steps'?"),
        (["tiny.toml", "--set", "run.steps=0"], "expected at least 1"),
        (["tiny.toml", "--set", "data.folder=nowhere"], "moxu corpus pack"),
        (["tiny.toml", "--set", "run.workers=2", "--device", "cpu", "--threads", "2"], "--set run.workers=1"),
    ],
)
@pytest.mark.usefixtures("recipe")
def test_a_wrong_recipe_is_answered_with_one_line(moxu: Moxu, arguments: list[str], said: str) -> None:
    answer = moxu("train", *arguments)
    assert answer.status == 2
    assert said in answer.err.splitlines()[-1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_ctrl_c_saves_and_says_how_to_go_on(
    start: Callable[..., subprocess.Popen[bytes]], moxu: Moxu, recipe: Path, tmp_path: Path
) -> None:
    process = start("train", recipe, "--device", "cpu", "--set", "run.steps=1000000", "--set", "run.validate_every=5")
    log = tmp_path / "runs" / "tiny" / "log.jsonl"
    end = time.monotonic() + 60
    while not log.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    stopped = re.search(r"stopped and saved at step (\d+) of 1000000", err.decode())
    assert stopped is not None
    answer = moxu("train", recipe, "--set", f"run.steps={int(stopped[1]) + 1}", "--set", "run.validate_every=5")
    assert answer.status == 0
    assert f"resuming at step {stopped[1]}" in answer.err
