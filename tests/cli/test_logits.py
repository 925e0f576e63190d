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


def comma(ids: np.ndarray) -> str:
    return ",".join(map(str, ids.reshape(-1).tolist()))


@pytest.mark.parametrize(
    ("model", "flags", "ids", "logits", "name"),
    [
        ("gpt2/public", (), "logits.npz", "logits.npz", "n40"),
        ("cpm1/public/mp2", ("--set", "heads=4"), "inputs.npz", "outputs_mp1.npz", "n48"),
    ],
)
def test_transformers_answer_with_the_originals_logits(
    moxu: Moxu, reference: Path, tmp_path: Path, model: str, flags: tuple[str, ...], ids: str, logits: str, name: str
) -> None:
    public = reference / model.partition("/")[0] / "public"
    key = f"{name}_ids" if ids == logits else f"{name}_tokens"
    given = ("--ids", comma(np.load(public / ids)[key]), "--out", tmp_path / "a.npz", *flags)
    assert moxu("logits", reference / model, *given).status == 0
    expected = np.load(public / logits)[f"{name}_logits"][0]
    np.testing.assert_allclose(np.load(tmp_path / "a.npz")["logits"], expected, atol=1e-4)


def test_a_bert_answers_with_the_originals_logits(moxu: Moxu, reference: Path, tmp_path: Path) -> None:
    cases = np.load(reference / "unilm" / "public" / "cases.npz")
    ids, types = cases["unilm1_input_ids"][0], cases["unilm1_token_type_ids"][0]
    given = ("--source-ids", comma(ids[types == 0]), "--ids", comma(ids[types == 1]), "--out", tmp_path / "a.npz")
    assert moxu("logits", reference / "unilm" / "public", *given).status == 0
    written, expected = np.load(tmp_path / "a.npz"), cases["unilm1_logits"][0]
    np.testing.assert_allclose(written["prompt_logits"], expected[types == 0][-1], atol=1e-4)
    np.testing.assert_allclose(written["logits"], expected[types == 1], atol=1e-4)


def test_a_misaka_answers_with_the_originals_probabilities(moxu: Moxu, reference: Path, tmp_path: Path) -> None:
    public = reference / "misaka_v3" / "public"
    cases = np.load(public / "model_cases.npz")
    given = ("--source-ids", comma(cases["p2_src"]), "--ids", comma(cases["p2_tgt"]), "--out", tmp_path / "a.npz")
    assert moxu("logits", public / "model.h5", *given, "--config", public / "config.json").status == 0
    expected = cases["p2_probs"].reshape(-1, cases["p2_probs"].shape[-1])
    np.testing.assert_allclose(np.load(tmp_path / "a.npz")["probs"], expected, atol=1e-5)


def test_a_unilm_reads_the_source_and_then_the_target(moxu: Moxu, unilm: Path, tmp_path: Path) -> None:
    source, target = [2, 7, 8, 3], [9, 10, 11]
    types = torch.tensor([[0] * 4 + [1] * 3])
    model = folder.load_model(unilm).model
    with torch.no_grad():
        expected = model(torch.tensor([source + target]), types)[0].numpy()
    given = ("--source-ids", "2,7,8,3", "--ids", "9,10,11", "--out", tmp_path / "a.npz")
    answer = moxu("logits", unilm, *given)
    assert answer.out == f"{tmp_path / 'a.npz'}: prompt_logits {model.vocab_size}, logits 3 x {model.vocab_size}\n"
    written = np.load(tmp_path / "a.npz")
    assert written.files == ["prompt_logits", "logits"]
    np.testing.assert_allclose(written["prompt_logits"], expected[3], atol=1e-4)
    np.testing.assert_allclose(written["logits"], expected[4:], atol=1e-4)


def test_a_unilm_without_a_source_reads_from_left_to_right(moxu: Moxu, unilm: Path, tmp_path: Path) -> None:
    moxu("logits", unilm, "--ids", "2,7,8", "--out", tmp_path / "a.npz")
    with torch.no_grad():
        expected = folder.load_model(unilm).model(torch.tensor([[2, 7, 8]]))[0].numpy()
    written = np.load(tmp_path / "a.npz")
    assert written.files == ["logits"]
    np.testing.assert_allclose(written["logits"], expected, atol=1e-4)


def test_a_misaka_encodes_the_source_and_its_ids_begin_with_the_start(moxu: Moxu, misaka: Path, tmp_path: Path) -> None:
    model = folder.load_model(misaka).model
    with torch.no_grad():
        expected = model(torch.tensor([[3, 7, 8, 4]]), torch.tensor([[3, 9, 10]]))[0]
    given = ("--source-ids", "3,7,8,4", "--ids", "3,9,10", "--out", tmp_path / "a.npz")
    assert moxu("logits", misaka, *given).status == 0
    written = np.load(tmp_path / "a.npz")
    assert written.files == ["prompt_logits", "logits", "probs"]
    assert written["probs"].dtype == np.float32
    np.testing.assert_allclose(written["logits"], expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(written["probs"], expected.softmax(-1).numpy(), atol=1e-6)
    np.testing.assert_allclose(written["prompt_logits"], written["logits"][0], atol=1e-4)


@pytest.mark.parametrize("name", ["unilm", "misaka"])
def test_a_source_may_be_all_there_is(moxu: Moxu, request: pytest.FixtureRequest, tmp_path: Path, name: str) -> None:
    assert (
        moxu("logits", request.getfixturevalue(name), "--source-ids", "3,7,4", "--out", tmp_path / "a.npz").status == 0
    )
    assert np.load(tmp_path / "a.npz").files == ["prompt_logits"]


@pytest.mark.parametrize(
    ("name", "flags", "said"),
    [
        ("misaka", ["--ids", "3,4"], "name its ids with --source-ids"),
        ("misaka", ["--source-ids", "99"], "--source-ids: 99 is out of range"),
        ("misaka", ["--source-ids", ""], "--source-ids: '' is no id"),
        ("unilm", ["--source-ids", "1,2", "--ids", ",".join(["1"] * 23)], "2 and 23 ids; the model's window holds 24"),
        ("unilm", [], "nothing to read; give --ids"),
        ("unilm", ["--ids", "1", "--out", "."], "--out .: is a folder; name a file"),
    ],
)
def test_wrong_ids_of_a_source_are_named(
    moxu: Moxu, request: pytest.FixtureRequest, tmp_path: Path, name: str, flags: list[str], said: str
) -> None:
    answer = moxu("logits", request.getfixturevalue(name), "--out", tmp_path / "a.npz", *flags)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err.splitlines()[-1]
    assert not (tmp_path / "a.npz").exists()


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
