"""``moxu reshard``: done with a word on what was done, or refused in a line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cpm1_original

Moxu = Callable[..., Any]
MODULE = cpm1_original.whole_module()


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A CPM-1 checkpoint of two parts."""
    return cpm1_original.write(tmp_path / "two", MODULE, 2)


def test_checkpoint_is_cut_into_another_number_of_parts(moxu: Moxu, two: Path, tmp_path: Path) -> None:
    answer = moxu("reshard", two, tmp_path / "four", "--parts", 4)
    assert (answer.status, answer.err) == (0, "")
    assert f"read   {two}: 2 parts, 28 tensors" in answer.out
    assert f"wrote  {tmp_path / 'four'}: 4 parts, " in answer.out
    assert "left out: optimizer, csr_tensor_module_names" in answer.out
    assert len(list((tmp_path / "four" / "80000").iterdir())) == 4


def test_progress_is_shown_on_a_terminal(terminal: Callable[..., Any], two: Path, tmp_path: Path) -> None:
    screen = terminal("reshard", two, tmp_path / "one", "--parts", 1)
    screen.wait_for("resharding 100% of")
    screen.wait_for("wrote")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "new", "--parts", "1"), "nowhere: no CPM-1 checkpoint"),
        (("{two}", "new", "--parts", "5"), "5 equal parts cannot be made of"),
        (("{two}", "new", "--parts", "0"), "0 is not in the range x>=1"),
        (("{two}", "new"), "Missing option '--parts'"),
        (("{two}", "{two}", "--parts", "1"), "lies in the checkpoint itself"),
    ],
)
def test_a_wrong_wish_is_answered_with_one_line_and_writes_nothing(
    moxu: Moxu, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = moxu("reshard", *(argument.format(two=two) for argument in arguments))
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err
    assert not (tmp_path / "new").exists()
