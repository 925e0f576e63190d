"""What the store gives out: frozen records, which know nothing of the database they came from.

``characters`` are those of a text as writers count them: without blanks and line breaks.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
"""Whatever ``json.dumps`` takes; it comes back as ``json.loads`` gives it."""

NoteKind = Literal["memory", "author", "lore"]
Verdict = Literal["offered", "kept", "discarded"]


@dataclass(frozen=True, slots=True)
class Story:
    """A story on the shelf: how many chapters and characters it has, and when anything in it was last edited."""

    id: int
    title: str
    chapters: int
    characters: int
    created: datetime
    updated: datetime
    deleted: datetime | None


@dataclass(frozen=True, slots=True)
class ChapterEntry:
    """A chapter as a table of contents lists it."""

    id: int
    story: int
    title: str
    characters: int
    revision: int
    created: datetime
    updated: datetime
    deleted: datetime | None


@dataclass(frozen=True, slots=True)
class Chapter(ChapterEntry):
    """A chapter with its text; ``spans`` says who wrote which part of it, in whatever form it was saved with."""

    text: str
    spans: Json


@dataclass(frozen=True, slots=True)
class RevisionEntry:
    """One revision of a chapter as its history lists it; the first has the number 1."""

    chapter: int
    number: int
    characters: int
    created: datetime


@dataclass(frozen=True, slots=True)
class Revision(RevisionEntry):
    """One revision of a chapter, with its text."""

    text: str
    spans: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteContent:
    """What a person writes on a note.

    A card of the lore has a ``name`` and ``aliases``; ``always`` shows it to the model whether it is named or not.
    ``depth`` counts characters back from the end of the text: where an author's note is put in, and how far back a
    card's name is looked for (None: as the desk has it).
    """

    name: str = ""
    aliases: tuple[str, ...] = ()
    text: str = ""
    always: bool = False
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A story's memory, its author's note (it has one of each), or a card of its lore."""

    id: int
    story: int
    kind: NoteKind
    content: NoteContent
    revision: int
    created: datetime
    updated: datetime
    deleted: datetime | None

    @property
    def text(self) -> str:
        """The text of the note."""
        return self.content.text


@dataclass(frozen=True, slots=True)
class Draft:
    """A continuation to be remembered: its text, the seed it was drawn with, and the settings of the request."""

    text: str
    seed: int
    settings: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A continuation that was offered for a revision of a chapter, and what became of it."""

    id: int
    chapter: int
    revision: int
    text: str
    seed: int
    settings: Json
    verdict: Verdict
    created: datetime
