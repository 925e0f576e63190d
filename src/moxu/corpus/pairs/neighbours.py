"""Sentence pairs: what stands in a text one after another, as UniLM's program for continuing novels read it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.records import Pair
from moxu.corpus.pairs.sentences import split_sentences


@dataclass(frozen=True)
class SentenceOptions:
    """How sentences are paired.

    ``before`` sentences are a source, the ``after`` following ones its target; the next pair begins ``stride``
    sentences on. With ``join``, short sentences are first joined to groups of at most so many characters, and a group
    counts as a sentence. ``source`` and ``target`` are the most characters a side may have, ``shortest`` the fewest.
    """

    before: int = 1
    after: int = 1
    stride: int = 1
    join: int = 0
    source: int = 256
    target: int = 256
    shortest: int = 2


def sentence_pairs(chapter: Chapter, options: SentenceOptions, skipped: Counter[str]) -> Iterator[Pair]:
    """Yield the pairs of a chapter; source and target together are a piece of it, line ends included.

    What is left out is counted in ``skipped``, by reason.
    """
    longest = min(options.source // options.before, options.target // options.after)
    sentences = split_sentences("\n".join(chapter.paragraphs), max(longest, options.join))
    units = join_short(sentences, options.join) if options.join else sentences
    for place in range(options.before, len(units) - options.after + 1, options.stride):
        source = "".join(units[place - options.before : place])
        target = "".join(units[place : place + options.after])
        reason = _unfit(source.strip(), target.strip(), options)
        if reason:
            skipped[reason] += 1
        else:
            yield Pair(source, target)


def join_short(sentences: list[str], longest: int) -> list[str]:
    """Return groups of consecutive sentences of at most ``longest`` characters; a longer sentence is a group."""
    groups: list[str] = []
    for sentence in sentences:
        if groups and len(groups[-1]) + len(sentence) <= longest:
            groups[-1] += sentence
        else:
            groups.append(sentence)
    return groups


def _unfit(source: str, target: str, options: SentenceOptions) -> str:
    if len(source) > options.source or len(target) > options.target:
        return "a side is too long"
    return "a side is too short" if min(len(source), len(target)) < options.shortest else ""
