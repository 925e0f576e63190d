"""``moxu logits``: what a model says after each of some given ids, in a file other programs can compare with."""

from pathlib import Path

import click
import numpy as np

from moxu.cli.model_choice import FILE, ModelChoice, model_options
from moxu.errors import SettingsError

CHUNK = 256  # ids read at once


@click.command()
@click.argument("model")
@click.option("--ids", required=True, help="The ids to read, such as 1,2,3.")
@click.option("--source-ids", help="Ids of the source, for models that have one.")
@click.option("--out", type=FILE, required=True, help="The .npz file to write.")
@model_options
def logits(choice: ModelChoice, ids: str, source_ids: str | None, out: Path) -> None:
    """Write the logits of MODEL after each of IDS.

    The file holds `logits`, float32 (T, V): row t is what the model says after reading ids 0 to t.
    """
    tokens = _parse_ids("--ids", ids)
    loaded = choice.load()
    model = loaded.model
    if source_ids is not None:
        raise SettingsError(f"--source-ids: {model.architecture} models have no source; leave it out")
    _check_ids("--ids", tokens, model.vocab_size)
    if model.max_context is not None and len(tokens) > model.max_context:
        raise SettingsError(f"--ids: {len(tokens)} ids; the model's window holds {model.max_context}")

    from moxu.checkpoints.atomic import replacing

    state, rows = model.start(1), []
    for first in range(0, len(tokens), CHUNK):
        chunk, state = model.extend([tokens[first : first + CHUNK]], state)  # (1, T, V)
        rows.append(chunk[0].cpu().numpy())
    with replacing(out) as path, path.open("wb") as file:
        np.savez(file, logits=np.concatenate(rows))
    click.echo(f"{out}: logits {len(tokens)} x {model.vocab_size}")


def _parse_ids(option: str, text: str) -> list[int]:
    """Return the ids of ``1,2,3``; SettingsError names the one that is no number."""
    ids = []
    for word in text.split(","):
        try:
            ids.append(int(word))
        except ValueError:
            raise SettingsError(f"{option}: {word.strip()!r} is no id; expected numbers such as 1,2,3") from None
    return ids


def _check_ids(option: str, ids: list[int], vocab_size: int) -> None:
    for token_id in ids:
        if not 0 <= token_id < vocab_size:
            raise SettingsError(f"{option}: {token_id} is out of range; expected 0 to {vocab_size - 1}")
