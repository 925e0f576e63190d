"""Pairs of Misaka-Writer's two tasks: the text so far and what follows (续写), an outline and its passage (扩写).

Its program gave the model the last 128 ids of a source and at most 512 of a target, [CLS] and [SEP] included, and
left out targets of fewer than 128. A character is about an id, so passages of these lengths are cut here, in whole
sentences.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.outlines import outline
from moxu.corpus.pairs.records import Pair
from moxu.corpus.pairs.sentences import split_sentences

FEWEST_READ = 20  # characters of a source that tell something


@dataclass(frozen=True)
class ContinueOptions:
    """``source`` and ``target`` are the most characters of a side, ``shortest`` the fewest of a target."""

    source: int = 128
    target: int = 500
    shortest: int = 128


@dataclass(frozen=True)
class ExpandOptions:
    """``source`` is the most an outline has; ``every`` passage of a chapter is paired, or its opening only."""

    source: int = 128
    target: int = 500
    shortest: int = 128
    every: bool = False


def continue_pairs(chapter: Chapter, options: ContinueOptions, skipped: Counter[str]) -> Iterator[Pair]:
    """Yield pairs of which the targets follow one another through the chapter; each source ends where they begin."""
    sentences = _sentences(chapter)
    read, first = 0, 0
    while first < len(sentences) and read < FEWEST_READ:
        read, first = read + len(sentences[first].strip()), first + 1
    for start, end in _passages(sentences, first, options.target):
        target = "".join(sentences[start:end])
        if _fits(target, options.shortest, options.target, skipped):
            yield Pair(_before(sentences, start, options.source), target)


def expand_pairs(chapter: Chapter, options: ExpandOptions, skipped: Counter[str]) -> Iterator[Pair]:
    """Yield the outline of the opening, or of every passage, with the passage it was taken from."""
    sentences = _sentences(chapter)
    for start, end in _passages(sentences, 0, options.target):
        target = "".join(sentences[start:end]).strip("\n")
        if _fits(target, options.shortest, options.target, skipped):
            source = outline(sentences[start:end], options.source)
            if len(source) >= FEWEST_READ:
                yield Pair(source, target)
            else:
                skipped["no outline"] += 1
        if not options.every:
            return


def _sentences(chapter: Chapter) -> list[str]:
    return split_sentences("\n".join(chapter.paragraphs))


def _passages(sentences: Sequence[str], first: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of as many whole sentences as ``longest`` characters hold, one after the other."""
    start, length = first, 0
    for place in range(first, len(sentences)):
        if length and length + len(sentences[place]) > longest:
            yield start, place
            start, length = place, 0
        length += len(sentences[place])
    if start < len(sentences):
        yield start, len(sentences)


def _before(sentences: Sequence[str], end: int, longest: int) -> str:
    """Return the whole sentences before ``end``, at most ``longest`` characters; the end of one that is longer."""
    read = ""
    for place in range(end - 1, -1, -1):
        if len(read) + len(sentences[place]) > longest and len(read.strip()) >= FEWEST_READ:
            break
        read = sentences[place] + read
        if len(read) >= longest:
            break
    return read[-longest:]


def _fits(target: str, shortest: int, longest: int, skipped: Counter[str]) -> bool:
    length = len(target.strip())
    if shortest <= length <= longest:
        return True
    skipped["the passage is too short" if length < shortest else "a sentence is longer than a passage"] += 1
    return False
