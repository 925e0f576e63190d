"""What the desk sends, as far as its form goes; how long a text may be is said by ``desk_sizes``.

What it gets are the records of the store (moxu.store.records), as they are. Every body is an object without unknown
fields, and no value is taken for one of another type.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from moxu.store.records import Chapter, Json, Note, NoteContent, Verdict

Title = Annotated[str, Field(max_length=500)]
Index = Annotated[int, Field(ge=0, description="How many others are to come before it; too large is the last place.")]
RevisionNumber = Annotated[int, Field(ge=0, description="The revision that this was made from.")]
Units = Annotated[int, Field(ge=0, le=2**31 - 1, description="Counted in UTF-16 code units, as JavaScript does.")]
Spans = Annotated[Json, Field(description="Who wrote which part of the text, in whatever form the desk has.")]


class Body(BaseModel):
    """Any body."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewStory(Body):
    """A story to be made."""

    title: Title = ""
    index: Index | None = Field(None, description="Before how many; last when left out.")


class NewTitle(Body):
    """Another title."""

    title: Title


class Place(Body):
    """Where something is to stand."""

    index: Index


class ChapterPlace(Place):
    """Where a chapter is to stand, in its own story or in another."""

    story: int | None = None


class NewChapter(NewStory):
    """A chapter to be made; its text is revision 1."""

    text: str = ""


class Base(Body):
    """The revision that is to be replaced."""

    base_revision: RevisionNumber


class WholeText(Base):
    """A text to be saved, whole."""

    text: str
    spans: Spans = None


class Edit(Body):
    """``remove`` units from ``at`` on are replaced with ``insert``; ``at`` is a place in the text before all edits."""

    at: Units
    remove: Units = 0
    insert: str = ""


class EditedText(Base):
    """A text to be saved, as what was changed in that of ``base_revision``.

    The edits are in order and do not overlap. ``length`` and ``crc32`` are those of the text that comes out: its UTF-16
    code units, and the CRC-32 (of zip and zlib) of its UTF-8. Where ``spans`` is left out, those of the base stay.
    """

    edits: list[Edit]
    length: Units
    crc32: int = Field(ge=0, lt=2**32)
    spans: Spans = None


class CardContent(Body):
    """What is written on a note (moxu.store.records.NoteContent)."""

    name: Title = ""
    aliases: list[Title] = Field(default_factory=list, max_length=200)
    text: str = ""
    always: bool = False
    depth: int | None = Field(None, ge=0, le=2**31 - 1)

    @property
    def content(self) -> NoteContent:
        """The same, as the store takes it."""
        aliases = tuple(self.aliases)
        return NoteContent(name=self.name, aliases=aliases, text=self.text, always=self.always, depth=self.depth)


class SavedContent(CardContent, Base):
    """What is written on a note, and the revision of the note that it was made from."""


class Offered(Body):
    """A continuation to be remembered."""

    text: str
    seed: int = Field(ge=0, lt=2**63)
    settings: Json = Field(default_factory=dict)


class Offer(Body):
    """Continuations that were offered for a revision of a chapter."""

    revision: int = Field(ge=1)
    candidates: list[Offered] = Field(min_length=1, max_length=64)


class Judgement(Body):
    """What became of a candidate."""

    verdict: Verdict


class Setting(Body):
    """A setting: any JSON."""

    value: Json


class SettingEntry(BaseModel):
    """A setting with its key."""

    key: str
    value: Json


class Pruned(BaseModel):
    """How many revisions were dropped."""

    dropped: int


class ErrorObject(BaseModel):
    """What is wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class Refusal(BaseModel):
    """A request that was refused."""

    error: ErrorObject


class ChapterConflict(Refusal):
    """A save that was refused, with what the chapter is now."""

    current: Chapter


class NoteConflict(Refusal):
    """A save that was refused, with what the note is now."""

    current: Note
