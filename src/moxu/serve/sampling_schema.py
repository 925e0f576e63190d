"""The samplers that a client may ask for, by the names they have in every interface of moxu's own."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

Text = Annotated[str, Field(max_length=1 << 21)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(allow_inf_nan=False)]


def _number(value: object) -> object:
    """Refuse what Python would take for a number and nobody means as one."""
    if isinstance(value, str | bool):
        raise ValueError("expected a number")
    return value


Real = Annotated[Number, BeforeValidator(_number)]

SAMPLERS = (
    *("temperature", "temperature_when", "top_k", "top_p", "top_p_newline", "top_p_rule", "allow_p", "min_p"),
    *("repetition_penalty", "presence_penalty", "frequency_penalty", "penalty_window", "occurrence_penalty"),
    *("no_repeat_ngram", "greedy"),
)
"""The fields that become ``SamplingOptions`` as they are."""


class Samplers(BaseModel):
    """The fields that become ``SamplingOptions``; one that is left out is as the preset has it."""

    preset: Text | None = Field(None, description="A named set of samplers; the others replace its values.")
    greedy: bool | None = None
    temperature: Real | None = None
    temperature_when: Literal["before", "after"] | None = None
    top_k: Whole | None = None
    top_p: Real | None = None
    top_p_newline: Real | None = None
    top_p_rule: Literal["exceed", "reach"] | None = None
    allow_p: Real | None = None
    min_p: Real | None = None
    repetition_penalty: Real | None = None
    presence_penalty: Real | None = None
    frequency_penalty: Real | None = None
    penalty_window: Whole | None = None
    occurrence_penalty: Real | None = None
    no_repeat_ngram: Whole | None = None

    @property
    def samplers(self) -> dict[str, Any]:
        """The samplers that were asked for."""
        return {name: getattr(self, name) for name in SAMPLERS if getattr(self, name) is not None}
