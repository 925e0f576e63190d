"""What a text costs past the window of a model that has one: moxu's cached reading, the exact one, and CPM-1's old one.

For each character of a text, in bits:

- ``reread``: what ``moxu score`` says, which is what ``--window reread`` writes with. When the window is full, its
  newer half is read anew.
- ``roll``: the last window read anew for each character; exact, and slow.
- ``dropped``: what the cached path of CPM-1's unlimited generation did. The oldest keys and values are dropped, the
  others keep the positions they were computed with, and every new character is read at the last position.

Writes the three as CSV, draws them (with matplotlib, of the extra "train"), and prints their averages within the first
window and past it.

    python benchmarks/window_loss.py MODEL TEXT --characters 8192 --out window_loss.csv --picture window_loss.png
"""

import argparse
import csv
import math
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from numpy.typing import NDArray

mpl.use("agg")
from matplotlib import pyplot as plt

from moxu.checkpoints.formats import load
from moxu.decode.score import score_ids
from moxu.models.gpt import Gpt
from moxu.models.state import TensorState
from moxu.text.encodings import read_text

Bits = NDArray[np.float64]
ROWS = 16  # windows that are read anew together
COLOURS = {"roll": "#b9b2a5", "reread": "#b5402a", "dropped": "#3a5a78"}


def bits_of(logits: torch.Tensor, ids: torch.Tensor) -> Bits:
    """logits (T, V), ids (T,) -> (T,)"""
    logprobs = torch.log_softmax(logits.double(), dim=-1).gather(-1, ids[:, None])[:, 0]
    return (-logprobs / math.log(2)).numpy()


def reread(model: Gpt, ids: torch.Tensor) -> Bits:
    """Return the bits of ids[1:] as ``moxu score`` computes them."""
    return -score_ids(model, ids[1:].tolist(), context=[int(ids[0])]) / math.log(2)


@torch.inference_mode()
def roll(model: Gpt, ids: torch.Tensor) -> Bits:
    """Return the bits of ids[1:], each after the last window before it, which is read from nothing."""
    window = model.config.positions
    inside = bits_of(model(ids[None, :window])[0], ids[1 : window + 1])
    windows = ids[1:-1].unfold(0, window, 1)  # (N, window): the first ends one place later than those inside
    past = [
        bits_of(model(rows)[:, -1], ids[window + 1 + start : window + 1 + start + len(rows)])
        for start, rows in zip(range(0, len(windows), ROWS), torch.split(windows, ROWS), strict=True)
    ]
    return np.concatenate([inside, *past])


@torch.inference_mode()
def dropped(model: Gpt, ids: torch.Tensor) -> Bits:
    """Return the bits of ids[1:] when a full cache loses its oldest place and keeps the rest as it is."""
    state: TensorState = model.start(1)
    found = []
    for place in range(len(ids) - 1):
        if int(state.lengths[0]) == model.config.positions:
            state.lengths -= 1
            state.tensors = {name: tensor[..., 1:, :].clone() for name, tensor in state.tensors.items()}
        logits, state = model.extend(ids[None, place : place + 1], state)
        found.append(bits_of(logits[0], ids[place + 1 : place + 2]))
    return np.concatenate(found)


WAYS: dict[str, Callable[[Gpt, torch.Tensor], Bits]] = {"roll": roll, "reread": reread, "dropped": dropped}


def draw(results: dict[str, Bits], window: int, picture: Path) -> None:
    """Draw each way's bits, averaged over quarters of a window."""
    size = window // 4
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    axes.axvline(window, color="#e8e2d4", lw=6, zorder=0)
    for name, bits in results.items():
        count = len(bits) // size
        means = bits[: count * size].reshape(count, size).mean(axis=1)  # (count,)
        axes.plot(np.arange(count) * size + size / 2, means, color=COLOURS[name], lw=1.4, label=name)
    axes.annotate(f"window {window}", (window, axes.get_ylim()[1]), xytext=(6, -12), textcoords="offset points")
    axes.set_xlabel("characters read")
    axes.set_ylabel("bits per character")
    axes.grid(color="#e8e2d4")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("--characters", type=int, default=8192)
    parser.add_argument("--skip", type=int, default=0, help="characters of the text to leave out at its beginning")
    parser.add_argument("--out", type=Path, required=True, help="CSV file")
    parser.add_argument("--picture", type=Path, required=True)
    arguments = parser.parse_args()

    loaded = load(arguments.model)
    model, tokenizer = loaded.model, loaded.tokenizer
    if not isinstance(model, Gpt) or tokenizer is None:
        raise SystemExit(f"{arguments.model}: expected a gpt with its vocabulary")
    text = read_text(arguments.text)[arguments.skip : arguments.skip + arguments.characters]
    ids = torch.tensor([tokenizer.end_id or 0, *tokenizer.encode(text)])
    results = {name: way(model, ids) for name, way in WAYS.items()}

    with arguments.out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("position", *results))
        rows = zip(*results.values(), strict=True)
        table.writerows((place, *(f"{bits:.4f}" for bits in row)) for place, row in enumerate(rows))
    window = model.config.positions
    draw(results, window, arguments.picture)
    print(f"{'bits per character':20}{'first window':>14}{'its 2nd half':>14}{'past it':>10}")
    for name, bits in results.items():
        inside, later, past = bits[:window].mean(), bits[window // 2 : window].mean(), bits[window:].mean()
        print(f"{name:20}{inside:14.3f}{later:14.3f}{past:10.3f}")


if __name__ == "__main__":
    main()
