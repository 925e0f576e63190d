"""A vocabulary of characters from the texts that will be trained on: so many, or as many as cover so much of them."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.pack.encoding import content_of
from moxu.corpus.pack.texts import Progress, Text, size_of
from moxu.corpus.processes import batches, in_order
from moxu.errors import TextError
from moxu.text.chars import FIRST_CHARACTER_ID, CharTokenizer
from moxu.text.code_points import count_characters

CODE_POINTS = 0x110000
BATCH = 1 << 18  # bytes of text that a process counts at once
NOVEL = 4 << 20  # bytes that few texts exceed

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Coverage:
    """How much of the texts a vocabulary covers; ``rarest`` is the rarest character it has, and how often that is."""

    characters: int  # of the texts
    spelled: int  # of these, the ones that the vocabulary lacks
    distinct: int  # different characters in the texts
    rarest: tuple[str, int]

    @property
    def share(self) -> float:
        """The part of the characters that have an id of their own."""
        return 1 - self.spelled / self.characters


class CharacterCounts:
    """How often each character stands in some texts."""

    def __init__(self, counts: Counts) -> None:
        """Take the counts by code point; halves of pairs, which are no characters, are not counted."""
        counts[0xD800:0xE000] = 0
        codes = np.flatnonzero(counts)
        order = np.argsort(-counts[codes], kind="stable")  # of equals the lower code point first
        self.by_frequency = {chr(code): int(counts[code]) for code in codes[order].tolist()}
        self.total = sum(self.by_frequency.values())

    def size_for(self, coverage: float) -> int:
        """Return the smallest number of ids whose characters cover this part of the texts, the newline among them."""
        wanted = math.ceil(coverage * self.total - 1e-6)
        covered, size = self.by_frequency.get("\n", 0), FIRST_CHARACTER_ID + 1
        for character, count in self.by_frequency.items():
            if covered >= wanted:
                break
            if character != "\n":
                covered, size = covered + count, size + 1
        return size

    def vocabulary(self, size: int) -> CharTokenizer:
        """Return the vocabulary of the most frequent characters, of at most ``size`` ids."""
        return CharTokenizer.of_counts(self.by_frequency, size)

    def coverage_of(self, tokenizer: CharTokenizer) -> Coverage:
        """Say how much of the texts a vocabulary covers."""
        kept = [(character, self.by_frequency.get(character, 0)) for character in tokenizer.characters]
        spelled = self.total - sum(count for _, count in kept)
        rarest = min(kept, key=lambda one: one[1], default=("", 0))
        return Coverage(self.total, spelled, len(self.by_frequency), rarest)


def count_texts(texts: Iterable[Text], workers: int = 1, progress: Progress | None = None) -> CharacterCounts:
    """Count the characters of those texts that are for training; TextError when there are none."""
    counts = np.zeros(CODE_POINTS, dtype=np.int64)
    training = (text for text in texts if text.split == "train")
    groups = batches(training, attrgetter("size"), BATCH)
    for read, (codes, found) in in_order(groups, _counter, workers, size_of, NOVEL):
        counts[codes] += found
        if progress:
            progress(read[-1].part, len(read), int(found.sum()))
    of_all = CharacterCounts(counts)
    if not of_all.total:
        raise TextError("no text for training here, to make a vocabulary of; name one with --vocab or --tokenizer")
    return of_all


def build_vocabulary(texts: Iterable[Text], size: int) -> CharTokenizer:
    """Choose the most frequent characters of the texts that are for training."""
    return count_texts(texts).vocabulary(size)


def _counter() -> Callable[[Sequence[Text]], tuple[Counts, Counts]]:
    return _count


def _count(texts: Sequence[Text]) -> tuple[Counts, Counts]:
    """Return the code points in some texts, and how often each stands there."""
    return count_characters("".join(content_of(text, "\n") for text in texts))
