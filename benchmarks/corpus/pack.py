"""What packing costs: characters a second by kind of tokenizer and number of processes, beside plainer ways.

The peers: for characters a loop over a dictionary into an array, as most scripts have it; for BPE, which is made here
from a sample of the texts, ``encode_batch`` of Hugging Face's tokenizers, which uses all processors by itself. Each
figure is the median of some rounds, in turns; beside it the processor time of the program and its processes, which
tells more where other programs run. Reading and writing of the files is in moxu's figures, not in the peers'.

    python -m benchmarks.corpus.pack [SRC...] --characters 20000000 --rounds 5 \\
        --vocab rwkv_vocab_v20230424.txt --vocab chinese_vocab.model
"""

import argparse
import os
import statistics
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.sources import Sources
from moxu.corpus.pack.texts import Text
from moxu.corpus.pack.vocabulary import count_texts
from moxu.corpus.processes import available_processors
from moxu.text.bpe import BpeTokenizer
from moxu.text.chars import CharTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import read_vocab
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable

FICTION = Path(__file__).resolve().parents[3] / "shared" / "corpus"
SLOW = {"cpm": 40, "rwkv_world": 4, "wordpiece": 4, "bpe": 4}
"""Kinds that get only this fraction of the characters: their speed does not depend on it."""


def texts_of(sources: list[Path], characters: int) -> list[Text]:
    """Return the first texts of the sources, as places and not as contents, of about so many characters."""
    chosen, total = [], 0
    for text in Sources(sources):
        chosen.append(replace(text, split="train"))
        total += text.size // 3
        if total >= characters:
            break
    return chosen


def byte_level_bpe(texts: list[Text]) -> BpeTokenizer:
    """Make a byte-level BPE of 8,000 tokens of some of the texts."""
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    core = tokenizers.Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|endoftext|>"]
    trainer = trainers.BpeTrainer(vocab_size=8000, special_tokens=special, initial_alphabet=alphabet)
    core.train_from_iterator((text.read()[:100_000] for text in texts[:20]), trainer)
    return BpeTokenizer(core.to_str())


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that something took, and those of processors, its own and its processes'."""
    begun, used = time.perf_counter(), os.times()
    work()
    wall, now = time.perf_counter() - begun, os.times()
    return wall, sum(now[:4]) - sum(used[:4])


def packing(texts: list[Text], tokenizer: Tokenizer, workers: int) -> Callable[[], object]:
    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            pack(texts, tokenizer, Path(folder) / "packed", workers=workers)

    return work


def plain_loop(contents: list[str], tokenizer: CharTokenizer) -> Callable[[], object]:
    ids = {character: tokenizer.encode(character)[0] for character in tokenizer.characters}
    return lambda: [array("I", [ids.get(character, 0) for character in content]) for content in contents]


def library(contents: list[str], tokenizer: BpeTokenizer) -> Callable[[], object]:
    core = tokenizer._core
    return lambda: [array("I", one.ids) for one in core.encode_batch(contents, add_special_tokens=False)]


def contenders(texts: list[Text], vocabularies: list[Path]) -> dict[str, tuple[int, Callable[[], object]]]:
    """Return what is measured by name: how many characters it reads, and the work."""
    counts = count_texts(texts)
    chars = counts.vocabulary(6000)
    tokenizers: dict[str, Tokenizer] = {
        "chars": chars,
        "word_table": WordTable([*chars.characters, UNKNOWN]),
        "turns": TurnsTokenizer([*SPECIAL, *chars.characters]),
        "bpe": byte_level_bpe(texts),
    }
    tokenizers |= {tokenizer.kind: tokenizer for tokenizer in map(read_vocab, vocabularies)}
    work: dict[str, tuple[int, Callable[[], object]]] = {}
    for kind, tokenizer in tokenizers.items():
        part = texts[: max(1, len(texts) // SLOW.get(kind, 1))]
        contents = [text.read() for text in part]
        size = sum(map(len, contents))
        for workers in sorted({1, available_processors()}):
            work[f"{kind}, {workers} process{'es' if workers > 1 else ''}"] = size, packing(part, tokenizer, workers)
        if isinstance(tokenizer, CharTokenizer):
            work["chars, a plain loop"] = size, plain_loop(contents, tokenizer)
        if isinstance(tokenizer, BpeTokenizer):
            work["bpe, encode_batch of tokenizers"] = size, library(contents, tokenizer)
    work["counting characters, 1 process"] = counts.total, lambda: count_texts(texts)
    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="*", default=[FICTION])
    parser.add_argument("--characters", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vocab", type=Path, action="append", default=[])
    options = parser.parse_args()
    work = contenders(texts_of(options.sources, options.characters), options.vocab)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(options.rounds):
        for name, (_, one) in work.items():
            times[name].append(measured(one))
    print("| | characters/s | of processor time | characters |\n|---|--:|--:|--:|")
    for name, (size, _) in work.items():
        wall, used = (size / statistics.median(column) for column in zip(*times[name], strict=True))
        print(f"| {name} | {wall:,.0f} | {used:,.0f} | {size:,} |")


if __name__ == "__main__":
    main()
