"""What the options of a command that writes ask for, as far as it can be told before a model is loaded."""

from dataclasses import dataclass, replace
from typing import Any, Self

import click

from moxu.cli.model_choice import FILE
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.language_model import LanguageModel
from moxu.writers.base import Request

COUNT = click.option("-n", "--count", type=int, default=1, show_default=True, help="Texts to write at once.")
SEED = click.option("--seed", type=int, help="Write the same again; text i has seed + i.  [default: a new one]")
STOP = click.option("--stop", multiple=True, metavar="TEXT", help="End before this text (\\n: a newline); repeatable.")
BEAMS = click.option(
    "--beams", type=int, default=1, show_default=True, help="Search for the likeliest text among so many, drawing none."
)
CONTEXT = click.option("--context", type=int, help="Use only so many tokens of the model's window.")
PAST_END = click.option(
    "--past-end/--no-past-end",
    default=None,
    help="Write on where the model ends a document.  [default: as its own program did]",
)
PRESET = click.option(
    "--preset",
    help="steady, normal, wild, greedy, or a program's own: aiwriter1, aiwriter2, cpm-novel, cpm-lyric, misaka, gpt2."
    "  [default: to suit the model]",
)
OUT = click.option(
    "--out",
    type=FILE,
    help="Write the texts to this file as they appear, over what was in it.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")

FIELDS = {
    "count": "count",
    "chars": "max_chars",
    "seed": "seed",
    "window": "window",
    "beams": "beams",
    "context": "context",
}
"""The field of a Request that an option fills."""


def chars(default: int) -> Any:
    """Return the option that says how long a text may become."""
    return click.option("--chars", type=int, default=default, show_default=True, help="Characters to write.")


def window(default: str) -> Any:
    """Return the option that says what happens in a full window."""
    return click.option(
        "--window",
        type=click.Choice(["roll", "reread", "lines", "stop"]),
        default=default,
        show_default=True,
        help="When the model's window is full: read it anew for each character, or half of it now and then, or drop "
        "its oldest lines, or end.",
    )


@dataclass(frozen=True)
class Wishes:
    """A request that lacks its prompt and its sampling, and what is known of these; None: to suit the model."""

    request: Request
    preset: str | None
    sampling: dict[str, Any]
    past_end: bool | None

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """Check the values of a command's options; SettingsError for a wrong one.

        A search for the likeliest text leaves nothing to chance, so it needs no preset that shapes it, and no option.
        """
        rest = dict(given)
        preset, past_end = rest.pop("preset"), rest.pop("past_end", None)
        stop = tuple(text.replace("\\n", "\n") for text in rest.pop("stop", ()))
        fields = {field: rest.pop(option) for option, field in FIELDS.items() if option in rest}
        sampling = {name: value for name, value in rest.items() if value is not None}
        if preset is None and fields["beams"] > 1:
            preset = "greedy"
            Request(prompt="\n", options=SamplingOptions(**sampling), **fields)  # refuses what that preset would hide
        options = sampling_options(preset or "normal", sampling)
        return cls(Request(prompt="\n", options=options, stop=stop, **fields), preset, sampling, past_end)

    def request_for(self, preset: str, *, past_end: bool) -> tuple[Request, str]:
        """Return the request, which still lacks its prompt, and its preset, for a model with these habits."""
        name = self.preset or preset
        passes = past_end if self.past_end is None else self.past_end
        return replace(self.request, options=sampling_options(name, self.sampling), past_end=passes), name

    def window_of(self, model: LanguageModel) -> int | None:
        """Return how many tokens of a model's window are used; None for a text of any length."""
        sizes = [size for size in (model.max_context, self.request.context) if size is not None]
        return min(sizes, default=None)
