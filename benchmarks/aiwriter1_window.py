"""AI-Writer v1 at its real size: reading on from the state against recomputing the window for each character.

Both sides run in one process and in turns on the same random weights: one pass of the training form over the whole
window (what the original does for each character), then a run of single steps that ends at the window's last place,
where a step is at its dearest. Every step also chooses its character (argmax), as decoding would.

    python benchmarks/aiwriter1_window.py --threads 1
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from moxu.models.aiwriter1 import AiWriter1, AiWriter1Config
from moxu.models.devices import settle


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def decode(model: AiWriter1, prompt: torch.Tensor, steps: int) -> list[float]:
    """Return the seconds of each of ``steps`` single steps after ``prompt`` (B, T)."""
    logits, state = model.prefill(prompt)
    times = []
    for _ in range(steps):
        ids = logits.argmax(dim=-1, keepdim=True)
        begin = time.perf_counter()
        following, state = model.extend(ids, state)
        logits = following[:, -1]
        times.append(time.perf_counter() - begin)
    return times


def measure(model: AiWriter1, rounds: int, steps: int, rows: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each recomputed window and of each step, taken in turns."""
    window = torch.randint(model.vocab_size, (rows, model.config.context))
    recomputed, stepped = [], []
    with torch.inference_mode():
        model(window)  # warm up
        for _ in range(rounds):
            recomputed.append(seconds(lambda: model(window)))
            stepped.extend(decode(model, window[:, :-steps], steps))
    return recomputed, stepped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=64, help="single steps a round, the last ones of the window")
    parser.add_argument("--rows", type=int, default=1, help="texts in the batch")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--unfolded", action="store_true", help="keep time_w, time_alpha and time_beta apart")
    arguments = parser.parse_args()

    width = arguments.width
    config = AiWriter1Config(8849, 512, arguments.layers, 12, width, width, 5 * width // 2, not arguments.unfolded)
    model = AiWriter1(config)
    model.initialise(torch.Generator().manual_seed(0))
    settle(model, arguments.threads)
    recomputed, stepped = measure(model, arguments.rounds, arguments.steps, arguments.rows)

    print(f"{model.parameter_count() / 1e6:.0f} M parameters, {arguments.threads} threads, {arguments.rows} rows")
    print(f"{'':24}{'median s':>12}{'fastest s':>12}{'characters/s':>14}")
    for name, times in (("window recomputed", recomputed), ("read on from the state", stepped)):
        median = statistics.median(times)
        print(f"{name:24}{median:12.4f}{min(times):12.4f}{arguments.rows / median:14.1f}")
    print(f"ratio of medians: {statistics.median(recomputed) / statistics.median(stepped):.1f}x")


if __name__ == "__main__":
    main()
