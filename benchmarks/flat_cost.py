"""The cost of a character at 1,000 … 100,000 characters of text, for the models whose state has a fixed size.

    python benchmarks/flat_cost.py [--model default] [--length 100000] [--threads 1]

Measures the shipped RWKV-7 (or ``--model``) and an AI-Writer v2 at its L6 size with random weights, through the
decoding loop that ``moxu write`` uses. Prints milliseconds per character, size of the state and peak memory.
"""

import argparse
import resource
import statistics
import time
from pathlib import Path

import torch

from moxu.checkpoints.folder import load_model
from moxu.decode.options import SamplingOptions
from moxu.decode.steps import Batch
from moxu.models.aiwriter2 import AiWriter2, AiWriter2Config
from moxu.text.chars import CharTokenizer

MARKS = (1_000, 3_000, 10_000, 30_000, 100_000)
SAMPLE = 500  # characters each median is taken over


class EndlessTokenizer(CharTokenizer):
    """Ends no text, so that every length is reached."""

    end_id = None
    forbidden_ids = (0,)


def measure(name: str, model: object, tokenizer: CharTokenizer, length: int) -> None:
    batch = Batch(model, tokenizer, tokenizer.encode("\n这是一颗"), options=SamplingOptions(), seeds=[1], max_tokens=length)
    print(f"\n{name}\n{'characters':>12}{'ms/character':>14}{'state MB':>10}{'peak MB':>9}")
    times: list[float] = []
    began = time.perf_counter()
    for written, _ in enumerate(batch.steps(), start=1):
        now = time.perf_counter()
        times.append(now - began)
        began = now
        if written in MARKS:
            state = sum(array.nbytes for array in batch._state.arrays().values()) / 1e6
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            median = statistics.median(times[-SAMPLE:]) * 1e3
            print(f"{written:>12,}{median:>14.3f}{state:>10.2f}{peak:>9.0f}", flush=True)
            times.clear()
            began = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path(__file__).parent.parent / "src/moxu/pretrained/default")
    parser.add_argument("--length", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    loaded = load_model(arguments.model)
    tokenizer = EndlessTokenizer(loaded.tokenizer.characters)
    measure(f"rwkv7, {loaded.model.parameter_count() / 1e6:.1f} M", loaded.model, tokenizer, arguments.length)

    model = AiWriter2(AiWriter2Config(8849, context=1536, layers=6, width=512, ffn_pre=True, copy_head=True, b_eps=1e-16))
    model.initialise(torch.Generator().manual_seed(1))
    tokenizer = EndlessTokenizer("".join(map(chr, range(0x4E00, 0x4E00 + 8849 - 257))))
    measure("aiwriter2 L6, random weights", model, tokenizer, arguments.length)


if __name__ == "__main__":
    main()
