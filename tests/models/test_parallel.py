"""One process compared with several: four that run this file, first as two pairs, then all together."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch.distributed.device_mesh import init_device_mesh

from moxu.errors import SettingsError
from moxu.models.gpt import Gpt, GptConfig
from moxu.models.parallel import check_divisible, parallelize

GPT2 = GptConfig(vocab_size=101, width=32, layers=2, heads=4, positions=40)
COURSE = replace(GPT2, head_size=6, hidden=52, norm="post", activation="relu", bias=False, tied=False)
CONFIGS = {"gpt2": GPT2, "course": COURSE, "biased_head": replace(GPT2, tied=False, head_bias=True)}
Arrays = dict[str, NDArray[np.float32]]


def whole_model(config: GptConfig) -> Gpt:
    model = Gpt(config).eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3, generator=generator)
    return model


def answers(model: Gpt) -> Arrays:
    """What a model says when it reads a batch, reads on, and goes on with some of its rows and with strangers."""
    ids = torch.randint(0, model.vocab_size, (3, 9), generator=torch.Generator().manual_seed(8))
    logits = {"forward": model(ids)}
    logits["prefill"], state = model.prefill(ids[:, :5])
    logits["extend"], state = model.extend(ids[:, 5:7], state)
    logits["step"], state = model.extend(ids[:, 7:8], state)
    other = model.prefill(ids[:2, :3])[1]
    ragged = state.select([2, 0, 2]).join(other)
    logits["ragged"], ragged = model.extend(ids[[0, 1, 2, 0, 1], 6:8], ragged)
    logits["selected"], _ = model.extend(ids[:2, 8:], ragged.select([4, 1]))
    return {name: tensor.numpy(force=True) for name, tensor in logits.items()}


def be_one_of_four(rank: int, folder: Path) -> None:
    """Do what each process does, in pairs and all together: keep a part of the whole, and write down what it says."""
    dist.init_process_group("gloo", init_method=(folder / "meeting").as_uri(), rank=rank, world_size=4)
    pairs = init_device_mesh("cpu", (2, 2), mesh_dim_names=("pair", "part"))
    for parts, mesh in ((2, pairs["part"]), (4, init_device_mesh("cpu", (4,)))):
        said: dict[str, object] = {}
        for name, config in CONFIGS.items():
            model = whole_model(config)
            whole = model.parameter_count()
            parallelize(model, mesh)
            said |= {f"{name} {part}": array for part, array in answers(model).items()}
            said[f"{name} share"] = model.parameter_count() / whole
            said[f"{name} heads"] = model.prefill([[1, 2]])[1].arrays()["blocks.1.keys"].shape[1]
        np.savez(folder / f"{parts}_{rank}.npz", **said)  # type: ignore[arg-type]
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the four processes have written what they said."""
    place = tmp_path_factory.mktemp("parts")
    commands = [[sys.executable, __file__, str(rank), str(place)] for rank in range(4)]
    processes = [subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}) for command in commands]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    return place


@pytest.fixture(params=[2, 4])
def said(request: pytest.FixtureRequest, folder: Path) -> list[Arrays]:
    """What each of the processes said that had a half, and a quarter."""
    return [dict(np.load(folder / f"{request.param}_{rank}.npz")) for rank in range(request.param)]


def test_logits_of_several_processes_are_those_of_one(said: list[Arrays]) -> None:
    for name, config in CONFIGS.items():
        for part, expected in answers(whole_model(config)).items():
            np.testing.assert_allclose(said[0][f"{name} {part}"], expected, rtol=0, atol=1e-5, err_msg=f"{name} {part}")


def test_all_processes_have_the_same_logits_to_the_last_bit(said: list[Arrays]) -> None:
    for others in said[1:]:
        for name in (name for name in others if not name.endswith("share")):
            np.testing.assert_array_equal(others[name], said[0][name], err_msg=name)


def test_each_process_holds_its_part_and_no_more(said: list[Arrays]) -> None:
    for name, config in CONFIGS.items():
        for arrays in said:
            assert arrays[f"{name} heads"] == config.heads // len(said)
            assert 1 / len(said) - 0.02 < arrays[f"{name} share"] < 1 / len(said) + 0.12  # positions are held whole


@pytest.mark.parametrize(
    ("config", "parts", "message"),
    [
        (GPT2, 3, "4 heads cannot be divided by 3"),
        (replace(GPT2, hidden=54), 4, "54 hidden values"),
        (replace(GPT2, vocab_size=5), 4, "vocabulary of 5"),
    ],
)
def test_what_cannot_be_divided_is_named(config: GptConfig, parts: int, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check_divisible(config, parts)


if __name__ == "__main__":
    be_one_of_four(int(sys.argv[1]), Path(sys.argv[2]))
