"""Folders of parts: found wherever they are named from, and whatever is wrong with one is said of its file."""

import io
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import cpm1_original
from moxu.checkpoints import megatron
from moxu.checkpoints.cpm1 import open_parts, share_of
from moxu.errors import CheckpointError

MODULE = cpm1_original.whole_module()


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A checkpoint of two parts."""
    return cpm1_original.write(tmp_path / "two", MODULE, 2)


def test_parts_are_found_from_the_root_the_iteration_and_a_part(two: Path) -> None:
    for path in (two, two / "80000", cpm1_original.part_file(two, 1)):
        found = megatron.find_parts(path)
        assert found is not None
        assert found.iteration == "80000"
        assert [file.name for file in found.files] == ["mp_rank_00_model_states.pt", "mp_rank_01_model_states.pt"]


def test_release_is_an_iteration_too(tmp_path: Path) -> None:
    found = megatron.find_parts(cpm1_original.write(tmp_path, MODULE, 1, "release"))
    assert found is not None
    assert found.iteration == "release"


def test_folder_without_parts_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for path in (tmp_path, tmp_path / "notes.txt", tmp_path / "absent"):
        assert megatron.find_parts(path) is None


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_parts_join_to_the_whole(tmp_path: Path, parts: int) -> None:
    opened = open_parts(cpm1_original.write(tmp_path / "source", MODULE, parts))
    assert list(opened.shapes) == list(MODULE)
    for name, tensor in MODULE.items():
        assert opened.shapes[name].is_meta
        assert opened.shapes[name].shape == tensor.shape
        assert torch.equal(opened.join(name), tensor), name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds ''; expected the number of an iteration, or release"),
        ("../secrets", r"holds '\.\./secrets'; expected the number"),
        ("80001", "names '80001', but there is no such folder beside it"),
        ("nan", "holds 'nan'"),
        ("9" * 5000, "holds '9999"),
        ("\xff\xfe", "holds .* expected the number"),
    ],
)
def test_wrong_iteration_is_named(two: Path, text: str, message: str) -> None:
    (two / megatron.LATEST).write_text(text, encoding="latin-1")
    with pytest.raises(CheckpointError, match=rf"latest_checkpointed_iteration\.txt: {message}"):
        megatron.find_parts(two)


def test_missing_part_is_named(two: Path) -> None:
    cpm1_original.part_file(two, 0).unlink()
    with pytest.raises(CheckpointError, match=r"mp_rank_00_model_states\.pt: this part is missing"):
        open_parts(two)


def test_part_missing_at_the_end_is_named(two: Path) -> None:
    cpm1_original.part_file(two, 1).unlink()
    with pytest.raises(
        CheckpointError, match=r"mp_rank_00.*: is one of 2 parts, but 1 lie here; mp_rank_01.* is missing"
    ):
        open_parts(two)


def test_part_too_many_is_named(two: Path) -> None:
    shutil.copy(cpm1_original.part_file(two, 1), cpm1_original.part_file(two, 2))
    with pytest.raises(CheckpointError, match=r"mp_rank_00.*: is one of 2 parts, but 3 lie here$"):
        open_parts(two)


def change(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the module of the second part."""
    found = cpm1_original.load(path, 1)
    change(found["module"])
    torch.save(found, cpm1_original.part_file(path, 1))


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (
            lambda module: module.pop("word_embeddings.weight"),
            "mp_rank_01.*: the tensor 'word_embeddings.weight' is missing",
        ),
        (lambda module: module.update(extra=torch.ones(1)), "mp_rank_00.*: the tensor 'extra' is missing"),
        (
            lambda module: module.update({"word_embeddings.weight": torch.ones(2, 8)}),
            r"mp_rank_01.*: the tensor 'word_embeddings.weight' is \(2, 8\) float32, in mp_rank_00.* it is \(12, 8\)",
        ),
        (
            lambda module: module.update({"word_embeddings.weight": torch.ones(12, 8).half()}),
            r"mp_rank_01.*: .* is \(12, 8\) float16, in",
        ),
        (lambda module: module.update(note="text"), "mp_rank_01.*: 'note' of 'module' is a str; expected a tensor"),
        (lambda module: module.clear(), "mp_rank_01.*: 'module' is a dict; expected a dictionary of tensors"),
    ],
)
def test_part_unlike_the_others_is_named(two: Path, alter: Callable[[dict[str, Any]], object], message: str) -> None:
    change(two, alter)
    with pytest.raises(CheckpointError, match=message):
        open_parts(two)


def test_tensor_that_cannot_be_a_part_is_named(tmp_path: Path) -> None:
    odd = {**MODULE, "transformer.layers.0.attention.query_key_value.bias": torch.ones(())}
    (tmp_path / "80000").mkdir()
    torch.save({"module": odd}, cpm1_original.part_file(tmp_path, 0))
    with pytest.raises(
        CheckpointError, match=r"'transformer\.layers\.0\.attention\.query_key_value\.bias' has the shape"
    ):
        open_parts(tmp_path / "80000")


def test_tensor_that_cpm1_does_not_have_is_named_with_the_nearest(two: Path) -> None:
    for part in range(2):
        found = cpm1_original.load(two, part)
        found["module"]["word_embedding.weight"] = found["module"].pop("word_embeddings.weight")
        torch.save(found, cpm1_original.part_file(two, part))
    message = r"unexpected tensor 'word_embedding\.weight'; did you mean 'word_embeddings\.weight'"
    with pytest.raises(CheckpointError, match=message):
        open_parts(two)


class Malice:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo harm",)


def malicious() -> bytes:
    file = io.BytesIO()
    torch.save({"module": MODULE, "lr_scheduler": Malice()}, file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (malicious(), "refused: the pickle asks for (posix|nt).system"),
        (b"", "cannot be read|damaged"),
        (pickle.dumps({"model": {}}), "has no entry 'module'; expected a part of a Megatron checkpoint"),
        (pickle.dumps({"module": [1]}), "'module' is a list; expected a dictionary of tensors"),
        (pickle.dumps("text"), "has no entry 'module'"),
    ],
)
def test_part_that_is_none_is_named(two: Path, content: bytes, message: str) -> None:
    cpm1_original.part_file(two, 1).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"mp_rank_01_model_states.pt: ({message})"):
        open_parts(two)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_part_is_named(two: Path, share: float) -> None:
    file = cpm1_original.part_file(two, 1)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(CheckpointError, match=r"mp_rank_01_model_states\.pt: [^\n]+$"):
        open_parts(two)


def write(path: Path, parts: int) -> None:
    entries = [{"iteration": 7, "part": part} for part in range(parts)]
    shapes = {name: tensor.to("meta") for name, tensor in MODULE.items()}
    megatron.write_parts(path, "7", entries, shapes, MODULE.values(), share_of)


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_written_parts_are_those_of_the_original(tmp_path: Path, parts: int) -> None:
    write(tmp_path / "new", parts)
    assert (tmp_path / "new" / megatron.LATEST).read_text() == "7\n"
    for part in range(parts):
        found = torch.load(cpm1_original.part_file(tmp_path / "new", part, "7"), weights_only=True)
        expected = {name: cpm1_original.part_of(name, tensor, part, parts) for name, tensor in MODULE.items()}
        assert cpm1_original.same(found, {"iteration": 7, "part": part, "mp_world_size": parts, "module": expected})


def test_older_checkpoint_is_replaced_with_all_its_parts(two: Path) -> None:
    write(two, 4)
    write(two, 1)
    names = sorted(str(file.relative_to(two)) for file in (two / "7").iterdir())
    assert names == [str(Path("7") / "mp_rank_00_model_states.pt")]
    assert megatron.find_parts(two) == megatron.PartFolder(two, "7", (cpm1_original.part_file(two, 0, "7"),))


def test_folder_with_other_things_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="exists and is no checkpoint of parts"):
        write(tmp_path, 1)
    with pytest.raises(CheckpointError, match=r"notes\.txt: is a file; a checkpoint of parts is a folder"):
        write(tmp_path / "notes.txt", 1)


def test_number_of_parts_that_does_not_divide_a_tensor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"5 equal parts cannot be made of 'word_embeddings\.weight' \(24, 8\)"):
        write(tmp_path / "new", 5)
    assert list(tmp_path.iterdir()) == []


def test_interrupted_writing_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    def interrupted() -> Any:
        yield from list(MODULE.values())[:3]
        raise KeyboardInterrupt

    shapes = {name: tensor.to("meta") for name, tensor in MODULE.items()}
    with pytest.raises(KeyboardInterrupt):
        megatron.write_parts(tmp_path / "new", "7", [{}, {}], shapes, interrupted(), share_of)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "word"), [("80000", "80000"), (7, "7"), ("release", "release"), (None, "release"), ("../x", "release")]
)
def test_iteration_is_a_word_that_may_name_a_folder(value: object, word: str) -> None:
    assert megatron.iteration_of(value) == word
