"""From ids to text as it appears: whole characters only, never a part of a stop string, as long as was asked."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from moxu.decode.steps import FinishReason, Step
from moxu.text.tokenizer import Tokenizer

TOKENS_PER_CHARACTER = 4
"""No character takes more tokens than this: in the worst case one for each of its UTF-8 bytes."""


@dataclass(frozen=True, slots=True)
class Token:
    """A chosen token as text, the logarithm of its probability, and the likeliest tokens in its place."""

    text: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()  # (text, logprob), likeliest first


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that follows in a row; ``tokens`` are those chosen since its last piece, when logprobs were asked for."""

    row: int
    text: str
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a row: why, after how many characters and tokens, and how many seconds the writing took."""

    row: int
    reason: FinishReason
    characters: int
    tokens: int
    seconds: float


class Steps(Protocol):
    """Rows of tokens as a ``Batch`` or a ``Search`` gives them; ``past_end``: an end token ends no more than a line."""

    past_end: bool

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the rows."""
        ...

    def steps(self) -> Iterator[Step]:
        """Yield the steps of all rows, each row's last with a reason."""
        ...

    def drop(self, number: int) -> None:
        """Let a row leave: its text is long enough."""
        ...


class TextStream:
    """The text of one row as its tokens come; ``reason`` is set once the text has ended by itself.

    What may be the beginning of a stop string is held back until it is known not to be.
    """

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[str], max_chars: int) -> None:
        self.reason: FinishReason | None = None
        self.characters = 0  # given out
        self._stop, self._room = tuple(stop), max_chars
        self._detokenizer = tokenizer.detokenizer()
        self._pending = ""  # decoded and not yet given out

    def push(self, token_id: int) -> str:
        """Take a token; return the text that can be shown now."""
        self._pending += self._detokenizer.push(token_id)
        return self._give(held_back(self._pending, self._stop))

    def end_line(self) -> str:
        """Take the end of a line that no token stands for; return the text that can be shown now."""
        self._pending += self._detokenizer.finish() + "\n"
        return self._give(held_back(self._pending, self._stop))

    def finish(self) -> str:
        """Return what was held back, when no more tokens come."""
        self._pending += self._detokenizer.finish()
        return self._give(held=0)

    def _give(self, held: int) -> str:
        if self.reason is not None:
            return ""
        end = len(self._pending) - held
        stops = [place for place in map(self._pending.find, self._stop) if place >= 0]
        if stops and min(stops) <= self._room:
            end, self.reason = min(stops), "stop"
        elif len(self._pending) >= self._room:
            end, self.reason = self._room, "length"
        text, self._pending = self._pending[:end], self._pending[end:]
        self._room -= len(text)
        self.characters += len(text)
        return text


def held_back(text: str, stop: Sequence[str]) -> int:
    """Return the length of the longest end of ``text`` with which a stop string may begin."""
    longest = min(len(text), max(map(len, stop), default=0))
    return next((n for n in range(longest, 0, -1) if any(one.startswith(text[-n:]) for one in stop)), 0)


def stream(rows: Steps, tokenizer: Tokenizer, *, max_chars: int, stop: Sequence[str] = ()) -> Iterator[Piece | Finish]:
    """Yield the pieces of all rows as they come, and one Finish for each row.

    The pieces of a row together are exactly the text of its tokens, up to the stop string or to ``max_chars``
    characters. An end token is a newline where a text goes on past it, and else no text.
    """
    began = time.perf_counter()
    texts = {number: TextStream(tokenizer, stop, max_chars) for number in rows.numbers}
    counts = dict.fromkeys(texts, 0)
    waiting: dict[int, list[Token]] = {number: [] for number in texts}
    for step in rows.steps():
        row, text = step.row, texts[step.row]
        counts[row] += 1
        shown = ""
        if step.id != tokenizer.end_id:
            shown = text.push(step.id)
        elif rows.past_end:
            shown = text.end_line()
        if step.reason is not None:
            shown += text.finish()
        if step.logprob is not None and (rows.past_end or step.id != tokenizer.end_id):
            waiting[row].append(as_token(step, step.logprob, tokenizer, past_end=rows.past_end))
        if shown:
            yield Piece(row, shown, tuple(waiting[row]))
            waiting[row].clear()
        reason = text.reason or step.reason
        if reason is not None:
            rows.drop(row)
            yield Finish(row, reason, text.characters, counts[row], time.perf_counter() - began)


def as_token(step: Step, logprob: float, tokenizer: Tokenizer, *, past_end: bool = False) -> Token:
    """Return a step with its ids as text; where the text goes on past its end token, that is a newline."""

    def text_of(token_id: int) -> str:
        return "\n" if past_end and token_id == tokenizer.end_id else tokenizer.decode([token_id])

    alternatives = tuple((text_of(choice.id), choice.logprob) for choice in step.alternatives)
    return Token(text_of(step.id), logprob, alternatives)
