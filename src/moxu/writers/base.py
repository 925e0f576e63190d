"""What everything that serves a request to write has in common: the request, the events, and the Writer itself.

The command line, the server and the desk know nothing below this file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from moxu.decode.draw import SEED_LIMIT
from moxu.decode.options import SamplingOptions, check_range, sampling_options
from moxu.decode.rows import FinishReason
from moxu.decode.stream import Finish, Piece, PromptPiece, Token
from moxu.decode.window import WindowPolicy, check_policy
from moxu.errors import SettingsError

__all__ = [
    "Continuation",
    "Event",
    "Finish",
    "FinishReason",
    "Piece",
    "PromptPiece",
    "Request",
    "Started",
    "Token",
    "Writer",
    "collect",
    "write_texts",
]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to write on from, and how.

    ``prompt`` is the exact text to read; ``moxu.text.prepare`` makes one from what a person typed. ``count``
    continuations of at most ``max_chars`` characters are written; the i-th has the seed ``seed + i`` (None: a fresh
    one, told in Started). A text ends before any of the ``stop`` strings. ``window`` says what happens past the
    context of the model. ``top_logprobs``: report each token's logprob, and so many likelier ones (None: neither).

    ``prompt_ids``: read these instead of the ids of ``prompt``. ``context``: see no more ids than so many (None: as
    many as the model can hold). ``past_end``: the end token of a model that reads from left to right becomes a newline
    and the writing goes on. ``passages``: write so many passages with a model that writes by passages (None: as many as
    it takes). ``beams``: above 1, search for the likeliest texts with so many beams instead of drawing; the ``count``
    best come when all are found, of at most as many tokens as ``max_chars`` and no more than one passage.
    ``max_tokens``: end after so many tokens, however few characters they are (None: as many as the characters take; 0:
    write nothing). ``prompt_logprobs``: report the prompt's tokens, too, with so many likelier ones as ``top_logprobs``
    says; and of each text every token that was chosen, its end among them. ``prompt_logprobs_after``: not those of its
    first so many ids.

    Raises SettingsError for a value out of its range, or values that do not go together.
    """

    prompt: str
    options: SamplingOptions = field(default_factory=sampling_options)
    count: int = 1
    max_chars: int = 300
    seed: int | None = None
    stop: tuple[str, ...] = ()
    window: WindowPolicy = "reread"
    top_logprobs: int | None = None
    prompt_ids: tuple[int, ...] | None = None
    context: int | None = None
    past_end: bool = False
    passages: int | None = None
    beams: int = 1
    max_tokens: int | None = None
    prompt_logprobs: bool = False
    prompt_logprobs_after: int = 0

    def __post_init__(self) -> None:
        check_range("count", self.count, 1, 1024)
        check_range("max_chars", self.max_chars, 1, float("inf"))
        check_range("max_tokens", self.max_tokens, 0, float("inf"))
        check_range("seed", self.seed, 0, SEED_LIMIT - 1)
        check_range("top_logprobs", self.top_logprobs, 0, 100)
        check_range("context", self.context, 2, float("inf"))
        check_range("prompt_logprobs_after", self.prompt_logprobs_after, 0, float("inf"))
        check_range("passages", self.passages, 1, float("inf"))
        check_range("beams", self.beams, 1, 256)
        check_policy(self.window)
        if self.beams > 1:
            self._check_search()
        if self.prompt_logprobs and self.top_logprobs is None:
            raise SettingsError(
                "prompt_logprobs needs top_logprobs: how many likelier tokens to report; give 0 for none"
            )
        if not self.prompt or self.prompt_ids == ():
            raise SettingsError("the prompt is empty; give at least one character, or a newline to begin a paragraph")
        if "" in self.stop:
            raise SettingsError("a stop string is empty; expected at least one character")

    def _check_search(self) -> None:
        option = self.options.first_of_chance
        if option is not None:
            value = getattr(self.options, option)
            raise SettingsError(f"beams is {self.beams}, but {option} is {value}: a search draws nothing; use greedy")
        if self.count > self.beams:
            raise SettingsError(f"count is {self.count}, but beams only {self.beams}; a search finds no more than that")
        if self.top_logprobs:
            raise SettingsError(f"top_logprobs is {self.top_logprobs}; a search with beams reports no others: give 0")


@dataclass(frozen=True, slots=True)
class Started:
    """The prompt's characters, how many of them (its last ones) the model will see, and the seed of each row."""

    prompt_characters: int
    visible_characters: int
    seeds: tuple[int, ...]


Event = Started | PromptPiece | Piece | Finish
"""First one Started, and the PromptPieces where they were asked for, which all rows share; then the Pieces of all rows
as they come, and one Finish for each row."""


class Writer(Protocol):
    """Anything that continues a text: a local model, a remote endpoint."""

    name: str

    def write(self, request: Request) -> Iterator[Event]:
        """Write, and tell as it goes. Closing the iterator stops the writing at once."""
        ...


@dataclass(frozen=True)
class Continuation:
    """A finished continuation."""

    text: str
    finish_reason: FinishReason
    seed: int
    characters_per_second: float
    tokens: tuple[Token, ...] = ()


def collect(events: Iterator[Event]) -> list[Continuation]:
    """Return the continuations, in the order of their rows, once all are finished."""
    seeds: tuple[int, ...] = ()
    pieces: dict[int, list[Piece]] = {}
    finished: dict[int, Finish] = {}
    for event in events:
        match event:
            case Started():
                seeds = event.seeds
            case Piece():
                pieces.setdefault(event.row, []).append(event)
            case Finish():
                finished[event.row] = event
    return [_continuation(pieces.get(row, []), finished[row], seeds[row]) for row in sorted(finished)]


def write_texts(writer: Writer, request: Request) -> list[str]:
    """Return the text of each continuation."""
    return [continuation.text for continuation in collect(writer.write(request))]


def _continuation(pieces: list[Piece], finish: Finish, seed: int) -> Continuation:
    text = "".join(piece.text for piece in pieces)
    tokens = tuple(token for piece in pieces for token in piece.tokens)
    speed = finish.characters / finish.seconds if finish.seconds > 0 else 0.0
    return Continuation(text, finish.reason, seed, speed, tokens)
