"""A small tokenizer of every kind that moxu has."""

from collections.abc import Callable
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from moxu.text.bpe import BpeTokenizer
from moxu.text.chars import CharTokenizer
from moxu.text.cpm import CpmTokenizer
from moxu.text.rwkv_world import RwkvWorldTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable
from moxu.text.wordpiece import WordPieceTokenizer

KNOWN = "\n第一回却说那日，天色已晚。雾从江上起来的时候他还没有睡"


def byte_level_bpe(_: Path) -> Tokenizer:
    """GPT-2's kind: all bytes, and a few merges."""
    core = tokenizers.Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|endoftext|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator([KNOWN] * 3, trainer)
    return BpeTokenizer(core.to_str())


TOKENIZERS: dict[str, Callable[[Path], Tokenizer]] = {
    "chars": lambda _: CharTokenizer(KNOWN[:9]),
    "word_table": lambda _: WordTable([*KNOWN, UNKNOWN]),
    "rwkv_world": lambda _: RwkvWorldTokenizer(
        {byte + 1: bytes([byte]) for byte in range(256)} | {999: "江上".encode()}
    ),
    "cpm": lambda golden: CpmTokenizer.load(golden / "text" / "cpm1_vocab.model"),
    "wordpiece": lambda _: WordPieceTokenizer(["[PAD]", "氼", "[UNK]", "[CLS]", "[SEP]", *KNOWN[1:]]),
    "bpe": byte_level_bpe,
    "turns": lambda _: TurnsTokenizer([*SPECIAL, *KNOWN]),
}
"""By kind: given the folder of golden files, a tokenizer."""
