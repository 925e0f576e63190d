"""Draw the learning curve of a training run: training and validation bits against the ids it has read.

    python scripts/plot_run.py runs/default curve.png --ids-per-step 4096

Reads the run's log.jsonl; needs matplotlib (the extra "bench").
"""

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
from matplotlib import pyplot as plt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--ids-per-step", type=int, required=True)
    arguments = parser.parse_args()

    lines = [json.loads(line) for line in (arguments.run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    by_step = {line["step"]: line for line in lines}  # a resumed run may have logged a step twice
    read = [step * arguments.ids_per_step / 1e6 for step in by_step]
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(
        read, [line["bits"] for line in by_step.values()], "o-", color="#b9b2a5", ms=3, label="training, bits per id"
    )
    validation = [line["validation_bits_per_character"] for line in by_step.values()]
    axes.plot(read, validation, "o-", color="#b5402a", ms=4, label="validation, bits per character")
    axes.annotate(f"{validation[-1]:.2f}", (read[-1], validation[-1]), xytext=(4, 4), textcoords="offset points")
    axes.set_xlabel("ids read (million)")
    axes.set_ylabel("bits")
    axes.grid(color="#e8e2d4")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(arguments.picture, dpi=130)


if __name__ == "__main__":
    main()
