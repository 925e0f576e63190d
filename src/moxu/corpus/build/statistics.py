"""What a corpus holds and what became of the rest, in numbers: ``statistics.json``.

Characters are those of whole texts, headings and line ends included: as they were read, after cleaning, and as kept.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from moxu.corpus.clean.tally import Tally

NOT_STATED = "not stated"
MOST_TOLD = 100  # works that are named for one reason


@dataclass
class Counts:
    """How many works, chapters and characters."""

    works: int = 0
    chapters: int = 0
    characters: int = 0

    def add(self, works: int, chapters: int, characters: int) -> None:
        """Count these, too."""
        self.works += works
        self.chapters += chapters
        self.characters += characters

    def to_json(self) -> dict[str, int]:
        """Return the counts as JSON has them."""
        return {"works": self.works, "chapters": self.chapters, "characters": self.characters}


@dataclass
class WorkFacts:
    """A work with all that is known of it when its last chapter has been seen; one line of ``works.jsonl``."""

    id: str
    title: str
    author: str
    source: str
    licence: str
    split: str
    group: str
    origin: str
    note: str
    format: str
    encoding: str | None
    told: int | None
    chapters: int = 0  # kept, without titles of volumes
    read: int = 0
    cleaned: int = 0
    kept: int = 0
    warnings: tuple[str, ...] = ()


def _table() -> defaultdict[str, Counts]:
    return defaultdict(Counts)


@dataclass
class Statistics:
    """The numbers of a corpus, as they are counted."""

    found: Counts = field(default_factory=Counts)
    cleaned: int = 0
    kept: Counts = field(default_factory=Counts)
    splits: defaultdict[str, Counts] = field(default_factory=_table)
    groups: defaultdict[str, Counts] = field(default_factory=_table)
    authors: defaultdict[str, Counts] = field(default_factory=_table)
    licences: defaultdict[str, Counts] = field(default_factory=_table)
    dropped: defaultdict[str, Counts] = field(default_factory=_table)
    formats: Counter[str] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    told: int = 0  # works of which a manifest tells the number of characters
    differing: list[dict[str, Any]] = field(default_factory=list)
    damaged: int = 0  # works with a warning
    missing: list[str] = field(default_factory=list)  # titles that a manifest names, and no source has
    related: list[dict[str, Any]] = field(default_factory=list)
    faults: int = 0
    passed_over: int = 0

    def add_work(self, work: WorkFacts) -> None:
        """Count a work, whose chapters have been counted."""
        self.found.add(1, 0, work.read)
        self.cleaned += work.cleaned
        self.formats[work.format] += 1
        if work.encoding is not None:
            self.encodings[work.encoding] += 1
        self.damaged += bool(work.warnings)
        if work.told is not None:
            self.told += 1
            if work.told != work.read and len(self.differing) < MOST_TOLD:
                self.differing.append({"title": work.title, "manifest": work.told, "read": work.read})
        if work.chapters:
            numbers = (1, work.chapters, work.kept)
            self.kept.add(*numbers)
            self.splits[work.split].add(*numbers)
            self.groups[work.group].add(*numbers)
            self.authors[work.author].add(*numbers)
            self.licences[work.licence or NOT_STATED].add(*numbers)
        elif work.read:
            self.dropped["works without a chapter left"].add(1, 0, 0)

    def add_dropped(self, reason: str, characters: int) -> None:
        """Count a chapter that was dropped."""
        self.dropped[reason].add(0, 1, characters)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON has it, in an order that does not depend on that of the works."""
        return {
            "works": self.kept.works,
            "chapters": self.kept.chapters,
            "characters": {"read": self.found.characters, "cleaned": self.cleaned, "kept": self.kept.characters},
            "found": {"works": self.found.works, "chapters": self.found.chapters},
            "splits": _sorted(self.splits),
            "groups": _sorted(self.groups),
            "licences": _sorted(self.licences),
            "formats": dict(sorted(self.formats.items())),
            "encodings": dict(sorted(self.encodings.items())),
            "dropped": _sorted(self.dropped),
            "unreadable": self.faults,
            "passed_over": self.passed_over,
            "damaged_works": self.damaged,
            "manifest": {"told": self.told, "differing": self.differing, "missing": self.missing},
            "related": self.related,
            "cleaning": self.tally.to_json()["rules"],
        }


def _sorted(table: dict[str, Counts]) -> dict[str, dict[str, int]]:
    return {name: counts.to_json() for name, counts in sorted(table.items())}
