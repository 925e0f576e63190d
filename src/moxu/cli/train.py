"""``moxu train``: make a model from a recipe, or go on with one that was begun."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from moxu.cli.exit_status import INTERRUPTED
from moxu.cli.model_choice import DEVICE_OPTIONS, FILE, with_options
from moxu.cli.terminal import say
from moxu.errors import SettingsError
from moxu.settings import override, parse, read_toml

if TYPE_CHECKING:
    import torch

    from moxu.train.recipe import Recipe


@click.command()
@click.argument("recipe_file", metavar="RECIPE.toml", type=FILE)
@click.option("--set", "changes", metavar="KEY=VALUE", multiple=True, help="Change the recipe, as in run.steps=100.")
@click.option("--out", type=FILE, help="Folder of the run.  [default: runs/<name of the recipe>]")
@with_options(*DEVICE_OPTIONS)
def train(recipe_file: Path, changes: tuple[str, ...], out: Path | None, device: str, threads: int | None) -> None:
    """Train the model of RECIPE.toml, or go on where its run was stopped.

    The folder of the run holds checkpoints (step-…), each of which can be written with, and log.jsonl. Ctrl-C saves.
    """
    from moxu.train.recipe import Recipe

    recipe = parse(Recipe, override(read_toml(recipe_file), changes), where=str(recipe_file))
    run = out or Path("runs") / recipe_file.stem

    from rich.console import Console

    from moxu.models import devices
    from moxu.train.loop import Trainer
    from moxu.train.progress import TrainingProgress

    chosen = devices.pick(device)
    workers = _set_threads(chosen, recipe, threads)
    steps = recipe.run.steps
    with TrainingProgress(Console(stderr=True), steps) as progress:
        trainer = Trainer(recipe, run, chosen, progress)
        if trainer.step >= steps:
            progress.say(f"{run}: done already, {trainer.step} steps; to train on: --set run.steps=<more>")
            return
        place = f"cpu, {workers} workers" if workers > 1 else devices.describe(chosen)
        progress.say(f"moxu · {recipe.model.architecture} · {place} · {run}")
        try:
            trainer.train()
        except KeyboardInterrupt:
            progress.say(f"stopped and saved at step {trainer.step} of {steps}; the same command goes on from there")
            raise click.exceptions.Exit(INTERRUPTED) from None
    say(f"done: {steps} steps; write with it: moxu write --model {run / f'step-{steps:06d}'}")


def _set_threads(device: "torch.device", recipe: "Recipe", threads: int | None) -> int:
    """Give torch its threads, and return how many workers share a step; on the processor each has one thread."""
    import torch

    workers = recipe.run.workers if device.type == "cpu" else 1
    if workers > 1 and threads is not None:
        raise SettingsError(f"--threads {threads}: the recipe has {workers} workers of one thread; --set run.workers=1")
    if workers > 1 or threads is not None:
        torch.set_num_threads(threads or 1)
    return workers
