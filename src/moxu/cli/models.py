"""``moxu models``: what is installed."""

import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from moxu.cli.exit_status import INCOMPLETE
from moxu.cli.model_choice import installed, user_folder
from moxu.cli.terminal import say, short_count, short_size
from moxu.errors import CheckpointError


@dataclass(frozen=True)
class Description:
    """What is known of a model without loading it."""

    name: str
    architecture: str
    parameters: int | None  # None: not told without reading pickles
    bytes: int
    licence: str
    description: str
    path: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list and nothing else.")
def models(as_json: bool) -> None:
    """List the installed models.

    Those are the models that come with moxu, and the folders in the user's own folder of models (MOXU_MODELS), moxu's
    and Hugging Face's.
    """
    described, damaged = [], []
    for name, path in installed().items():
        try:
            described.append(_describe(name, path))
        except CheckpointError as error:
            damaged.append(str(error))
    if as_json:
        click.echo(json.dumps([asdict(model) for model in described], ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(described)
    else:
        for model in described:
            click.echo("\t".join(_cells(model)))
    if not as_json:
        say(f"More models: put moxu folders into {user_folder()}")
    for line in damaged:
        click.echo(f"moxu: {line}", err=True)
    if damaged:
        raise click.exceptions.Exit(INCOMPLETE)


def _describe(name: str, path: Path) -> Description:
    from moxu.checkpoints import folder, hf
    from moxu.checkpoints.json_files import read_table

    if hf.recognises(path):
        files = sorted(path.glob("*.safetensors"))
        architecture, card = str(read_table(path / hf.CONFIG)["model_type"]), {"description": "a Hugging Face folder"}
    else:
        config = folder.read_config(path)
        files, architecture, card = [path / folder.WEIGHTS], config.architecture, config.card
    return Description(
        name=name,
        architecture=architecture,
        parameters=sum(map(_count_parameters, files)) if files else None,
        bytes=sum(file.stat().st_size for file in path.iterdir() if file.is_file()),
        licence=str(card.get("licence", card.get("license", ""))),
        description=str(card.get("description", "")),
        path=str(path),
    )


def _count_parameters(weights: Path) -> int:
    """Count from the shapes at the beginning of the file; the scales of matrices in 8 bits are no parameters."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="pt") as file:
            names = set(file.keys())
            scales = {name for name in names if name.removesuffix(".scale") in names - {name}}
            return sum(math.prod(file.get_slice(name).get_shape()) for name in names - scales)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{weights}: missing or damaged: {' '.join(str(error).split())}") from None


def _cells(model: Description) -> tuple[str, ...]:
    count = "?" if model.parameters is None else short_count(model.parameters)
    return model.name, model.architecture, count, short_size(model.bytes), model.licence, model.description


def _print_table(described: list[Description]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "architecture", "parameters", "size", "licence", "description", box=None)
    for model in described:
        table.add_row(*_cells(model))
    Console().print(table)
