"""The last stage: prepared chapters, one file after the other, into the files of the corpus, counted on the way."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from moxu.corpus.build.gathering import Chapters, Entry, Sheaf, Works, sheaves
from moxu.corpus.build.prepare import text_size
from moxu.corpus.build.splits import Assignment
from moxu.corpus.build.statistics import MOST_TOLD, Statistics, WorkFacts
from moxu.corpus.build.verdicts import KEPT, OVERLAP, REASONS, Verdicts
from moxu.corpus.build.write import CorpusWriter
from moxu.corpus.dedup.related import Related
from moxu.corpus.sources.pieces import Fault
from moxu.corpus.work import SPLITS

Advance = Callable[[int, int], None]
"""Called with the files that have been written and the characters kept in them."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """All that was decided over the whole corpus."""

    works: Works
    chapters: Chapters
    related: Related
    assignment: Assignment
    verdicts: Verdicts


def write_corpus(
    folder: Path,
    paths: Sequence[Path],
    decisions: Decisions,
    *,
    faults: Iterable[Fault],
    expected: Set[str],
    advance: Advance,
) -> tuple[Statistics, list[Fault]]:
    """Write the chapters that are kept and the lists of works and of what was dropped; return the numbers.

    ``faults`` are those of the listing and the reading; the first MOST_TOLD of them and of those of the preparation are
    returned. ``expected`` are the titles that manifests name.
    """
    with CorpusWriter(folder) as writer:
        assembly = _Assembly(decisions, writer, _Names(paths, decisions), expected)
        for fault in faults:
            assembly.add_fault(fault)
        for number, sheaf in enumerate(sheaves(paths), 1):
            assembly.add(sheaf)
            advance(number, assembly.statistics.kept.characters)
        assembly.end()
    return assembly.statistics, assembly.faults


class _Names:
    """The names of works and chapters that something else refers to, found in one reading of the headings."""

    def __init__(self, paths: Sequence[Path], decisions: Decisions) -> None:
        repeats = decisions.verdicts.repeats
        wanted = set(np.unique(repeats[repeats >= 0]).tolist())
        groups = decisions.related.groups
        sizes = np.bincount(groups, minlength=len(groups))
        kin = set(np.flatnonzero(sizes[groups] > 1).tolist())
        self.chapters: dict[int, dict[str, Any]] = {}
        self.titles: dict[int, str] = {}
        if not wanted and not kin:
            return
        for sheaf in sheaves(paths, ("work", "number", "heading")):
            for entry in sheaf.entries:
                if entry.work in kin:
                    self.titles[entry.work] = entry.about.title
                for place, row in enumerate(entry.rows, entry.chapter):
                    if place in wanted:
                        number, heading = sheaf.columns["number"][row], sheaf.columns["heading"][row]
                        name = {"work": decisions.works.id_of(entry.work), "title": entry.about.title}
                        self.chapters[place] = name | {"number": number, "heading": heading}


class _Assembly:
    """The corpus as it is written."""

    def __init__(self, decisions: Decisions, writer: CorpusWriter, names: _Names, expected: Set[str]) -> None:
        self._decisions, self._writer, self._names = decisions, writer, names
        self._missing = set(expected)
        self.statistics, self.faults = Statistics(), list[Fault]()
        self._work: WorkFacts | None = None
        self._tell_related()

    def add_fault(self, fault: Fault) -> None:
        """Write what could not be read, or was passed over."""
        self._writer.write_dropped(
            {"why": "passed over" if fault.harmless else "unreadable", "source": fault.source, "reason": fault.reason}
        )
        if fault.harmless:
            self.statistics.passed_over += 1
        else:
            self.statistics.faults += 1
            if len(self.faults) < MOST_TOLD:
                self.faults.append(fault)

    def add(self, sheaf: Sheaf) -> None:
        """Write the works of one prepared file."""
        self.statistics.tally += sheaf.tally
        for fault in sheaf.faults:
            self.add_fault(fault)
        for entry in sheaf.entries:
            work = self._begin(entry)
            work.read += entry.about.read
            work.cleaned += entry.about.cleaned
            work.warnings += entry.about.warnings
            for place, row in enumerate(entry.rows, entry.chapter):
                chapter = {name: sheaf.columns[name][row] for name in ("number", "heading", "text", "characters")}
                self._add_chapter(work, place, chapter)

    def end(self) -> None:
        """End the corpus."""
        self._end_work()
        self.statistics.missing = sorted(self._missing)[:MOST_TOLD]

    def _end_work(self) -> None:
        if self._work is not None:
            self.statistics.add_work(self._work)
            self._writer.write_work(asdict(self._work))
        self._work = None

    def _begin(self, entry: Entry) -> WorkFacts:
        if self._work is not None and not entry.begins:
            return self._work
        self._end_work()
        self._missing.discard(entry.about.title)
        about, decisions = entry.about, self._decisions
        self._work = WorkFacts(
            id=decisions.works.id_of(entry.work),
            split=SPLITS[decisions.assignment.splits[entry.work]],
            **{name: getattr(about, name) for name in ("title", "author", "source", "licence", "group", "origin")},
            **{name: getattr(about, name) for name in ("note", "format", "encoding", "told")},
        )
        return self._work

    def _add_chapter(self, work: WorkFacts, place: int, chapter: dict[str, Any]) -> None:
        size = text_size(chapter["heading"], chapter["text"])
        is_title = not chapter["characters"] and bool(self._decisions.chapters.was_empty[place])
        self.statistics.found.chapters += not is_title
        fate = int(self._decisions.verdicts.fates[place])
        if fate != KEPT:
            self._drop(work, place, chapter, REASONS[fate], size)
            return
        work.kept += size + bool(work.kept)
        work.chapters += not is_title
        facts = {"work": work.id, "title": work.title, "author": work.author, "source": work.source}
        facts |= {"licence": work.licence, "group": work.group}
        self._writer.write_chapter(SPLITS.index(work.split), facts | chapter)

    def _drop(self, work: WorkFacts, place: int, chapter: dict[str, Any], reason: str, size: int) -> None:
        self.statistics.add_dropped(reason, size)
        facts = {"why": reason, "work": work.id, "title": work.title, "number": chapter["number"]}
        facts |= {"heading": chapter["heading"], "characters": chapter["characters"]}
        verdicts = self._decisions.verdicts
        if (repeated := int(verdicts.repeats[place])) >= 0:
            of = dict(self._names.chapters[repeated])
            if verdicts.fates[place] == OVERLAP:  # a work, not one of its chapters
                of = {"work": of["work"], "title": of["title"]}
            facts |= {"of": of, "similarity": round(float(verdicts.similarity[place]), 2)}
        self._writer.write_dropped(facts)

    def _tell_related(self) -> None:
        """Write down the groups of related works, the first MOST_TOLD of them with their titles."""
        groups: dict[int, list[int]] = {}
        for work in sorted(self._names.titles):
            groups.setdefault(int(self._decisions.related.groups[work]), []).append(work)
        assignment = self._decisions.assignment
        for members in list(groups.values())[:MOST_TOLD]:
            self.statistics.related.append(
                {
                    "works": [self._names.titles[work] for work in members],
                    "splits": [SPLITS[assignment.splits[work]] for work in members],
                    "followed": [self._names.titles[work] for work in members if assignment.followed[work]],
                }
            )
