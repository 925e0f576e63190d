"""Misaka V3 at its real size: several candidates for one source against a single one.

Both sides run in one process and in turns on the same random weights: one pass of the encoder over the source, then as
many steps as there are characters to write, each of which also draws the next character of every candidate.

    python benchmarks/misaka_candidates.py --threads 2
"""

import argparse
import statistics
import time

import torch

from moxu.models.devices import settle
from moxu.models.gau import Gau, GauConfig


@torch.inference_mode()
def write(model: Gau, source: torch.Tensor, candidates: int, characters: int) -> tuple[float, list[float]]:
    """Return the seconds of the encoder pass, and those of each step."""
    began = time.perf_counter()
    logits, state = model.prefill(source)
    logits, state = logits.expand(candidates, -1), state.select([0] * candidates)
    encoded = time.perf_counter() - began
    times = []
    for _ in range(characters):
        began = time.perf_counter()
        ids = torch.multinomial(torch.softmax(logits, dim=-1), 1)  # (B, 1)
        following, state = model.extend(ids, state)
        logits = following[:, -1]
        times.append(time.perf_counter() - began)
    return encoded, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=8)
    parser.add_argument("--characters", type=int, default=256)
    parser.add_argument("--source", type=int, default=128, help="ids of the source, its marks among them")
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--layers", type=int, default=26, help="of the encoder; the decoder has half as many")
    arguments = parser.parse_args()

    width, layers = arguments.width, arguments.layers
    model = Gau(GauConfig(12_000, width, 2 * width, width // 8, layers, layers // 2, start_id=101))
    model.initialise(torch.Generator().manual_seed(0))
    model.eval()
    settle(model, arguments.threads)
    source = torch.randint(1, model.vocab_size, (1, arguments.source))
    counts = (1, arguments.candidates)
    encoded, steps, whole = ({count: list[float]() for count in counts} for _ in range(3))
    for count in counts:
        write(model, source, count, 2)  # warm up
    for _ in range(arguments.rounds):
        for count in counts:
            seconds, times = write(model, source, count, arguments.characters)
            encoded[count].append(seconds)
            steps[count].extend(times)
            whole[count].append(seconds + sum(times))

    print(f"{model.parameter_count() / 1e6:.0f} M parameters, {arguments.threads} threads, random weights")
    print(f"{'candidates':>12}{'encoder s':>12}{'step s':>12}{'whole s':>12}{'characters/s':>14}")
    for count in counts:
        medians = [statistics.median(times[count]) for times in (encoded, steps, whole)]
        print(f"{count:12}" + "".join(f"{each:12.4f}" for each in medians) + f"{count / medians[1]:14.1f}")
    one, several = (statistics.median(whole[count]) for count in counts)
    print(f"{arguments.candidates} candidates cost {several / one:.2f}x one")


if __name__ == "__main__":
    main()
