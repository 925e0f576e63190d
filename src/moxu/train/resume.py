"""Training checkpoints: written whole or not at all, the last few kept, a damaged one passed over with a word."""

import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from moxu.checkpoints import folder
from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.errors import CheckpointError
from moxu.train.recipe import Recipe

TRAINING_FILE = "training.pt"


def write(run: Path, step: int, checkpoint: Checkpoint, training: dict[str, Any], keep: int) -> Path:
    """Write ``run/step-000123``: a moxu folder that can be written with, and what resuming needs beside it."""
    goal = run / f"step-{step:06d}"
    part = run / f".step-{step:06d}.part"
    if part.exists():
        shutil.rmtree(part)
    folder.write(checkpoint, part)
    torch.save(training, part / TRAINING_FILE)
    with (part / TRAINING_FILE).open("rb") as file:
        os.fsync(file.fileno())
    if goal.exists():
        shutil.rmtree(goal)
    part.replace(goal)
    for old in saved(run)[:-keep]:
        shutil.rmtree(old)
    return goal


def saved(run: Path) -> list[Path]:
    """Return the checkpoints of a run, oldest first."""
    return sorted(path for path in run.glob("step-*") if path.is_dir())


def latest(run: Path, say: Callable[[str], None]) -> tuple[Checkpoint, dict[str, Any]] | None:
    """Read the newest whole checkpoint of a run; None when there is none yet."""
    for path in reversed(saved(run)):
        try:
            return folder.read(path, ReadOptions()), _read_training(path / TRAINING_FILE)
        except CheckpointError as error:
            say(f"passing over a damaged checkpoint: {error}")
    return None


def _read_training(path: Path) -> dict[str, Any]:
    try:
        training: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"{path}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    return training


def recipe_key(recipe: Recipe) -> dict[str, Any]:
    """Return what a run must keep from its beginning: all of its recipe but length, look-ups, threads and places."""
    plain: dict[str, Any] = asdict(recipe)
    for name in ("steps", "validate_every", "validation_sequences", "save_every", "keep", "workers"):
        del plain["run"][name]
    del plain["data"]["folder"], plain["card"]
    return plain
