"""A recipe: everything a training run depends on, in one TOML file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from moxu.errors import SettingsError


@dataclass(frozen=True)
class ModelRecipe:
    """Which architecture to train; ``config`` is its configuration without ``vocab_size`` (the data knows that)."""

    architecture: str
    config: dict[str, Any]


@dataclass(frozen=True)
class DataRecipe:
    """What to read: a packed folder, and how often each group of works is read in one epoch (1.0 unless named)."""

    folder: Path
    length: int = 512  # ids a training sequence spans
    weights: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class OptimRecipe:
    """AdamW, or Muon for the matrices inside the blocks beside AdamW for the rest.

    After the warm-up the learning rate follows a half cosine, or (``wsd``) stays and falls in a line at the end.
    """

    optimizer: Literal["adamw", "muon"] = "adamw"
    lr: float = 6e-4
    muon_lr: float = 0.01
    schedule: Literal["cosine", "wsd"] = "cosine"
    decay_part: float = 0.3  # of all steps, at the end, in which a wsd schedule falls
    final_lr: float = 0.1  # the learning rate at the end, as a part of the highest
    warmup_steps: int = 100
    betas: tuple[float, ...] = (0.9, 0.99)
    eps: float = 1e-8
    weight_decay: float = 0.1  # of matrices only
    clip: float = 1.0  # largest norm of the gradient


@dataclass(frozen=True)
class RunRecipe:
    """How long to train, in batches of what size, and how often to look up."""

    steps: int
    sequences: int = 16  # in one step
    micro_sequences: int = 4  # read at once by one worker
    workers: int = 1  # threads that share a step on the processor
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    seed: int = 1
    validate_every: int = 250
    validation_sequences: int = 64
    save_every: int = 250
    keep: int = 2  # checkpoints to keep


@dataclass(frozen=True)
class Recipe:
    """The four tables of a recipe, and the card of the model it makes."""

    model: ModelRecipe
    data: DataRecipe
    run: RunRecipe
    optim: OptimRecipe = field(default_factory=OptimRecipe)
    card: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        run, optim = self.run, self.optim
        for name, value in {
            "data.length": self.data.length,
            "run.steps": run.steps,
            "run.sequences": run.sequences,
            "run.micro_sequences": run.micro_sequences,
            "run.workers": run.workers,
            "run.validate_every": run.validate_every,
            "run.save_every": run.save_every,
            "run.keep": run.keep,
        }.items():
            if value < 1:
                raise SettingsError(f"recipe: {name} is {value}; expected at least 1")
        if run.sequences % run.micro_sequences:
            raise SettingsError(
                f"recipe: run.sequences is {run.sequences}; expected a multiple of run.micro_sequences "
                f"({run.micro_sequences})"
            )
        if len(optim.betas) != 2 or not all(0 <= beta < 1 for beta in optim.betas):
            raise SettingsError(f"recipe: optim.betas is {list(optim.betas)}; expected two numbers from 0 to below 1")
        for name, number in {"lr": optim.lr, "muon_lr": optim.muon_lr, "clip": optim.clip}.items():
            if number <= 0:
                raise SettingsError(f"recipe: optim.{name} is {number}; expected more than 0")
