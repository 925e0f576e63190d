"""Processes that compute together: how they meet and part, what they tell each other, what comes of a lost one.

They were started by ``torchrun`` or another program that sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT.
"""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from moxu.errors import DeviceError
from moxu.models import devices

PATIENCE = timedelta(minutes=10)  # with a process that loads more slowly; torchrun ends all when one has failed

Value = TypeVar("Value")


def meet() -> None:
    """Wait until all processes are here; DeviceError when they do not come, or nobody told them where to."""
    if not dist.is_available():
        raise DeviceError("this torch was built without torch.distributed; several processes need another build of it")
    try:
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise DeviceError(f"the processes do not find each other: {reason}; start them with torchrun") from error
    atexit.register(part)  # whatever ends this process: torch's threads, left to themselves, may abort its exit


def part() -> None:
    """Leave the others, when all is done, or nothing can be; leaving twice is no mistake."""
    if dist.is_initialized():
        dist.destroy_process_group()


def pick_device(name: str, place: int) -> torch.device:
    """Return the device of the process with the number ``place`` on its machine; DeviceError when there is none."""
    device = devices.pick(name)
    if device.type == "cpu":
        return device
    if device.type != "cuda":
        raise DeviceError(f"several processes cannot compute on {device.type} together; give --device cpu or cuda")
    if place >= torch.cuda.device_count():
        raise DeviceError(
            f"{torch.cuda.device_count()} cuda device(s) here, and at least {place + 1} processes; "
            "start one process for each, or give --device cpu"
        )
    torch.cuda.set_device(place)
    return torch.device("cuda", place)


def mesh_on(device: torch.device) -> DeviceMesh:
    """Return the mesh of all processes, each with a device of this kind."""
    with telling_of_lost_processes():
        return init_device_mesh(device.type, (dist.get_world_size(),))


def share(value: Value) -> Value:
    """Return in every process the value of the first."""
    values = [value]
    with telling_of_lost_processes():
        dist.broadcast_object_list(values, src=0)
    return values[0]


def exchange(value: Value) -> list[Value]:
    """Return in every process the values of all, the first one's first."""
    values = [value] * dist.get_world_size()
    with telling_of_lost_processes():
        dist.all_gather_object(values, value)
    return values


@contextmanager
def telling_of_lost_processes() -> Iterator[None]:
    """Raise DeviceError when another process is gone, for which torch's backends have many words."""
    try:
        yield
    except RuntimeError as error:
        raise DeviceError("another process has ended or does not answer; look for what it said last") from error
