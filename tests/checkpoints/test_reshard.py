"""Resharding: tensor by tensor what ``change_mp.py`` makes, without holding the model."""

from pathlib import Path

import pytest
import torch

import cpm1_original
from moxu.checkpoints import reshard as resharding
from moxu.checkpoints.cpm1 import open_parts
from moxu.checkpoints.megatron import Parts
from moxu.checkpoints.reshard import Resharded, reshard
from moxu.checkpoints.unpickle import read_pickle
from moxu.errors import CheckpointError, SettingsError

MODULE = cpm1_original.whole_module()
LEFT_OUT = ("optimizer", "csr_tensor_module_names")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A checkpoint of two parts."""
    return cpm1_original.write(tmp_path / "two", MODULE, 2)


@pytest.mark.parametrize("parts", [1, 2, 4, 8])
def test_new_parts_hold_their_share_and_the_state_of_the_part_they_come_from(
    two: Path, tmp_path: Path, parts: int
) -> None:
    done = reshard(two, tmp_path / "new", parts)
    assert done == Resharded(2, parts, len(MODULE), LEFT_OUT)
    for part in range(parts):
        found = cpm1_original.load(tmp_path / "new", part)
        module = {name: cpm1_original.part_of(name, tensor, part, parts) for name, tensor in MODULE.items()}
        kept = cpm1_original.entries(part * 2 // parts, parts) | dict.fromkeys(LEFT_OUT)
        assert cpm1_original.same(found, {**kept, "module": module})


@pytest.mark.parametrize(
    ("source", "parts", "expected"), [("mp2", 1, "mp2_MP1"), ("mp2", 4, "mp2_MP4"), ("mp2_MP1", 2, "mp2_MP1_MP2")]
)
def test_result_is_that_of_the_original(
    reference: Path, tmp_path: Path, source: str, parts: int, expected: str
) -> None:
    public = reference / "cpm1" / "public"
    reshard(public / source, tmp_path / "new", parts)
    for part in range(parts):
        theirs = read_pickle(cpm1_original.part_file(public / expected, part))
        assert cpm1_original.same(read_pickle(cpm1_original.part_file(tmp_path / "new", part)), theirs)
        assert cpm1_original.same(cpm1_original.load(tmp_path / "new", part), theirs)


def test_way_there_and_back_loses_nothing(two: Path, tmp_path: Path) -> None:
    reshard(two, tmp_path / "four", 4)
    reshard(tmp_path / "four", tmp_path / "back", 2)
    for part in range(2):
        modules = [cpm1_original.load(path, part)["module"] for path in (two, tmp_path / "back")]
        assert cpm1_original.same(*modules)


def test_files_hold_nothing_but_their_share(two: Path, tmp_path: Path) -> None:
    """The original stores views of whole tensors, which are as large as these."""
    reshard(two, tmp_path / "new", 4)
    for tensor in cpm1_original.load(tmp_path / "new", 3)["module"].values():
        assert tensor.is_contiguous()
        assert tensor.untyped_storage().nbytes() == tensor.nbytes


def test_source_is_opened_anew_when_much_of_it_was_read(
    two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def open_and_count(path: Path) -> Parts:
        opened.append(path)
        return open_parts(path)

    monkeypatch.setattr(resharding, "open_parts", open_and_count)
    monkeypatch.setattr(resharding, "_HELD_BYTES", 1000)
    reshard(two, tmp_path / "new", 1)
    total = sum(tensor.nbytes for tensor in MODULE.values())
    assert total // 2000 < len(opened) < len(MODULE)
    assert cpm1_original.same(cpm1_original.load(tmp_path / "new", 0)["module"], MODULE)


def test_progress_is_told_after_each_tensor(two: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    reshard(two, tmp_path / "new", 1, lambda done, total: told.append((done, total)))
    assert len(told) == len(MODULE)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (sum(tensor.nbytes for tensor in MODULE.values()),) * 2


def test_state_of_a_class_that_is_not_here_is_left_out_and_named(two: Path, tmp_path: Path) -> None:
    for part in range(2):
        found = cpm1_original.load(two, part)
        found["lr_scheduler"] = torch.nn.Linear(1, 1)  # a module, as some versions keep their scheduler
        torch.save(found, cpm1_original.part_file(two, part))
    assert "lr_scheduler" in reshard(two, tmp_path / "new", 1).dropped
    assert cpm1_original.load(tmp_path / "new", 0)["lr_scheduler"] is None


def test_checkpoint_is_not_cut_in_its_own_place(two: Path) -> None:
    for source, target in ((two, two), (two / "80000", two), (two, two / "80000"), (two, two / "parts" / "new")):
        with pytest.raises(CheckpointError, match="lies in the checkpoint itself; give another folder"):
            reshard(source, target, 1)
    assert cpm1_original.same(
        cpm1_original.load(two, 1)["module"]["word_embeddings.weight"], MODULE["word_embeddings.weight"][12:]
    )


def test_number_of_parts_must_be_possible(two: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="parts is 0; expected at least 1"):
        reshard(two, tmp_path / "new", 0)
    with pytest.raises(
        CheckpointError, match=r"new: 3 equal parts cannot be made of 'transformer\.layers\.0\.attention"
    ):
        reshard(two, tmp_path / "new", 3)
    with pytest.raises(CheckpointError, match="1000000000 equal parts"):  # at once, and without memory for each
        reshard(two, tmp_path / "new", 1_000_000_000)
    assert not (tmp_path / "new").exists()


def test_damaged_source_leaves_no_target(two: Path, tmp_path: Path) -> None:
    file = cpm1_original.part_file(two, 1)
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(CheckpointError, match="mp_rank_01"):
        reshard(two, tmp_path / "new", 1)
    assert not (tmp_path / "new").exists()
