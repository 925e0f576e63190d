"""A novel by a CPM-1 of real width: moxu's cached writing against recomputing the window for each token.

The model has the width, heads, vocabulary and window of CPM-1 (2,560, 32, 30,000, 1,024) and 4 of its 32 layers, with
random weights. One side writes 2,048 tokens, greedily, past the window with ``reread``; its time is that of the whole
text. The other recomputes the window for each token, as the original does; its time a token is the median of a sample.
Up to the window both write the same tokens, which is checked on the sample.

    python benchmarks/cpm1_window.py --threads 2
"""

import argparse
import statistics
import time

import torch

from moxu.decode.options import SamplingOptions
from moxu.decode.steps import Batch
from moxu.decode.window import Window
from moxu.models.devices import settle
from moxu.models.gpt import Gpt, GptConfig


class Ids:
    """A tokenizer of ids that stand for nothing: every one may be written, and none ends the text."""

    kind = "ids"
    newline_id: int | None = None
    end_id: int | None = None
    forbidden_ids: tuple[int, ...] = ()
    source_marks: tuple[int, int] | None = None

    def __init__(self, vocab_size: int) -> None:
        self.vocab_size = vocab_size


def write(model: Gpt, prompt: list[int], count: int) -> tuple[list[int], list[float]]:
    """Write greedily; return the ids, and the seconds that each took."""
    batch = Batch(
        model,
        Ids(model.vocab_size),  # type: ignore[arg-type]  # nothing is encoded or decoded here
        prompt,
        options=SamplingOptions(greedy=True),
        seeds=[0],
        max_tokens=count,
        horizon=Window(size=model.max_context, policy="reread"),
    )
    ids, times, begin = [], [], time.perf_counter()
    for step in batch.steps():
        ids.append(step.id)
        times.append(time.perf_counter() - begin)
        begin = time.perf_counter()
    return ids, times


@torch.inference_mode()
def recompute(model: Gpt, ids: list[int]) -> tuple[int, float]:
    """Return the likeliest id after ``ids``, and the seconds of a pass over the whole window, padded on the right."""
    window = torch.zeros(1, model.config.positions, dtype=torch.int64)
    window[0, : len(ids)] = torch.tensor(ids)
    begin = time.perf_counter()
    chosen = int(model(window)[0, len(ids) - 1].argmax())
    return chosen, time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--sample", type=int, default=6, help="tokens the slow side computes")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=2560)
    parser.add_argument("--window", type=int, default=1024)
    arguments = parser.parse_args()

    model = Gpt(GptConfig(30_000, arguments.width, arguments.layers, arguments.width // 80, arguments.window))
    model.initialise(torch.Generator().manual_seed(0))
    settle(model.eval(), arguments.threads)
    prompt = torch.randint(30_000, (64,), generator=torch.Generator().manual_seed(1)).tolist()
    recompute(model, prompt)  # warm up

    ids, times = write(model, prompt, arguments.tokens)
    text = prompt + ids
    inside = range(len(prompt), min(arguments.window, len(text)), max(1, arguments.window // arguments.sample))
    slow = []
    for place in inside:
        chosen, seconds = recompute(model, text[:place])
        slow.append(seconds)
        if chosen != text[place]:
            raise SystemExit(f"the token at {place} is {text[place]}, but {chosen} when the window is recomputed")
    print(f"{model.parameter_count() / 1e6:.0f} M parameters, {arguments.threads} threads, {len(ids)} tokens")
    print(f"window recomputed  {statistics.median(slow):8.3f} s a token (median of {len(slow)}; the same tokens)")
    each = sum(times) / len(times)
    print(f"moxu               {each:8.3f} s a token (median {statistics.median(times):.3f}, longest {max(times):.2f})")
    print(f"ratio {statistics.median(slow) / each:.1f}x for the whole text")


if __name__ == "__main__":
    main()
