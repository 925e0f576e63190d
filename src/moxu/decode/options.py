"""How the next token is chosen: one frozen set of options, its ranges, and the presets that have names."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from moxu.errors import SettingsError
from moxu.settings import nearest, parse

_RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 10.0),
    "top_k": (1, math.inf),
    "top_p": (0.0, 1.0),
    "top_p_newline": (0.0, 1.0),
    "allow_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "repetition_penalty": (0.1, 10.0),
    "presence_penalty": (-10.0, 10.0),
    "frequency_penalty": (-10.0, 10.0),
    "penalty_window": (1, 65536),
    "occurrence_penalty": (0.01, 1.0),
    "no_repeat_ngram": (1, 65536),
}

_OF_CHANCE = ("temperature", "top_k", "top_p", "top_p_newline", "allow_p", "min_p")


@dataclass(frozen=True, kw_only=True)
class SamplingOptions:
    """How the next token is chosen; the defaults draw from the model's own distribution.

    ``greedy`` (or ``temperature=0``) takes the likeliest token; penalties still apply, cuts do not matter.
    ``temperature_when`` says whether the temperature acts before the cuts, as is usual, or after them, as in
    AI-Writer, where it never changes which tokens survive. ``top_p=1`` cuts nothing. ``top_p_newline`` takes the
    place of ``top_p`` after a newline (None: no difference). ``top_p_rule``: the likeliest stay up to the first at
    which their sum exceeds ``top_p``, as everywhere, or reaches it, as in Misaka. ``allow_p``: a token of at least this
    probability survives ``top_p`` (AI-Writer's second model). ``min_p`` is relative to the likeliest token. The
    repetition, presence and frequency penalties count the last ``penalty_window`` tokens of the text, the prompt
    included. ``occurrence_penalty`` multiplies a probability, once for each time that the token stands in the text, or
    in the passage where a model writes by passages (Misaka). ``no_repeat_ngram``: no so many tokens stand in the text
    twice, the prompt included (None: they may). ``logit_bias``: pairs of an id and what is added to its logit before
    all else (None: nothing), as in OpenAI's interface.

    Raises SettingsError for a value out of its range.
    """

    greedy: bool = False
    temperature: float = 1.0
    temperature_when: Literal["before", "after"] = "before"
    top_k: int | None = None
    top_p: float = 1.0
    top_p_newline: float | None = None
    top_p_rule: Literal["exceed", "reach"] = "exceed"
    allow_p: float | None = None
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    penalty_window: int = 256
    occurrence_penalty: float = 1.0
    no_repeat_ngram: int | None = None
    logit_bias: tuple[tuple[int, float], ...] | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            check_range(name, getattr(self, name), low, high)
        if 0.0 < self.temperature < 0.01:
            raise SettingsError(f"temperature is {self.temperature}; expected 0 (greedy) or between 0.01 and 10")
        if self.temperature_when not in ("before", "after"):
            raise SettingsError(f"temperature_when is {self.temperature_when!r}; expected before or after")
        if self.top_p_rule not in ("exceed", "reach"):
            raise SettingsError(f"top_p_rule is {self.top_p_rule!r}; expected exceed or reach")
        for token_id, bias in self.logit_bias or ():
            check_range(f"the logit_bias of id {token_id}", bias, -100.0, 100.0)

    @property
    def is_greedy(self) -> bool:
        return self.greedy or self.temperature == 0.0

    @property
    def first_of_chance(self) -> str | None:
        """Return the first option that shapes a draw and is set; None when no more than penalties are."""
        if self.is_greedy:
            return None
        fresh = SamplingOptions()
        return next((name for name in _OF_CHANCE if getattr(self, name) != getattr(fresh, name)), None)


def check_range(name: str, value: float | None, low: float, high: float) -> None:
    """Raise SettingsError, naming the range, unless ``low <= value <= high``; None (not set) always passes."""
    if value is None or low <= value <= high:  # a NaN fails both comparisons
        return
    expected = f"at least {low:g}" if math.isinf(high) else f"between {low:g} and {high:g}"
    raise SettingsError(f"{name} is {value}; expected {expected}")


PRESETS: dict[str, SamplingOptions] = {
    "steady": SamplingOptions(temperature=0.8, top_p=0.7, top_p_newline=0.85, repetition_penalty=1.1),
    "normal": SamplingOptions(temperature=0.9, top_p=0.8, top_p_newline=0.9, repetition_penalty=1.05),
    "wild": SamplingOptions(temperature=1.1, top_p=0.95, min_p=0.01),
    "aiwriter1": SamplingOptions(temperature_when="after", top_p=0.75, top_p_newline=0.9),
    "aiwriter2": SamplingOptions(temperature_when="after", top_p=0.7, top_p_newline=0.9, allow_p=0.01),
    "cpm-novel": SamplingOptions(temperature_when="after"),
    "cpm-lyric": SamplingOptions(temperature_when="after"),
    "misaka": SamplingOptions(top_p=0.8, top_p_rule="reach", occurrence_penalty=0.99),
    "gpt2": SamplingOptions(),
    "greedy": SamplingOptions(greedy=True),
}

PRESET_TITLES = {"steady": "稳", "normal": "常", "wild": "奇"}
"""What the desk and the command line call a preset in Chinese; these names are accepted too."""


def sampling_options(preset: str = "normal", overrides: Mapping[str, Any] | None = None) -> SamplingOptions:
    """Return a preset with some of its values replaced.

    Raises SettingsError for an unknown preset or option (naming the nearest right one) and for a value out of range.
    """
    by_title = {title: name for name, title in PRESET_TITLES.items()}
    name = by_title.get(preset, preset)
    if name not in PRESETS:
        raise SettingsError(f"unknown preset {preset!r}; {nearest(preset, PRESETS)}")
    return parse(SamplingOptions, dataclasses.asdict(PRESETS[name]) | dict(overrides or {}), where="sampling")
