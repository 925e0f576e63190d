"""What clients of KoboldAI's interface send, as KoboldAI and KoboldCpp have published it.

These clients send every sampler they know with every request, at values that people have set long ago. So samplers that
moxu does not have are passed over, and named in the header ``moxu-ignored`` of the answer. What a text would have to
obey (a grammar), or would be written about (images), is refused instead. Other fields are not looked at.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from moxu.serve.sampling_schema import Real, Text


def _whole(value: object) -> object:
    """Refuse what Python would take for a whole number and nobody means as one; 3.0 is one in JavaScript."""
    if isinstance(value, str | bool):
        raise ValueError("expected a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
GenKey = Annotated[str, Field(max_length=200)]

IGNORED: dict[str, tuple[object, ...]] = {
    **dict.fromkeys(("tfs", "typical"), (1,)),
    **dict.fromkeys(("top_a", "mirostat", "dynatemp_range", "smoothing_factor", "nsigma"), (0,)),
    **dict.fromkeys(("xtc_probability", "dry_multiplier"), (0,)),
    "rep_pen_slope": (0, 1),
    "trim_stop": (True,),
    **dict.fromkeys(("frmttriminc", "frmtrmblln", "frmtrmspch", "frmtadsnsp", "render_special", "logprobs"), (False,)),
}
"""Fields that are passed over, with the values at which they would change nothing."""

UNGRANTED = (
    *("grammar", "images", "audio", "soft_prompt"),
    *("use_story", "use_memory", "use_authors_note", "use_world_info", "use_userscripts"),  # of KoboldAI's own page
)
"""Fields that are refused unless they ask for nothing: they are false, empty or blank."""


class GenerateWishes(BaseModel):
    """The body of ``POST /api/v1/generate`` and ``/api/extra/generate/stream``."""

    model_config = ConfigDict(extra="allow")

    prompt: Text
    memory: Text | None = Field(None, description="Stays before the prompt, however much of that is cut off.")
    max_length: Whole | None = Field(None, description="End after so many tokens.")
    max_context_length: Whole | None = Field(None, description="The prompt and the text have at most so many tokens.")
    n: Whole | None = None
    genkey: GenKey | None = Field(None, description="By this the text can be asked for and ended while it is written.")
    sampler_seed: Whole | None = None
    stop_sequence: Text | list[Text] | None = None
    singleline: bool | None = None
    use_default_badwordsids: bool | None = Field(None, description="Never write the end of the text.")
    bypass_eos: bool | None = Field(None, description="Write on where the text ends.")

    temperature: Real | None = None
    top_p: Real | None = None
    top_k: Whole | None = None
    min_p: Real | None = None
    rep_pen: Real | None = None
    rep_pen_range: Whole | None = None
    presence_penalty: Real | None = None
    frequency_penalty: Real | None = None
    sampler_order: list[Whole] | None = None
    logit_bias: dict[str, Real] | None = None
    banned_tokens: list[Text] | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_cannot_be_granted(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ValueError("expected an object")
        for name in UNGRANTED:
            value = given.get(name)
            if value.strip() if isinstance(value, str) else value:
                raise ValueError(f"{name} is not supported here; leave it out")
        return given

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings, each once; clients send empty ones for names that are not set."""
        given = [self.stop_sequence] if isinstance(self.stop_sequence, str) else self.stop_sequence or []
        return tuple(dict.fromkeys(stop for stop in (*given, *("\n" * bool(self.singleline))) if stop))

    @property
    def ignored(self) -> list[str]:
        """The fields that ask for something and are passed over."""
        given = self.model_extra or {}
        return [name for name, neutral in IGNORED.items() if given.get(name) not in (None, *neutral)]


class KeyWishes(BaseModel):
    """The body of ``/api/extra/generate/check`` and ``/api/extra/abort``."""

    genkey: GenKey | None = None


class PromptWishes(BaseModel):
    """The body of ``/api/extra/tokencount``."""

    prompt: Text


class IdsWishes(BaseModel):
    """The body of ``/api/extra/detokenize``."""

    ids: list[Whole]


class NumberSetting(BaseModel):
    """The body of a ``PUT`` of a length."""

    value: Whole


class TextSetting(BaseModel):
    """The body of a ``PUT`` of a soft prompt."""

    value: Text


class ModelSetting(BaseModel):
    """The body of ``PUT /api/v1/model``."""

    model: Text
