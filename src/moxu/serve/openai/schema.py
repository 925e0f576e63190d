"""What clients of OpenAI's interface send: its fields, moxu's own beside them, and those that cannot be granted.

Fields that say nothing about the text (``user``, ``store`` …) are accepted and not looked at. Those that would change
the answer but are not there (``tools``, ``suffix`` …) are refused by name, and so are unknown ones: what a client asks
for is granted, or it is told.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from moxu.serve.sampling_schema import Real, Samplers, Text, Whole
from moxu.settings import nearest

UNGRANTED: dict[str, tuple[object, ...]] = {
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "functions": (None, []),
    "function_call": (None, "none", "auto"),
    "response_format": (None, {"type": "text"}),
    "modalities": (None, ["text"]),
    "audio": (None,),
    "prediction": (None,),
    "suffix": (None, ""),
}
"""Fields that would change an answer and are not there, with the values at which they ask for nothing."""


UNSAID = frozenset({"annotations", "audio", "function_call", "tool_calls"})
"""What an answer's message may have beside its text, and clients send back with it, empty."""


class StreamOptions(BaseModel):
    """What else a stream shall tell."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class Wishes(Samplers):
    """The fields that completions and chats have in common."""

    model_config = ConfigDict(extra="forbid")

    model: Text | None = None
    n: Whole | None = 1
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    stop: Text | list[Text] | None = None
    seed: Whole | None = None
    max_tokens: Whole | None = None
    logit_bias: dict[str, Real] | None = None

    max_chars: Whole | None = Field(None, description="End after so many characters.")
    window: Literal["stop", "roll", "reread", "lines"] | None = None
    context: Whole | None = None
    past_end: bool | None = None

    user: Any = Field(None, exclude=True)
    metadata: Any = Field(None, exclude=True)
    store: Any = Field(None, exclude=True)
    service_tier: Any = Field(None, exclude=True)
    safety_identifier: Any = Field(None, exclude=True)
    prompt_cache_key: Any = Field(None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_the_unknown(cls, given: Any) -> Any:
        """Take out what asks for nothing; name what cannot be granted, and the nearest to what is unknown."""
        if not isinstance(given, dict):
            raise ValueError("expected an object")
        for name in given:
            if name in UNGRANTED and given[name] not in UNGRANTED[name]:
                raise ValueError(f"{name} is not supported here; leave it out")
            if name not in UNGRANTED and name not in cls.model_fields:
                raise ValueError(f"unknown field {name[:60]!r}; {nearest(name[:60], cls.model_fields)}")
        return {name: value for name, value in given.items() if name not in UNGRANTED}

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings."""
        if self.stop is None:
            return ()
        return tuple(filter(None, [self.stop] if isinstance(self.stop, str) else self.stop))  # "" stops at nothing

    @property
    def tells_usage(self) -> bool:
        """Whether a stream ends with its usage."""
        return self.stream_options is not None and self.stream_options.include_usage


Ids = Annotated[list[Whole], Field(min_length=1)]


class CompletionWishes(Wishes):
    """The body of ``POST /v1/completions``."""

    prompt: Text | list[Text] | Ids | list[Ids] | None = ""
    best_of: Whole | None = None
    echo: bool | None = Field(False, description="Put the prompt before the text, with logprobs its tokens, too.")
    logprobs: Whole | None = None
    raw: bool | None = Field(False, description="Read the prompt as it is, not as an opening.")

    @model_validator(mode="after")
    def _refuse_best_of(self) -> Self:
        if self.best_of is not None and self.best_of != (self.n or 1):
            raise ValueError("best_of is not supported; ask for n texts and choose among them")
        return self


class TextPart(BaseModel):
    """A part of a message that is text; there are no others here."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text"]
    text: Text


class Message(BaseModel):
    """A turn of a conversation."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[TextPart] | None = None
    name: Any = Field(None, exclude=True)
    refusal: None = Field(None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_unsaid(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if name not in UNSAID or value not in (None, [])}

    @property
    def text(self) -> str:
        """What was said."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "".join(part.text for part in self.content)


class ChatWishes(Wishes):
    """The body of ``POST /v1/chat/completions``."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: Whole | None = None
    logprobs: bool | None = False
    top_logprobs: Whole | None = None

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs to be true")
        if None not in (self.max_tokens, self.max_completion_tokens) and self.max_tokens != self.max_completion_tokens:
            raise ValueError("max_tokens and max_completion_tokens differ; give one of them")
        return self
