"""Checkpoints of a run on the disk: the last few, each whole."""

from pathlib import Path

import pytest
import torch

from moxu.checkpoints.checkpoint import Checkpoint
from moxu.errors import CheckpointError
from moxu.models.registry import build
from moxu.train import resume

CONFIG = {"vocab_size": 9, "width": 16, "layers": 1, "head_size": 8}


def checkpoint(value: float = 0.0) -> Checkpoint:
    tensors = {name: torch.full_like(tensor, value) for name, tensor in build("rwkv7", CONFIG).state_dict().items()}
    return Checkpoint("rwkv7", dict(CONFIG), tensors)


def test_only_the_last_checkpoints_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 10):
        resume.write(tmp_path, step, checkpoint(), {"step": step}, keep=2)
    assert [path.name for path in resume.saved(tmp_path)] == ["step-000002", "step-000010"]


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    resume.write(tmp_path, 3, checkpoint(0.5), {"step": 3, "optimizers": [{"state": torch.ones(2)}]}, keep=2)
    found = resume.latest(tmp_path, print)
    assert found is not None
    assert set(found[0].tensors["head.weight"].flatten().tolist()) == {0.5}
    assert found[1]["optimizers"][0]["state"].tolist() == [1.0, 1.0]


def test_no_checkpoint_is_nothing_to_resume(tmp_path: Path) -> None:
    assert resume.latest(tmp_path, print) is None


@pytest.mark.parametrize("damage", [resume.TRAINING_FILE, "model.safetensors", "config.json"])
def test_damage_of_any_file_leads_to_the_checkpoint_before(damage: str, tmp_path: Path) -> None:
    resume.write(tmp_path, 1, checkpoint(), {"step": 1}, keep=3)
    newest = resume.write(tmp_path, 2, checkpoint(), {"step": 2}, keep=3) / damage
    newest.write_bytes(newest.read_bytes()[:40])
    said: list[str] = []
    found = resume.latest(tmp_path, said.append)
    assert found is not None
    assert found[1]["step"] == 1
    assert damage in said[0]


def test_left_overs_of_a_killed_write_are_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / ".step-000005.part").mkdir()
    resume.write(tmp_path, 5, checkpoint(), {"step": 5}, keep=2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000005"]


def test_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(CheckpointError):
        resume.write(tmp_path / "run", 1, checkpoint(), {}, keep=1)
