"""A whole run: it learns, keeps its last checkpoints, and continues after a kill as if nothing had happened."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from moxu.checkpoints.folder import load_model
from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.corpus.pack.vocabulary import build_vocabulary
from moxu.errors import MoxuError, SettingsError, TextError
from moxu.train.gradients import GradientWorkers
from moxu.train.loop import LOG_FILE, StepReport, Trainer
from moxu.train.progress import TrainingProgress
from moxu.train.recipe import Recipe
from moxu.train.resume import TRAINING_FILE, saved

SENTENCE = "夜里下了一场雨，第二天他推开门，看见江上一只船也没有。"
MakeRecipe = Callable[..., Recipe]


class Quiet(TrainingProgress):
    """Keeps what a run reports instead of showing it."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__(Console(quiet=True), 0)
        self.bits: list[float] = []
        self.lines: list[str] = []
        self._stop_after = stop_after

    def step(self, report: StepReport) -> None:
        self.bits.append(report.bits)
        if len(self.bits) == self._stop_after:
            signal.raise_signal(signal.SIGINT)

    def say(self, line: str) -> None:
        self.lines.append(line)


def train(recipe: Recipe, run: Path, stop_after: int | None = None) -> tuple[Trainer, Quiet]:
    progress = Quiet(stop_after)
    trainer = Trainer(recipe, run, torch.device("cpu"), progress)
    trainer.train()
    return trainer, progress


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_loss_falls_on_a_text_that_repeats_itself(optimizer: str, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    _, progress = train(make_recipe(optimizer=optimizer, steps=40, save_every=40, validate_every=40), tmp_path)
    assert progress.bits[-1] < progress.bits[0] - 1.5


OTHER_MODELS: dict[str, dict[str, Any]] = {
    "aiwriter1": {"context": 16, "layers": 2, "heads": 2, "width": 16, "attention_width": 16, "feed_forward_width": 24},
    "aiwriter2": {"context": 16, "layers": 2, "width": 16, "ffn_pre": True, "copy_head": True, "b_eps": 1e-9},
}


def with_model(recipe: Recipe, architecture: str, **changes: Any) -> Recipe:
    config = {**OTHER_MODELS[architecture], **changes}
    return replace(recipe, model=replace(recipe.model, architecture=architecture, config=config))


@pytest.mark.parametrize("architecture", OTHER_MODELS)
def test_older_architectures_learn_too(architecture: str, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = with_model(make_recipe(steps=30, save_every=30, validate_every=30), architecture)
    _, progress = train(recipe, tmp_path)
    assert progress.bits[-1] < progress.bits[0] - 1


def test_sequences_longer_than_the_window_are_refused(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data.length is 16; the window of this model holds 12"):
        train(with_model(make_recipe(), "aiwriter1", context=12), tmp_path)


def test_last_checkpoints_are_kept_and_can_be_written_with(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    trainer, _ = train(make_recipe(keep=2), tmp_path)
    assert [path.name for path in saved(tmp_path)] == ["step-000004", "step-000006"]
    loaded = load_model(saved(tmp_path)[-1])
    assert loaded.card["steps"] == 6
    assert loaded.card["ids_read"] == 6 * 4 * 16
    assert loaded.card["validation"] == trainer.validation
    assert trainer.validation["step"] == 6
    ids = torch.tensor([[257, 258, 259]])
    with torch.inference_mode():
        assert torch.equal(loaded.model(ids), trainer.model(ids))


def test_log_has_a_line_for_each_validation(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    train(make_recipe(), tmp_path)
    log = [json.loads(line) for line in (tmp_path / LOG_FILE).read_text().splitlines()]
    assert [line["step"] for line in log] == [3, 6]
    assert all(0 < line["validation_bits_per_character"] < 20 for line in log)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_interrupted_run_continues_bit_for_bit(optimizer: str, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = make_recipe(optimizer=optimizer, workers=2)
    whole, whole_progress = train(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "broken", stop_after=3)
    resumed, resumed_progress = train(recipe, tmp_path / "broken")
    assert resumed_progress.lines[0] == "resuming at step 3 of 6"
    assert resumed_progress.bits == whole_progress.bits[3:]
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name


KILLED_RUN = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import json, torch
from pathlib import Path
from rich.console import Console
from moxu.settings import parse
from moxu.train.loop import Trainer
from moxu.train.progress import TrainingProgress
from moxu.train.recipe import Recipe

class Killed(TrainingProgress):
    def step(self, report):
        if report.step == 5:
            os.kill(os.getpid(), signal.SIGKILL)

recipe = parse(Recipe, json.loads(sys.argv[2]))
Trainer(recipe, Path(sys.argv[3]), torch.device("cpu"), Killed(Console(quiet=True), 6)).train()
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_run_killed_without_warning_continues_bit_for_bit(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = make_recipe(save_every=2)
    whole, whole_progress = train(recipe, tmp_path / "whole")
    plain = {
        "model": {"architecture": "rwkv7", "config": recipe.model.config},
        "data": {"folder": str(recipe.data.folder), "length": recipe.data.length},
        "optim": {"warmup_steps": 2, "lr": 0.01},
        "run": {"steps": 6, "sequences": 4, "micro_sequences": 2, "validate_every": 3, "save_every": 2},
    }
    arguments = [str(Path(__file__).parent), json.dumps(plain), str(tmp_path / "killed")]
    finished = subprocess.run([sys.executable, "-c", KILLED_RUN, *arguments], check=False)
    assert finished.returncode == -signal.SIGKILL
    resumed, progress = train(recipe, tmp_path / "killed")
    assert progress.lines[0] == "resuming at step 4 of 6"
    assert progress.bits == whole_progress.bits[4:]
    expected = whole.model.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in resumed.model.state_dict().items())


def test_damaged_checkpoint_is_passed_over_for_the_one_before_it(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    train(make_recipe(), tmp_path)
    newest = saved(tmp_path)[-1]
    content = (newest / TRAINING_FILE).read_bytes()
    (newest / TRAINING_FILE).write_bytes(content[: len(content) // 2])
    progress = Quiet()
    trainer = Trainer(make_recipe(), tmp_path, torch.device("cpu"), progress)
    assert trainer.step == 4
    assert "passing over a damaged checkpoint" in progress.lines[0]


def test_run_is_not_continued_with_another_recipe(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    train(make_recipe(), tmp_path)
    with pytest.raises(SettingsError, match="begun with another recipe or corpus"):
        train(make_recipe(seed=2), tmp_path)


def test_run_is_not_continued_on_another_corpus(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    train(make_recipe(), tmp_path / "run")
    works = [Text("别的", SENTENCE * 20), Text("验", SENTENCE, split="validation")]
    pack(works, build_vocabulary(works, 400), tmp_path / "other")
    recipe = make_recipe()
    with pytest.raises(SettingsError, match="another recipe or corpus"):
        train(replace(recipe, data=replace(recipe.data, folder=tmp_path / "other")), tmp_path / "run")


def test_corpus_without_validation_is_refused_before_the_first_step(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    works = [Text("甲", SENTENCE * 20)]
    pack(works, build_vocabulary(works, 400), tmp_path / "other")
    recipe = make_recipe()
    with pytest.raises(TextError, match="no documents for validation; it has: train"):
        Trainer(
            replace(recipe, data=replace(recipe.data, folder=tmp_path / "other")),
            tmp_path / "run",
            torch.device("cpu"),
            Quiet(),
        )


def test_loss_that_is_no_number_ends_the_run_with_what_was_saved(
    make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = GradientWorkers.step

    def broken(self: GradientWorkers, ids: torch.Tensor) -> tuple[float, list[torch.Tensor]]:
        loss, gradients = step(self, ids)
        return (loss if len(saved(tmp_path)) < 1 else math.nan), gradients

    monkeypatch.setattr(GradientWorkers, "step", broken)
    with pytest.raises(MoxuError, match=r"step 3: the loss is nan; begin again with a lower optim\.lr"):
        train(make_recipe(), tmp_path)
    assert [path.name for path in saved(tmp_path)] == ["step-000002"]


def test_longer_run_of_the_same_recipe_continues(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    train(make_recipe(), tmp_path)
    trainer, progress = train(make_recipe(steps=8), tmp_path)
    assert trainer.step == 8
    assert len(progress.bits) == 2
