"""Which characters each token of a text stands for, as the desk shows that text: so that a click finds its token.

A token alone is not always what it adds to a text: a character may take several tokens, a text may end within one, and
the indents that a model writes are not shown. So here tokens are put together until they are whole characters, and the
texts of all that come out are exactly the text that is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from moxu.serve.desk.writing_schema import TokenAnswer
from moxu.text.layout import StreamingIndent
from moxu.writers.base import Token

HALF = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class _Run:
    """How many tokens belong together, and how many characters they stand for."""

    tokens: int
    characters: int


class TextTokens:
    """Tokens of one text as they come, with the text that is known of it; ``layout`` says how it is shown."""

    def __init__(self, layout: StreamingIndent | None = None) -> None:
        self._layout = layout
        self._text = ""
        self._tokens: list[Token] = []

    def push(self, text: str, tokens: Sequence[Token]) -> list[TokenAnswer]:
        """Take what comes next of the text and of its tokens; return what is whole."""
        self._text += text
        self._tokens += tokens
        told = []
        while run := self._run():
            told += self._take(run)
        return told

    def finish(self) -> list[TokenAnswer]:
        """Return what is left: the text has ended, maybe within a token."""
        return self._take(_Run(len(self._tokens), len(self._text)))

    def _run(self) -> _Run | None:
        """Return how many tokens and characters can be told now; None where more has to come."""
        if not self._tokens or not self._text:
            return None
        first = self._tokens[0].text
        if _is_whole(first) and self._text.startswith(first):
            return _Run(1, len(first))
        if first.startswith(self._text):
            return None
        for number, token in enumerate(self._tokens[1:], 1):
            if _is_whole(token.text) and (place := self._text.find(token.text)) >= 0:
                return _Run(number, place)
        return _Run(len(self._tokens), len(self._text))

    def _take(self, run: _Run) -> list[TokenAnswer]:
        """Tell a run as one token: as likely as all of it, with what was likely in the place of its first."""
        text, self._text = self._text[: run.characters], self._text[run.characters :]
        tokens, self._tokens = self._tokens[: run.tokens], self._tokens[run.tokens :]
        shown = text if self._layout is None else self._layout.push(text)
        if not shown:
            return []
        logprobs = [token.logprob for token in tokens if token.logprob is not None]
        return [
            TokenAnswer(
                text=shown,
                logprob=round(sum(logprobs), 4) if logprobs else None,
                top=likeliest(tokens[0]) if tokens else [],
            )
        ]


def likeliest(token: Token) -> list[tuple[str, float]]:
    """Return the likeliest tokens in the place of one."""
    return [(text, round(logprob, 4)) for text, logprob in token.alternatives]


def _is_whole(text: str) -> bool:
    return bool(text) and HALF not in text
