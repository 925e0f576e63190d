"""What the desk sends when something is to be written or read, and what it gets."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from moxu.serve.desk.schema import Body
from moxu.serve.sampling_schema import Samplers, Text, Whole
from moxu.writers.scene import REACH, Part, Source

USUAL_CHARS = 300

_HALVES = re.compile("[\ud800-\udfff]")


def _without_halves(text: object) -> object:
    """Leave out half a character, which is what JavaScript leaves of one where it cuts a text."""
    return _HALVES.sub("", text) if isinstance(text, str) else text


PageText = Annotated[str, BeforeValidator(_without_halves)]


class SceneWishes(Body):
    """Where a text goes on. Without a story only ``before`` is read."""

    story: int | None = None
    chapter: int | None = None
    before: PageText = Field("", description="The chapter's text up to there, or the last part of it.")
    skipped: int = Field(0, ge=0, lt=2**31, description="How many characters of the chapter come before that part.")
    reach: Whole = Field(REACH, description="How many characters of the story are read.")
    context: int | None = Field(None, ge=2, description="Let the model see no more tokens than so many.")
    model: Text | None = None


class SightWishes(SceneWishes):
    """The body of ``POST /desk/sight``."""

    max_chars: Whole = Field(USUAL_CHARS, description="How much is to be written; a window has to hold that, too.")


class WritingWishes(Samplers):
    """The body of ``POST /desk/writings``; the samplers replace values of the preset."""

    model_config = ConfigDict(extra="forbid")

    scene: SceneWishes
    count: Whole = 1
    max_chars: Whole = USUAL_CHARS
    seed: Whole | None = Field(None, description="Write the same again; text i has this seed and i more.")
    stop: Text | list[Text] | None = None
    window: Literal["stop", "roll", "reread", "lines"] = "reread"

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class ReadingWishes(Body):
    """The body of ``POST /desk/reading``."""

    scene: SceneWishes
    text: PageText = ""


class SightPart(BaseModel):
    """A part of what the model reads: ``text``; ``cut`` does not fit, and of a story only the end of it is shown."""

    source: Source
    note: int | None
    name: str
    text: str
    characters: int
    cut: str
    cut_characters: int
    fired_by: str | None = Field(description="The key by which a card of the lore fires.")
    fired_back: int | None = Field(description="How many characters before the end of the story it begins.")

    @classmethod
    def of(cls, part: Part) -> "SightPart":
        """Return a part as it is sent."""
        return cls(
            source=part.source,
            note=part.note,
            name=part.name,
            text=part.text,
            characters=len(part.text),
            cut=part.cut,
            cut_characters=part.cut_characters,
            fired_by=part.fired_by,
            fired_back=part.fired_back,
        )


class SightAnswer(BaseModel):
    """What the model reads, in order; there was ``room`` for so many tokens (null: for any number)."""

    parts: list[SightPart]
    characters: int
    tokens: int
    room: int | None


class WritingAnswer(BaseModel):
    """A writing that has begun, the seed of each text, and all samplers in force."""

    id: str
    model: str
    seeds: list[int]
    settings: dict[str, float | int | bool | str | None]
    prompt_tokens: int


class TokenAnswer(BaseModel):
    """Some characters of a text, how likely they were, and the likeliest that could have stood there."""

    text: str
    logprob: float | None
    top: list[tuple[str, float]]


class ReadingAnswer(BaseModel):
    """The tokens of a text as the model foresaw them, and what it would most likely write next."""

    tokens: list[TokenAnswer]
    next: list[tuple[str, float]]


class DeskModel(BaseModel):
    """The model that writes where none is named."""

    name: str
    architecture: str
    max_context: int | None
    reads_source: bool
    gives_logprobs: bool
    preset: str = Field(description="The preset that suits it.")


class DeskPreset(BaseModel):
    """A named set of samplers; what is not there is not set."""

    name: str
    title: str
    values: dict[str, float | int | bool | str]


class DeskLoad(BaseModel):
    """How much the model has to do."""

    slots: int
    running: int
    waiting: int


class DeskState(BaseModel):
    """What there is to write with; ``model`` is null until one is loaded."""

    version: str
    model: DeskModel | None
    presets: list[DeskPreset]
    limits: dict[str, float]
    load: DeskLoad
    visitor: Literal["author", "reader"]
