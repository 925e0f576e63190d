"""The model that ``moxu serve`` serves: loaded here, or by each replica on a cluster."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moxu.cli.model_choice import ModelChoice, installed, tokenizer_of, with_options
from moxu.cli.terminal import say
from moxu.errors import SettingsError

if TYPE_CHECKING:
    from moxu.serve.service import ServedModel

HERE = "local"
"""The address of no cluster but one of this machine's own, as Ray has it."""

OPTIONS = (
    click.option("--cluster", is_flag=True, help="Let replicas of the model write, on a Ray cluster."),
    click.option(
        "--replicas",
        type=click.IntRange(1, 1024),
        help="Of the model on the cluster.  [default: one for each graphics card, or else machine]",
    ),
    click.option(
        "--cluster-address",
        metavar="HOST:PORT",
        help="A cluster that is there; by default one of this machine is started.  [env: RAY_ADDRESS]",
    ),
)


@dataclass(frozen=True)
class ClusterChoice:
    """The cluster a command was told to use: how many replicas (None: as many as suit it), and where (None: here)."""

    replicas: int | None
    address: str | None


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that may use a cluster; they reach it as ``cluster``, which is None without it."""

    @functools.wraps(command)
    def with_cluster(*, cluster: bool, replicas: int | None, cluster_address: str | None, **given: Any) -> Any:
        if not cluster and (replicas is not None or cluster_address is not None):
            option = "--replicas" if cluster_address is None else "--cluster-address"
            raise SettingsError(f"{option} is about a cluster; give --cluster as well")
        return command(cluster=_choice(replicas, cluster_address) if cluster else None, **given)

    return with_options(*OPTIONS)(with_cluster)


@contextmanager
def serving(choice: ModelChoice, slots: int, cluster: ClusterChoice | None) -> Iterator["ServedModel"]:
    """Load the model, here or on the cluster, and start what writes with it."""
    if cluster is None:
        yield load_served(choice, slots)
        return

    from moxu.serve.cluster.replicated import replicated

    on_cluster = replicated(
        functools.partial(load_served, _from_anywhere(choice), slots),
        choice.name,
        slots=slots,
        replicas=cluster.replicas,
        threads=choice.threads,
        use_gpus=choice.device in ("auto", "cuda", "xpu"),
        address=cluster.address,
        say=say,
    )
    with on_cluster as served:
        yield served


def load_served(choice: ModelChoice, slots: int) -> "ServedModel":
    """Load the model here, and start what writes with it."""
    from moxu.serve.batching.scheduler import Scheduler
    from moxu.serve.service import ServedModel
    from moxu.writers.manners import manner_of

    loaded = choice.load()
    model, tokenizer = loaded.model, tokenizer_of(loaded)
    return ServedModel(
        name=choice.name,
        worker=Scheduler(model, tokenizer, choice.name, slots=slots),
        tokenizer=tokenizer,
        manner=manner_of(model.architecture, tokenizer),
        max_context=model.max_context,
        reads_source=model.passage is not None,
        source=None if model.passage is None else model.passage.source,
        architecture=model.architecture,
    )


def _choice(replicas: int | None, address: str | None) -> ClusterChoice:
    address = address or os.environ.get("RAY_ADDRESS") or HERE
    return ClusterChoice(replicas, None if address == HERE else address)


def _from_anywhere(choice: ModelChoice) -> ModelChoice:
    """Return the same choice for a process that is in another folder: an installed model by name, all else by path."""
    model = choice.model if choice.model in installed() else str(Path(choice.model).resolve())
    vocab, config = (None if path is None else path.resolve() for path in (choice.vocab, choice.config))
    return replace(choice, model=model, vocab=vocab, config=config)
