from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import cpm1_original
from moxu.checkpoints import folder
from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.kinds import FORMATS

Moxu = Callable[..., Any]


def test_a_checkpoint_goes_through_its_original_format_and_back(moxu: Moxu, rwkv7: Path, tmp_path: Path) -> None:
    there = moxu("convert", rwkv7, tmp_path / "model.pth", "--store", "float32")
    assert (there.status, there.err) == (0, "")
    assert "rwkv7" in there.out
    assert "model.pth (rwkv7)" in there.out
    back = moxu("convert", tmp_path / "model.pth", tmp_path / "back", "--vocab", rwkv7)
    assert back.status == 0
    before, after = (folder.read(path, ReadOptions()) for path in (rwkv7, tmp_path / "back"))
    assert after.tokenizer is not None
    assert all(torch.equal(after.tensors[name], tensor) for name, tensor in before.tensors.items())


def test_an_original_file_is_converted_to_paddle(moxu: Moxu, golden: Path, tmp_path: Path) -> None:
    answer = moxu("convert", golden / "checkpoints" / "model.pth", tmp_path / "model.pdparams")
    assert answer.status == 0
    assert "model.pth (aiwriter1)" in answer.out
    assert "model.pdparams (paddle)" in answer.out


def test_help_names_every_kind(moxu: Moxu) -> None:
    said = " ".join(moxu("convert", "--help").out.split())
    assert f"{', '.join(list(FORMATS)[:-1])} or {list(FORMATS)[-1]}" in said


def test_cpm1_is_converted_and_cut_into_parts(moxu: Moxu, tmp_path: Path) -> None:
    module = cpm1_original.whole_module()
    source = cpm1_original.write(tmp_path / "source", module, 1)
    assert moxu("convert", source, tmp_path / "folder", "--set", "heads=2").status == 0
    answer = moxu("convert", tmp_path / "folder", tmp_path / "two", "--to", "cpm1", "--parts", 2)
    assert answer.status == 0
    assert "two (cpm1): " in answer.out
    for part in range(2):
        expected = {name: cpm1_original.part_of(name, tensor, part, 2) for name, tensor in module.items()}
        assert cpm1_original.same(cpm1_original.load(tmp_path / "two", part)["module"], expected)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "out"), "nowhere"),
        (("", "out"), "no model ''"),
        (("{model}", ""), "the name is empty"),
        (("{model}", "out", "--to", "padle"), "did you mean 'paddle'?"),
        (("{model}", "out", "--to", "aiwriter1"), "rwkv7"),
        (("{model}", "out", "--set", "context"), "expected key=value"),
        (("{model}", "out", "--set", "context=3"), "--set"),
        (("{model}", "out", "--parts", "2"), "only cpm1 checkpoints are cut into parts"),
    ],
)
def test_a_wrong_wish_is_answered_with_one_line_and_writes_nothing(
    moxu: Moxu, rwkv7: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = moxu("convert", *(argument.format(model=rwkv7) for argument in arguments))
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["models"]  # the user's own, there from the beginning
