"""``--parallel``: one run in several processes, each with a part of the model, all given the same command by torchrun.

The first process leads: it checks the options, reads the opening and prints. The others load their parts and compute
with it, silently.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Self, TypeVar

import click
from torch.distributed.device_mesh import DeviceMesh

from moxu.checkpoints.assemble import LoadedModel, assemble_part, blank_model
from moxu.checkpoints.formats import read_checkpoint
from moxu.cli.exit_status import INCOMPLETE, MISTAKE
from moxu.cli.model_choice import ModelChoice, find, find_kind, read_options, tokenizer_of
from moxu.cli.session import CHUNK
from moxu.cli.terminal import say, short_count
from moxu.errors import CheckpointError, MoxuError, SettingsError
from moxu.models import devices, processes
from moxu.writers.local import LocalWriter
from moxu.writers.parallel import ParallelWriter

Result = TypeVar("Result")


@dataclass(frozen=True)
class Team:
    """The processes of a run: how many, and which this one is, of all (``rank``) and on its machine (``place``)."""

    size: int
    rank: int
    place: int

    @classmethod
    def of(cls, size: int) -> Self:
        """Find this process among those that were started; SettingsError when they are not so many."""
        started, rank = os.environ.get("WORLD_SIZE"), os.environ.get("RANK", "")
        if started is None or not rank.isdigit():
            raise SettingsError(
                f"--parallel {size} is for {size} processes, and this is one; start them: "
                f"torchrun --nproc-per-node {size} -m moxu write --parallel {size} ..."
            )
        if started != str(size):
            raise SettingsError(f"--parallel is {size}, but {started} processes were started; expected as many")
        return cls(size, int(rank), int(os.environ.get("LOCAL_RANK", rank)))

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def load(self, choice: ModelChoice) -> LoadedModel:
        """Meet the other processes and load this one's part of a model; the first says on standard error which."""
        processes.meet()
        device = self._together(lambda: processes.pick_device(choice.device, self.place))
        mesh = processes.mesh_on(device)
        loaded = self._together(lambda: _load_part(choice, mesh))
        devices.settle(loaded.model, choice.threads)
        if self.leads:
            kind, config = loaded.model.architecture, asdict(loaded.model.config)
            size = short_count(blank_model(kind, config, choice.name).parameter_count())
            say(f"moxu · {choice.name} · {kind} {size} · {self.size} processes, each {devices.describe(device)}")
        return loaded

    def together(self, writer: LocalWriter) -> ParallelWriter:
        """Return a writer that takes the other processes along."""
        return ParallelWriter(writer, processes.share)

    def dismiss(self) -> None:
        """Let the other processes go, when all is written."""
        processes.share(None)
        processes.part()

    def follow(self, choice: ModelChoice) -> None:
        """Compute what the first process writes, until it is done."""
        loaded = self.load(choice)
        writer = LocalWriter(loaded.model, tokenizer_of(loaded), choice.name, chunk=CHUNK)
        try:
            ParallelWriter(writer, processes.share).follow()
        except MoxuError:  # the first process has the same error, or is gone, and says so
            raise click.exceptions.Exit(INCOMPLETE) from None
        processes.part()

    def _together(self, act: Callable[[], Result]) -> Result:
        """Do something in every process; where one cannot, the first raises its error, and the others end silently."""
        try:
            result = act()
        except (MoxuError, OSError) as error:
            problems = processes.exchange(str(error))
        else:
            problems = processes.exchange("")
            if not any(problems):
                return result
        if not self.leads:
            raise click.exceptions.Exit(MISTAKE)
        rank, problem = next((rank, problem) for rank, problem in enumerate(problems) if problem)
        raise CheckpointError(f"process {rank}: {problem}" if rank else problem)


def _load_part(choice: ModelChoice, mesh: DeviceMesh) -> LoadedModel:
    path = find(choice.model)
    options = read_options(choice.vocab, choice.config, choice.facts)
    loaded = assemble_part(read_checkpoint(path, find_kind(path), options), path, mesh)
    tokenizer_of(loaded)  # or an error that concerns all
    return loaded
