"""What each replica gets of a cluster: how many there are, and their processors."""

from collections.abc import Sequence
from dataclasses import dataclass

from moxu.errors import SettingsError


@dataclass(frozen=True)
class Machine:
    """What a machine of the cluster has."""

    cpus: int
    gpus: int


@dataclass(frozen=True)
class Share:
    """So many replicas, each with so many processor cores and graphics cards of a machine."""

    replicas: int
    cpus: int
    gpus: int


def share_of(
    machines: Sequence[Machine], *, replicas: int | None = None, threads: int | None = None, use_gpus: bool = True
) -> Share:
    """Divide a cluster among replicas; without their number, there is one for each graphics card or else machine.

    Those without a card have ``threads`` cores each, or divide those of a machine. Raises SettingsError where the
    replicas do not fit.
    """
    cards = sum(machine.gpus for machine in machines) if use_gpus else 0
    machines = [machine for machine in machines if machine.cpus and (machine.gpus or not cards)]
    if not machines:
        raise SettingsError("--cluster: no machine of the cluster has a processor to spare for replicas")
    count = replicas or cards or len(machines)
    gpus = 1 if cards else 0
    each = -(-count // len(machines))  # on a machine
    cpus = threads or (1 if gpus else max(1, min(machine.cpus for machine in machines) // each))
    room = sum(min(machine.cpus // cpus, machine.gpus if gpus else count) for machine in machines)
    if count > room:
        each_needs = f"{_number(cpus, 'core')}{' and a graphics card' if gpus else ''}"
        needs = f"{count} replicas need {each_needs} each" if count > 1 else f"1 replica needs {each_needs}"
        cores = _number(sum(machine.cpus for machine in machines), "core")
        has = f"{cores} and {_number(cards, 'graphics card')}" if gpus else cores
        advice = "give fewer --replicas" + (" or --threads" if threads else "")
        raise SettingsError(f"{needs}, but the cluster has {has} and room for {room}; {advice}")
    return Share(count, cpus, gpus)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
