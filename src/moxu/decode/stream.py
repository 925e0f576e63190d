"""From ids to text as it appears: whole characters only, never a part of a stop string, as long as was asked."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from moxu.decode.rows import Choice, FinishReason, Step
from moxu.text.tokenizer import Tokenizer

TOKENS_PER_CHARACTER = 4
"""No character takes more tokens than this: in the worst case one for each of its UTF-8 bytes."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as text, the logarithm of its probability, and the likeliest tokens in its place.

    ``logprob`` is None of the first token of a prompt only, which nothing foresees.
    """

    text: str
    logprob: float | None
    alternatives: tuple[tuple[str, float], ...] = ()  # (text, logprob), likeliest first


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that follows in a row; ``tokens`` are those chosen since its last piece, when logprobs were asked for."""

    row: int
    text: str
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptPiece:
    """Text of the prompt that was read, and its tokens, as the model foresaw them."""

    text: str
    tokens: tuple[Token, ...]


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


class RowText:
    """Tells the steps of one row as its pieces and its finish; ``finished`` once that was told.

    The pieces together are exactly the text of its tokens, up to the stop string or to ``max_chars`` characters. An end
    token is a newline where a text goes on past it, and else no text. Its seconds begin here. ``all_tokens``: tell
    every token that was chosen, also those at its end that give no text.
    """

    def __init__(
        self,
        row: int,
        tokenizer: Tokenizer,
        *,
        max_chars: int,
        stop: Sequence[str] = (),
        past_end: bool = False,
        all_tokens: bool = False,
    ) -> None:
        self.row, self.finished = row, False
        self._tokenizer, self._past_end, self._all_tokens = tokenizer, past_end, all_tokens
        self._text = TextStream(tokenizer, stop, max_chars)
        self._waiting: list[Token] = []  # chosen since the last piece
        self._tokens, self._began = 0, time.perf_counter()

    def take(self, step: Step) -> Iterator[Piece | Finish]:
        """Yield what can be told after a step."""
        self._tokens += 1
        shown, told = "", self._past_end or self._all_tokens or step.id != self._tokenizer.end_id
        if step.id != self._tokenizer.end_id:
            shown = self._text.push(step.id)
        elif self._past_end:
            shown = self._text.end_line()
        if step.reason is not None:
            shown += self._text.finish()
        if step.logprob is not None and told:
            self._waiting.append(
                as_token(step.id, step.logprob, step.alternatives, self._tokenizer, past_end=self._past_end)
            )
        reason = self._text.reason or step.reason
        if shown or (self._all_tokens and self._waiting and reason is not None):
            yield self._piece(shown)
        if reason is not None:
            yield self._finish(reason)

    def end(self, reason: FinishReason) -> Iterator[Piece | Finish]:
        """Yield what was held back, and the end, where no more steps come."""
        if shown := self._text.finish():
            yield self._piece(shown)
        yield self._finish(self._text.reason or reason)

    def _piece(self, text: str) -> Piece:
        tokens, self._waiting = tuple(self._waiting), []
        return Piece(self.row, text, tokens)

    def _finish(self, reason: FinishReason) -> Finish:
        self.finished = True
        return Finish(self.row, reason, self._text.characters, self._tokens, time.perf_counter() - self._began)


def stream(
    rows: Steps, tokenizer: Tokenizer, *, max_chars: int, stop: Sequence[str] = (), all_tokens: bool = False
) -> Iterator[Piece | Finish]:
    """Yield the pieces of all rows as they come, and one Finish for each row; see ``RowText``."""

    def text_of(row: int) -> RowText:
        return RowText(row, tokenizer, max_chars=max_chars, stop=stop, past_end=rows.past_end, all_tokens=all_tokens)

    texts = {number: text_of(number) for number in rows.numbers}
    for step in rows.steps():
        for event in texts[step.row].take(step):
            if isinstance(event, Finish):
                rows.drop(step.row)
            yield event


def as_token(
    token_id: int,
    logprob: float | None,
    alternatives: Sequence[Choice],
    tokenizer: Tokenizer,
    *,
    past_end: bool = False,
) -> Token:
    """Return a token with its ids as text; where the text goes on past its end token, that is a newline."""

    def text_of(one: int) -> str:
        return "\n" if past_end and one == tokenizer.end_id else tokenizer.decode([one])

    return Token(text_of(token_id), logprob, tuple((text_of(choice.id), choice.logprob) for choice in alternatives))
