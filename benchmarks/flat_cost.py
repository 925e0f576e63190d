"""The cost of a character after 1,000 … 100,000 characters of text, for the models whose state has a fixed size.

    python benchmarks/flat_cost.py [--model FOLDER] [--steps 300] [--threads 1]

Measures the shipped RWKV-7 (or ``--model``) and an AI-Writer v2 at its L6 size with random weights, in the decoding
loop of ``moxu write``. For every length a text so long is read first, then the median of the following steps is taken.
"""

import argparse
import random
import resource
import statistics
import time
from itertools import islice
from pathlib import Path

import torch

from moxu.checkpoints.folder import load_model
from moxu.decode.options import SamplingOptions
from moxu.decode.steps import Batch
from moxu.models.aiwriter2 import AiWriter2, AiWriter2Config
from moxu.models.base import TorchLanguageModel
from moxu.models.devices import settle
from moxu.text.chars import FIRST_CHARACTER_ID, CharTokenizer

LENGTHS = (1_000, 3_000, 10_000, 30_000, 100_000)


class EndlessTokenizer(CharTokenizer):
    """Ends no text, so that every step can be measured."""

    end_id = None
    forbidden_ids = (0,)


def measure(name: str, model: TorchLanguageModel, tokenizer: CharTokenizer, steps: int) -> None:
    print(f"\n{name}\n{'characters':>12}{'ms/character':>14}{'state MB':>10}{'peak MB':>9}")
    draw = random.Random(1)
    for length in LENGTHS:
        prompt = draw.choices(range(FIRST_CHARACTER_ID, tokenizer.vocab_size), k=length)
        batch = Batch(model, tokenizer, prompt, options=SamplingOptions(), seeds=[1], max_tokens=steps + 1, chunk=512)
        times = []
        began = time.perf_counter()
        for _ in islice(batch.steps(), steps):
            times.append(time.perf_counter() - began)
            began = time.perf_counter()
        state = sum(array.nbytes for array in batch._running._state.arrays().values()) / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{length:>12,}{statistics.median(times) * 1e3:>14.3f}{state:>10.2f}{peak:>9.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path(__file__).parent.parent / "src/moxu/pretrained/default")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    loaded = load_model(arguments.model)
    assert isinstance(loaded.tokenizer, CharTokenizer)
    settle(loaded.model, arguments.threads)
    name = f"{loaded.model.architecture}, {loaded.model.parameter_count() / 1e6:.1f} M parameters"
    measure(name, loaded.model, EndlessTokenizer(loaded.tokenizer.characters), arguments.steps)

    config = AiWriter2Config(8849, context=1536, layers=6, width=512, ffn_pre=True, copy_head=True, b_eps=1e-16)
    model = AiWriter2(config)
    model.initialise(torch.Generator().manual_seed(1))
    settle(model, arguments.threads)
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 8849 - FIRST_CHARACTER_ID)))
    measure("aiwriter2 at its L6 size, random weights", model, EndlessTokenizer(characters), arguments.steps)


if __name__ == "__main__":
    main()
