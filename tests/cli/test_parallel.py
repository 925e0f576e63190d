"""``--parallel`` as it is used, in few runs: each starts processes that load torch."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from moxu.checkpoints import folder
from moxu.checkpoints.checkpoint import Checkpoint
from moxu.models.registry import build
from moxu.text.chars import CharTokenizer

Moxu = Callable[..., Any]
OPENING = "这是一颗，"
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small transformer of characters with a window of 24 and heads for two processes."""
    tokenizer, path = CharTokenizer("\n这是一颗的了不在，。"), tmp_path_factory.mktemp("gpt") / "small"
    sizes = {"width": 16, "layers": 2, "heads": 2, "positions": 24}
    model = build("gpt", {"vocab_size": tokenizer.vocab_size, **sizes})
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5, generator=generator)
    folder.write(Checkpoint("gpt", asdict(model.config), model.state_dict(), tokenizer), path)
    return path


def test_two_processes_write_what_one_writes_and_write_it_once(moxu: Moxu, gpt: Path, tmp_path: Path) -> None:
    arguments = ["write", OPENING, "--model", gpt, "--chars", 40, "--seed", 5, "-n", 2, "--past-end"]
    alone = moxu(*arguments)
    assert alone.status == 0
    command = [*TORCHRUN, "-m", "moxu", *map(str, arguments), "--parallel", "2", "--out", str(tmp_path / "out.txt")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=180, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == alone.out == (tmp_path / "out.txt").read_text("utf-8")
    assert done.stderr.decode().count("2 processes") == 1
    assert done.stderr.decode().count("seeds 5 to 6") == 1


def test_a_mistake_that_all_processes_find_ends_them_and_is_told_by_the_first(rwkv7: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "moxu", "write", OPENING, "--model", str(rwkv7), "--parallel", "2"]
    processes = [
        subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | address | {"RANK": rank}) for rank in "01"
    ]
    said = [process.communicate(timeout=180)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [2, 2]
    assert said == [f"moxu: {rwkv7}: a rwkv7 model cannot be divided among processes; only gpt models can\n", ""]


def test_without_torchrun_the_right_command_is_told(moxu: Moxu, gpt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    answer = moxu("write", OPENING, "--model", gpt, "--parallel", 2)
    assert answer.status == 2
    assert "start them: torchrun --nproc-per-node 2 -m moxu write --parallel 2" in answer.err


def test_another_number_of_processes_is_named(moxu: Moxu, gpt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "0")
    answer = moxu("write", OPENING, "--model", gpt, "--parallel", 2)
    assert answer.status == 2
    assert "--parallel is 2, but 4 processes were started" in answer.err


def test_a_wrong_wish_is_told_before_the_processes_meet(moxu: Moxu, gpt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    answer = moxu("write", OPENING, "--model", gpt, "--parallel", 2, "--top-p", 7)
    assert answer.status == 2
    assert answer.err == "moxu: top_p is 7.0; expected between 0 and 1\n"
