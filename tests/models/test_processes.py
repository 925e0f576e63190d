import pytest

from moxu.errors import DeviceError
from moxu.models.processes import meet, pick_device, telling_of_lost_processes


def test_a_lost_process_is_told_in_one_line() -> None:
    with pytest.raises(DeviceError, match="another process") as caught, telling_of_lost_processes():
        raise RuntimeError("Connection closed by peer\nat a place nobody knows")
    assert "\n" not in str(caught.value)


def test_processes_that_nobody_told_where_to_meet_are_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DeviceError, match="start them with torchrun"):
        meet()


def test_on_the_processor_every_process_has_the_same_device() -> None:
    assert [pick_device("cpu", place).type for place in (0, 1)] == ["cpu", "cpu"]


def test_a_device_that_cannot_be_shared_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moxu.models.devices.present", lambda: ["cuda", "mps", "cpu"])
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(DeviceError, match="cannot compute on mps"):
        pick_device("mps", 0)
    with pytest.raises(DeviceError, match="1 cuda device"):
        pick_device("auto", 1)
