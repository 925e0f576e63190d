"""The devices torch can compute on: which are here, which to take, and how many threads a processor is given."""

import torch

from moxu.errors import DeviceError
from moxu.models.base import TorchLanguageModel
from moxu.models.linear import join_shared_inputs, turn_wide_weights

KINDS = ("cuda", "xpu", "mps", "cpu")
"""In the order in which ``auto`` prefers them. AMD's ROCm presents its devices as cuda."""

ONE_THREAD_BELOW = 40_000_000
"""Parameters of a model whose steps are so short that two threads wait for each other longer than they work."""


def present() -> list[str]:
    """Return the kinds of device that this torch finds on this machine, best first; ``cpu`` is always the last."""
    found = {
        "cuda": torch.cuda.is_available(),
        "xpu": torch.xpu.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    return [kind for kind in KINDS if found[kind]]


def pick(name: str = "auto") -> torch.device:
    """Return the device of this name, or for ``auto`` the best one present; DeviceError when there is none such."""
    here = present()
    if name != "auto" and name not in KINDS:
        raise DeviceError(f"unknown device {name!r}; expected auto or one of {', '.join(KINDS)}")
    if name != "auto" and name not in here:
        raise DeviceError(f"no {name} device here, or this torch was built without it; present: {', '.join(here)}")
    return torch.device(here[0] if name == "auto" else name)


def choose_threads(model: TorchLanguageModel) -> int:
    """Return how many threads decoding on the processor is fastest with.

    A large model takes as many as torch would (one for each physical core, or ``OMP_NUM_THREADS``).
    """
    return 1 if model.parameter_count() < ONE_THREAD_BELOW else torch.get_num_threads()


def settle(model: TorchLanguageModel, threads: int | None = None) -> None:
    """Make a model ready to decode where it is: on the processor, with these threads (None: as it is fastest)."""
    threads = threads or choose_threads(model)
    torch.set_num_threads(threads)
    if model.device.type == "cpu":
        (turn_wide_weights if threads == 1 else join_shared_inputs)(model)


def describe(device: torch.device) -> str:
    """Return what a person calls the device: ``cpu, 2 threads``, ``cuda (NVIDIA H200)``."""
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
    if device.type == "mps":
        return "mps"
    module = torch.cuda if device.type == "cuda" else torch.xpu
    return f"{device.type} ({module.get_device_name(device)})"
