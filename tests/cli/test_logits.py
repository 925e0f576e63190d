from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from moxu.checkpoints import folder

Moxu = Callable[..., Any]


@pytest.mark.parametrize("count", [1, 7, 600])
def test_the_rows_are_those_of_the_training_form(moxu: Moxu, rwkv7: Path, tmp_path: Path, count: int) -> None:
    model = folder.load_model(rwkv7).model
    ids = torch.randint(model.vocab_size, (1, count), generator=torch.Generator().manual_seed(3))
    answer = moxu("logits", rwkv7, "--ids", ",".join(map(str, ids[0].tolist())), "--out", tmp_path / "logits.npz")
    assert answer.status == 0
    written = np.load(tmp_path / "logits.npz")
    assert written.files == ["logits"]
    assert (written["logits"].shape, written["logits"].dtype) == ((count, model.vocab_size), np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(written["logits"], model(ids)[0].numpy(), atol=2e-3)


def test_an_aiwriter_model_answers_with_the_original_logits(moxu: Moxu, golden: Path, tmp_path: Path) -> None:
    recorded = np.load(golden / "aiwriter_v1" / "logits.npz")
    ids = ",".join(map(str, recorded["len7_ids"].reshape(-1).tolist()))
    answer = moxu("logits", golden / "checkpoints" / "model.pth", "--ids", ids, "--out", tmp_path / "logits.npz")
    assert answer.status == 0
    expected = recorded["len7_logits"].reshape(7, -1)
    np.testing.assert_allclose(np.load(tmp_path / "logits.npz")["logits"], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--ids", "1,x,3"], "'x' is no id"),
        (["--ids", ""], "'' is no id"),
        (["--ids", "1,99999"], "99999 is out of range; expected 0 to "),
        (["--ids", "-1"], "-1 is out of range"),
        (["--ids", "1", "--source-ids", "2"], "aiwriter1 models have no source"),
        (["--ids", ",".join(["1"] * 13)], "13 ids; the model's window holds 12"),
    ],
)
def test_wrong_ids_are_named(moxu: Moxu, aiwriter1: Path, tmp_path: Path, flags: list[str], said: str) -> None:
    answer = moxu("logits", aiwriter1, *flags, "--out", tmp_path / "logits.npz")
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]
    assert not (tmp_path / "logits.npz").exists()
