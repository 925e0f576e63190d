"""Which model a command uses, and where it runs: installed models by name, any checkpoint by its path."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moxu.cli.terminal import say, short_count
from moxu.errors import CheckpointError
from moxu.settings import override

if TYPE_CHECKING:  # what imports torch is imported where it is used
    from moxu.checkpoints.assemble import LoadedModel
    from moxu.checkpoints.checkpoint import ReadOptions
    from moxu.text.tokenizer import Tokenizer

DEFAULT = "default"
DEVICES = ("auto", "cuda", "xpu", "mps", "cpu")


class NamedPath(click.Path):
    """A path that is not empty: an empty one, as of a variable that is not set, would be the folder one is in."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if not os.fspath(value):
            self.fail("the name is empty; give the path of a file or folder", param, ctx)
        return super().convert(value, param, ctx)


FILE = NamedPath(path_type=Path)


def user_folder() -> Path:
    """Return the folder of the user's own models: ``MOXU_MODELS``, or where programs keep their data here."""
    return Path(os.environ.get("MOXU_MODELS") or Path(click.get_app_dir("moxu")) / "models")


def installed() -> dict[str, Path]:
    """Return the installed models by name: those shipped with moxu, then the user's own."""
    models: dict[str, Path] = {}
    for folder in (Path(str(files("moxu"))) / "pretrained", user_folder()):
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        models |= {path.name: path for path in found if (path / "config.json").is_file() and path.name not in models}
    return models


def find(name: str) -> Path:
    """Return where a model is, given the name of an installed one or a path; CheckpointError lists the installed."""
    models = installed()
    path = models.get(name, Path(name))
    if not name or not path.exists():
        raise CheckpointError(
            f"no model {name!r}; give the path of a checkpoint, or an installed one: {_names(models)}"
        )
    return path


def find_kind(path: Path) -> str:
    """Return the kind of a checkpoint; where there is none, CheckpointError lists the installed models."""
    from moxu.checkpoints.formats import detect

    try:
        return detect(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; installed models: {_names(installed())}") from None


def _names(models: dict[str, Path]) -> str:
    return ", ".join(models) or "none yet"


def read_options(vocab: Path | None, config: Path | None, facts: tuple[str, ...]) -> "ReadOptions":
    """Return what a foreign checkpoint has to be told."""
    from moxu.checkpoints.checkpoint import ReadOptions

    return ReadOptions(vocab, config, override({}, facts))


@dataclass(frozen=True)
class ModelChoice:
    """The model a command was told to use, and the device and threads to run it with."""

    model: str
    device: str
    threads: int | None
    vocab: Path | None
    config: Path | None
    facts: tuple[str, ...]

    def load(self) -> "LoadedModel":
        """Load the model onto its device, and say on standard error which they are."""
        path = find(self.model)

        from moxu.checkpoints.formats import load
        from moxu.models import devices

        device = devices.pick(self.device)
        kind = find_kind(path)
        loaded = load(path, device, kind=kind, options=read_options(self.vocab, self.config, self.facts))
        devices.settle(loaded.model, self.threads)
        size = short_count(loaded.model.parameter_count())
        say(f"moxu · {self.name} · {loaded.model.architecture} {size} · {devices.describe(device)}")
        return loaded

    @property
    def name(self) -> str:
        """What the model is called in answers: its installed name, or the name of its file or folder."""
        return self.model if self.model in installed() else Path(self.model).resolve().name

    @property
    def sources(self) -> dict[str, Path | None]:
        """What is read from where, as far as it was named; none of these may be written over."""
        path = installed().get(self.model, Path(self.model))
        return {"model": path, "vocabulary": self.vocab, "configuration": self.config}


def tokenizer_of(loaded: "LoadedModel") -> "Tokenizer":
    """Return the tokenizer of a model that has to read text; CheckpointError when it came without one."""
    if loaded.tokenizer is None:
        raise CheckpointError(f"{loaded.path}: came without a vocabulary; name its file or folder with --vocab")
    return loaded.tokenizer


FOREIGN_OPTIONS = (
    click.option("--vocab", type=FILE, help="Vocabulary file or folder of a foreign checkpoint."),
    click.option("--config", type=FILE, help="Configuration file (JSON) of a foreign checkpoint."),
    click.option("--set", "facts", metavar="KEY=VALUE", multiple=True, help="A fact the checkpoint does not hold."),
)
DEVICE_OPTIONS = (
    click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True, help="Where to compute."),
    click.option("--threads", type=click.IntRange(min=1), help="Threads of the processor."),
)


def with_options(*options: Callable[[Any], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds these click options, shown by ``--help`` in this order."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that loads a model; with its ``model`` they reach it as one ``choice``."""

    @functools.wraps(command)
    def with_choice(**given: Any) -> Any:
        names = ("model", "device", "threads", "vocab", "config", "facts")
        choice = ModelChoice(**{name: given.pop(name) for name in names})
        return command(choice=choice, **given)

    return with_options(*DEVICE_OPTIONS, *FOREIGN_OPTIONS)(with_choice)
