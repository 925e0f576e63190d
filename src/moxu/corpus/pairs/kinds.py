"""The kinds of records that can be made, what is made of a chapter for each, and by which options."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.neighbours import SentenceOptions, sentence_pairs
from moxu.corpus.pairs.passages import ContinueOptions, ExpandOptions, continue_pairs, expand_pairs
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record
from moxu.corpus.pairs.speech import SpeechOptions, dialogues
from moxu.text.prepare import END_MARK


@dataclass(frozen=True)
class LyricOptions:
    """A chapter of a songbook is a song; there is nothing to choose."""


def songs(chapter: Chapter, options: LyricOptions, skipped: Counter[str]) -> Iterator[Lyric]:  # noqa: ARG001
    """Yield the lines of a chapter as a song."""
    lines = tuple(line for line in chapter.paragraphs if line.strip() and END_MARK not in line)
    if lines:
        yield Lyric(lines)


@dataclass(frozen=True)
class Kind:
    """What a record is, and how a chapter becomes records; the last argument counts what was left out and why."""

    form: type[Record]
    options: type[Any]
    make: Callable[[Chapter, Any, Counter[str]], Iterator[Record]]


KINDS = {
    "sentences": Kind(Pair, SentenceOptions, sentence_pairs),
    "continue": Kind(Pair, ContinueOptions, continue_pairs),
    "expand": Kind(Pair, ExpandOptions, expand_pairs),
    "lyrics": Kind(Lyric, LyricOptions, songs),
    "dialogues": Kind(Dialogue, SpeechOptions, dialogues),
}
