"""``moxu logits``: what a model says after each of some given ids, in a file other programs can compare with."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from moxu.cli.model_choice import FILE, ModelChoice, model_options
from moxu.cli.pages import check_out
from moxu.errors import SettingsError

if TYPE_CHECKING:
    from moxu.models.base import TorchLanguageModel

CHUNK = 256  # ids read at once

Arrays = dict[str, NDArray[np.float32]]


@click.command()
@click.argument("model")
@click.option("--ids", help="The ids to read, such as 1,2,3; of an encoder-decoder, those of its decoder.")
@click.option("--source-ids", help="Ids of the source, marks included, for models that have one; read first.")
@click.option("--out", type=FILE, required=True, help="The .npz file to write.")
@model_options
def logits(choice: ModelChoice, ids: str | None, source_ids: str | None, out: Path) -> None:
    """Write the logits of MODEL after each of IDS.

    The file holds `logits`, float32 (T, V): row t is what the model says after reading ids 0 to t. With a source, which
    may be all there is, it also holds `prompt_logits` (V): what follows the source alone, where a Misaka model has read
    its start token. The ids of a Misaka model begin with that token; of these `probs` (T, V) are the probabilities.
    """
    if ids is None and source_ids is None:
        raise SettingsError("nothing to read; give --ids 1,2,3, or --source-ids for a model that has a source")
    if out.is_dir():
        raise SettingsError(f"--out {out}: is a folder; name a file")
    check_out("--out", out, choice.sources)
    tokens = [] if ids is None else _parse_ids("--ids", ids)
    source = [] if source_ids is None else _parse_ids("--source-ids", source_ids)
    model = choice.load().model
    if source and model.passage is None:
        raise SettingsError(f"--source-ids: {model.architecture} models have no source; leave it out")
    if not source and model.architecture == "gau":
        raise SettingsError("--ids: gau models write from a source, not from nothing; name its ids with --source-ids")
    _check_ids("--source-ids", source, model.vocab_size)
    _check_ids("--ids", tokens, model.vocab_size)
    if model.max_context is not None and len(source) + len(tokens) > model.max_context:
        given = f"--source-ids and --ids: {len(source)} and {len(tokens)}" if source else f"--ids: {len(tokens)}"
        raise SettingsError(f"{given} ids; the model's window holds {model.max_context}")

    from moxu.checkpoints.atomic import replacing

    arrays = _read(model, source, tokens)
    with replacing(out) as path, path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stubs take the names for options
    shapes = (f"{name} {' x '.join(map(str, array.shape))}" for name, array in arrays.items())
    click.echo(f"{out}: {', '.join(shapes)}")


def _read(model: "TorchLanguageModel", source: list[int], tokens: list[int]) -> Arrays:
    """Return the arrays of the file: what follows the source if there is one, then what follows each of the tokens."""
    from moxu.models.gau import Gau

    arrays: Arrays = {}
    state: Any = None
    if source:
        following, state = model.prefill([source])  # (1, V)
        arrays["prompt_logits"] = following[0].cpu().numpy()
    if tokens:
        if isinstance(model, Gau) and source:
            state = model.encode([source])  # the start token is the first of the tokens
        arrays["logits"] = _read_on(model, tokens, state or model.start(1))
        if isinstance(model, Gau):
            arrays["probs"] = _softmax(arrays["logits"])
    return arrays


def _read_on(model: "TorchLanguageModel", tokens: list[int], state: Any) -> NDArray[np.float32]:
    """Return the logits (T, V) after each of the tokens."""
    rows = []
    for first in range(0, len(tokens), CHUNK):
        chunk, state = model.extend([tokens[first : first + CHUNK]], state)  # (1, T, V)
        rows.append(chunk[0].cpu().numpy())
    return np.concatenate(rows)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    weights = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    probs: NDArray[np.float32] = (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)
    return probs


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
