import pytest
import torch

from moxu.errors import DeviceError
from moxu.models import devices
from moxu.models.registry import build


def pretend(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
    monkeypatch.setattr(torch.xpu, "is_available", lambda: "xpu" in kinds)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)


def test_the_processor_is_always_present_and_taken_when_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    assert devices.present() == ["cpu"]
    assert devices.pick() == torch.device("cpu")


@pytest.mark.parametrize(("kinds", "expected"), [(("mps",), "mps"), (("xpu", "mps"), "xpu"), (("xpu", "cuda"), "cuda")])
def test_auto_takes_the_best_device_present(
    monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...], expected: str
) -> None:
    pretend(monkeypatch, *kinds)
    assert devices.pick("auto").type == expected
    assert devices.pick("cpu").type == "cpu"


def test_an_absent_device_is_answered_with_those_present(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "xpu")
    with pytest.raises(DeviceError, match=r"no cuda device here.*present: xpu, cpu"):
        devices.pick("cuda")


def test_an_unknown_device_is_answered_with_the_known() -> None:
    with pytest.raises(DeviceError, match="'tpu'; expected auto or one of cuda, xpu, mps, cpu"):
        devices.pick("tpu")


def test_the_processor_is_described_with_its_threads() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert devices.describe(torch.device("cpu")) == "cpu, 1 thread"
        torch.set_num_threads(3)
        assert devices.describe(torch.device("cpu")) == "cpu, 3 threads"
    finally:
        torch.set_num_threads(before)


def test_a_small_model_decodes_with_one_thread_and_a_large_one_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build("rwkv7", {"vocab_size": 300, "width": 64, "layers": 1})
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    assert devices.choose_threads(model) == 1
    monkeypatch.setattr(devices, "ONE_THREAD_BELOW", model.parameter_count())
    assert devices.choose_threads(model) == 6
