"""A survey of works: which of their chapters repeat others, and which works share much of their text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from moxu.corpus.dedup.collection import Collection
from moxu.corpus.dedup.duplicates import Duplicates
from moxu.corpus.dedup.related import Related, Sketch, relate, sketch
from moxu.corpus.work import Work
from moxu.errors import TextError


@dataclass(frozen=True, slots=True)
class ChapterName:
    """A chapter: the place of its work among all, its number there, and its title."""

    work: int
    number: int
    heading: str


@dataclass(frozen=True, slots=True)
class Repetition:
    """A chapter that repeats another: their places, how alike they are, and whether their letters are equal."""

    chapter: int
    of: int
    similarity: float
    exact: bool


@dataclass(frozen=True)
class Findings:
    """What was read, what of it repeats what, and which works are related."""

    works: list[str]
    chapters: list[ChapterName]
    characters: int
    threshold: float
    duplicates: Duplicates
    related: Related

    @property
    def repetitions(self) -> list[Repetition]:
        """The chapters that repeat others, in their order."""
        found = self.duplicates
        return [
            Repetition(place, int(found.repeats[place]), float(found.similarity[place]), bool(found.exact[place]))
            for place in (~found.kept).nonzero()[0].tolist()
        ]

    def as_object(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        return {
            "works": len(self.works),
            "chapters": len(self.chapters),
            "characters": self.characters,
            "threshold": self.threshold,
            "duplicates": [
                self._facts(each.chapter)
                | {"repeats": self._facts(each.of), "similarity": round(each.similarity, 4), "exact": each.exact}
                for each in self.repetitions
            ],
            "related": [
                {"works": [self.works[pair.first], self.works[pair.second]], "shared": round(pair.containment, 4)}
                for pair in self.related.pairs
            ],
        }

    def _facts(self, place: int) -> dict[str, Any]:
        chapter = self.chapters[place]
        return {"work": self.works[chapter.work], "number": chapter.number, "heading": chapter.heading}


class Survey:
    """What is kept of works to compare them: names, fingerprints (0.5 kB a chapter, in a file) and sketches."""

    def __init__(self) -> None:
        self.works: list[str] = []
        self.chapters: list[ChapterName] = []
        self.characters = 0
        self._collection = Collection()
        self._sketches: list[Sketch] = []

    def add(self, work: Work) -> None:
        """Add a work; chapters without text, such as titles of volumes, repeat nothing."""
        texts = ["\n".join(chapter.paragraphs) for chapter in work.book.chapters]
        for (number, chapter), text in zip(work.numbered(), texts, strict=True):
            self.chapters.append(ChapterName(len(self.works), number, chapter.title))
            self._collection.add(text) if text else self._collection.add_nothing()
            self.characters += chapter.characters
        self.works.append(work.book.title or work.source)
        self._sketches.append(sketch(texts))

    def findings(self, threshold: float) -> Findings:
        """Return what was found; SettingsError for a threshold out of range."""
        duplicates, related = self._collection.duplicates(threshold), relate(self._sketches)
        return Findings(self.works, self.chapters, self.characters, threshold, duplicates, related)


def kept_rows(works: Iterable[Work], findings: Findings) -> Iterator[dict[str, Any]]:
    """Give a row for each chapter that repeats nothing, as ``moxu corpus build`` reads it.

    The works are those of the survey, read again; TextError where they are not what they were.
    """
    place = 0
    for work in works:
        facts = {"work": work.id, "title": work.book.title, "author": work.book.author}
        facts |= {"licence": work.licence, "group": work.group}
        told = {name: fact for name, fact in facts.items() if fact}
        for number, chapter in work.numbered():
            if place >= len(findings.chapters) or findings.chapters[place].heading != chapter.title:
                raise TextError(f"{work.source}: has changed since it was read first; run the command again")
            if findings.duplicates.repeats[place] < 0:
                yield {**told, "number": number, "heading": chapter.title, "text": "\n".join(chapter.paragraphs)}
            place += 1
    if place < len(findings.chapters):
        raise TextError("the sources hold less than when they were read first; run the command again")
