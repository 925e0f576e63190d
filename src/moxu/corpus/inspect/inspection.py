"""One pass over works, from which everything is told that ``moxu corpus inspect`` shows.

Works come one by one and are not kept: what is kept of a work is counts, and for each chapter a fingerprint, by which
copies are found. Ten gigabytes of novels pass in half a gigabyte of memory.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from moxu.corpus.inspect.characters import Characters
from moxu.corpus.inspect.copies import Chapters
from moxu.corpus.inspect.excerpts import Excerpts
from moxu.corpus.inspect.facts import (
    ChapterFacts,
    DialogueFacts,
    Facts,
    NumberingInWork,
    RepetitionFacts,
    ScriptFacts,
    Share,
    StructureFacts,
    Unread,
    UntitledInWork,
)
from moxu.corpus.inspect.frequency import character_facts
from moxu.corpus.inspect.kinds import Kind
from moxu.corpus.inspect.lengths import Lengths
from moxu.corpus.inspect.numbering import number_gaps, numbering_faults
from moxu.corpus.inspect.repeats import Lines
from moxu.corpus.inspect.top import Top
from moxu.corpus.work import Work

Progress = Callable[[Work], None]
"""Called with each work when it has been looked at."""

QUOTED = re.compile('“[^”\n]*”?|「[^」\n]*」?|『[^』\n]*』?|‘[^’\n]*’|"[^"\n]+"')
UNCLOSED = re.compile("“[^”\n]*$|「[^」\n]*$|『[^』\n]*$", re.MULTILINE)
COLUMNS = ("split", "group", "author", "licence")
VALUES = 50_000  # different ones of a column that are told apart
OTHERS = "… (others)"
SHOWN = 20  # works, chapters, values, copies
LINES_SHOWN = 40
FAULTS_SHOWN = 6  # of each work


@dataclass
class Inspection:
    """Looks at works one after the other; ``facts`` says what was found so far.

    ``excerpts`` texts are drawn with ``seed``; none unless they are asked for, because they are the user's.
    """

    excerpts: int = 0
    seed: int = 1
    _characters: Characters = field(default_factory=Characters)
    _chapters: Chapters = field(default_factory=Chapters)
    _lines: Lines = field(default_factory=Lines)
    _totals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._drawn = Excerpts(self.excerpts, self.seed)
        self._lengths = {name: Lengths() for name in ("works", "chapters", "paragraphs")}
        self._shares: dict[str, dict[str, Counter[str]]] = {column: {} for column in COLUMNS}
        self._longest: Top[ChapterFacts] = Top(SHOWN)
        self._shortest: Top[ChapterFacts] = Top(SHOWN)
        self._untitled: Top[UntitledInWork] = Top(SHOWN)
        self._misnumbered: Top[NumberingInWork] = Top(SHOWN)

    def add(self, work: Work) -> None:
        """Look at a work."""
        name = work.book.title or work.source
        self._characters.begin_work(name)
        self._chapters.begin_work(name)
        characters, quoted, lines = 0, 0, list[str]()
        for number, chapter in work.numbered():
            if not chapter.paragraphs:
                self._totals["volume_titles"] += 1
                continue
            text = "\n".join(chapter.paragraphs)
            spoken = sum(map(len, QUOTED.findall(text)))
            self._totals["unclosed"] += len(UNCLOSED.findall(text)) if spoken else 0
            quoted += spoken
            length = len(text) - text.count("\n")
            characters += length
            self._characters.add(text)
            self._chapters.add(text, number)
            self._lengths["paragraphs"].add(map(len, chapter.paragraphs))
            self._lengths["chapters"].add([length])
            place = ChapterFacts(name, number, chapter.title, length)
            self._longest.offer(length, place)
            self._shortest.offer(-length, place)
            self._drawn.offer(work.id, name, number, chapter.title, chapter.paragraphs)
            lines += chapter.paragraphs
        self._lines.add(lines, name)
        self._totals["quoted"] += quoted
        self._totals["works_without_quotes"] += not quoted
        self._totals["paragraphs"] += len(lines)
        self._lengths["works"].add([characters])
        self._add_titles(name, [chapter.title for chapter in work.book.chapters], work.numbers)
        self._add_shares(work, characters)

    def _add_titles(self, name: str, titles: Sequence[str], numbers: Sequence[int]) -> None:
        self._totals["works_whole"] += len(titles) == 1
        if untitled := sum(not title for title in titles[1:]):
            self._totals["untitled"] += untitled
            self._untitled.offer(untitled, UntitledInWork(name, untitled, len(titles)))
        faults = numbering_faults(titles) or number_gaps(numbers, titles)
        if faults:
            missing = sum(fault.missing for fault in faults)
            self._totals["missing"] += missing
            found = NumberingInWork(name, len(faults), missing, tuple(faults[:FAULTS_SHOWN]))
            self._misnumbered.offer(max(missing, len(faults)), found)

    def _add_shares(self, work: Work, characters: int) -> None:
        counts = {"works": 1, "chapters": len(work.book.chapters), "characters": characters}
        self._totals.update(counts)
        values = (work.split, work.group, work.book.author, work.licence)
        for column, value in zip(COLUMNS, values, strict=True):
            shares = self._shares[column]
            key = value if value in shares or len(shares) < VALUES else OTHERS
            shares.setdefault(key, Counter()).update(counts)

    def facts(self, sources: Iterable[str] = (), unread: Iterable[Unread] = ()) -> Facts:
        """Return what was found."""
        self._characters.finish()
        counted, totals = self._characters, self._totals
        lengths = {name: one.facts() for name, one in (*self._lengths.items(), ("sentences", counted.sentences))}
        return Facts(
            sources=tuple(sources),
            seed=self.seed,
            works=totals["works"],
            chapters=totals["chapters"],
            paragraphs=totals["paragraphs"],
            characters=totals["characters"],
            shares={column: _shares_of(values) for column, values in self._shares.items()},
            lengths=lengths,
            text=character_facts(counted.counts, counted.kinds, counted.examples),
            script=ScriptFacts(
                int(counted.kinds[Kind.SIMPLIFIED]),
                int(counted.kinds[Kind.TRADITIONAL]),
                dict(counted.scripts),
                counted.mixed.things(),
            ),
            dialogue=DialogueFacts(totals["quoted"], totals["unclosed"], totals["works_without_quotes"]),
            structure=self._structure(),
            repetition=self._repetition(),
            lost_in=counted.lost.things(),
            works_with_lost=counted.lost.offered,
            excerpts=self._drawn.drawn(),
            unread=tuple(unread),
        )

    def _structure(self) -> StructureFacts:
        totals = self._totals
        return StructureFacts(
            totals["volume_titles"],
            totals["untitled"],
            self._untitled.things(),
            totals["works_whole"],
            self._longest.things(),
            self._shortest.things(),
            self._misnumbered.offered,
            totals["missing"],
            self._misnumbered.things(),
        )

    def _repetition(self) -> RepetitionFacts:
        copies = self._chapters.copies()
        return RepetitionFacts(
            sum(one.count - 1 for one in copies),
            sum(one.characters * (one.count - 1) for one in copies),
            tuple(copies[:SHOWN]),
            self._lines.most_repeated(LINES_SHOWN),
            self._lines.uncounted,
        )


def inspect(works: Iterable[Work], excerpts: int = 0, seed: int = 1, progress: Progress | None = None) -> Inspection:
    """Look at all works and return what has been seen."""
    inspection = Inspection(excerpts, seed)
    for work in works:
        inspection.add(work)
        if progress:
            progress(work)
    return inspection


def _shares_of(values: dict[str, Counter[str]]) -> tuple[Share, ...]:
    """Return the values with most characters, and the others as one."""
    shares = [Share(name, one["works"], one["chapters"], one["characters"]) for name, one in values.items()]
    shares.sort(key=lambda share: (share.name == OTHERS, -share.characters, share.name))
    kept, rest = shares[:SHOWN], shares[SHOWN:]
    if rest:
        counts = [(share.works, share.chapters, share.characters) for share in rest]
        works, chapters, characters = map(sum, zip(*counts, strict=True))
        kept.append(Share(OTHERS, works, chapters, characters))
    return tuple(kept)
