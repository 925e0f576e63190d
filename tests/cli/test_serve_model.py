import socket
from pathlib import Path
from typing import Any

import pytest

from moxu.cli.serve import serve


@pytest.fixture(autouse=True)
def stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOXU_DATABASE", str(tmp_path / "stories.sqlite"))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.parametrize("option", [("--replicas", 2), ("--cluster-address", "127.0.0.1:6379")])
def test_options_of_a_cluster_without_one_are_refused(moxu: Any, rwkv7: Path, option: tuple[str, object]) -> None:
    answer = moxu("serve", "--model", rwkv7, "--port", 0, *option)
    assert answer.status == 2
    assert f"{option[0]} is about a cluster; give --cluster as well" in answer.err


def test_a_cluster_that_does_not_answer_is_told_in_one_line(moxu: Any, rwkv7: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        address = f"127.0.0.1:{once.getsockname()[1]}"
    answer = moxu("serve", "--model", rwkv7, "--port", 0, "--cluster", "--cluster-address", address)
    assert answer.status == 2
    assert f"--cluster-address '{address}': no cluster answers there" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("address", ["somewhere", "ray://127.0.0.1:10001", "127.0.0.1:port"])
def test_an_address_that_is_none_is_told_in_one_line(moxu: Any, rwkv7: Path, address: str) -> None:
    answer = moxu("serve", "--model", rwkv7, "--port", 0, "--cluster", "--cluster-address", address)
    assert answer.status == 2
    assert f"--cluster-address '{address}'; expected HOST:PORT" in answer.err


def test_the_address_of_the_environment_counts_with_cluster_only(
    moxu: Any, rwkv7: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "nowhere")
    answer = moxu("serve", "--model", rwkv7, "--port", 0, "--cluster")
    assert "--cluster-address 'nowhere'" in answer.err


def test_without_ray_its_extra_is_named(moxu: Any, rwkv7: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moxu.serve.cluster.ray.find_spec", lambda name: None)  # noqa: ARG005
    answer = moxu("serve", "--model", rwkv7, "--port", 0, "--cluster")
    assert answer.status == 2
    assert "pip install 'moxu[cluster]'" in answer.err


def test_a_model_that_is_not_there_is_told_before_a_cluster_starts(moxu: Any) -> None:
    answer = moxu("serve", "--model", "nowhere", "--port", 0, "--cluster")
    assert answer.status == 2
    assert "no model 'nowhere'" in answer.err


def test_every_option_of_a_cluster_is_explained() -> None:
    named = {parameter.name for parameter in serve.params if getattr(parameter, "help", None)}
    assert {"cluster", "replicas", "cluster_address"} <= named
