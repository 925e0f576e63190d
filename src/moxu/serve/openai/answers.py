"""The objects that OpenAI's interface answers with: whole, or in the chunks of a stream."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import moxu
from moxu.writers.base import FinishReason, Token

REASONS: dict[FinishReason, str] = {
    "length": "length",
    "window": "length",
    "time": "length",
    "cancelled": "length",
    "stop": "stop",
    "end": "stop",
}
"""Why a text ended, in the words of the interface, which has none for a window that is full, a time that is over or a
server that stops."""

LEAST_LOGPROB = -9999.0
"""Stands for a token that cannot be, as it does at OpenAI: JSON has no infinity."""


@dataclass
class Text:
    """One text while it is written: the ``index`` of its choice, and what there is of it."""

    index: int
    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    token_characters: int = 0  # of the tokens that were told, from the beginning of what is shown
    reason: FinishReason | None = None


class Form(Protocol):
    """How the choices of an endpoint look, and the names of its objects."""

    prefix: str
    whole: str
    part: str

    def choice(self, text: Text, tokens: Sequence[Token] | None) -> dict[str, Any]:
        """Return a text that is finished."""
        ...

    def opening(self, text: Text) -> dict[str, Any] | None:
        """Return what a stream says before the first piece of a text, if anything."""
        ...

    def piece(self, text: Text, shown: str, tokens: Sequence[Token] | None) -> dict[str, Any]:
        """Return a piece of a text; with its ``reason`` it is the last."""
        ...


class CompletionForm:
    """The choices of ``/v1/completions``."""

    prefix, whole, part = "cmpl-", "text_completion", "text_completion"

    def choice(self, text: Text, tokens: Sequence[Token] | None) -> dict[str, Any]:
        return self.piece(text, text.text, tokens)

    def opening(self, text: Text) -> dict[str, Any] | None:  # noqa: ARG002
        return None

    def piece(self, text: Text, shown: str, tokens: Sequence[Token] | None) -> dict[str, Any]:
        logprobs = None if tokens is None else self._logprobs(text, tokens)
        reason = None if text.reason is None else REASONS[text.reason]
        return {"index": text.index, "text": shown, "logprobs": logprobs, "finish_reason": reason}

    def _logprobs(self, text: Text, tokens: Sequence[Token]) -> dict[str, Any]:
        offsets = []
        for token in tokens:
            offsets.append(text.token_characters)
            text.token_characters += len(token.text)
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [_number(token.logprob) for token in tokens],
            "top_logprobs": [_likeliest(token) for token in tokens],
            "text_offset": offsets,
        }


class ChatForm:
    """The choices of ``/v1/chat/completions``."""

    prefix, whole, part = "chatcmpl-", "chat.completion", "chat.completion.chunk"

    def choice(self, text: Text, tokens: Sequence[Token] | None) -> dict[str, Any]:
        message = {"role": "assistant", "content": text.text, "refusal": None}
        return self._choice(text, "message", message, tokens)

    def opening(self, text: Text) -> dict[str, Any] | None:
        return self._choice(text, "delta", {"role": "assistant", "content": ""}, None)

    def piece(self, text: Text, shown: str, tokens: Sequence[Token] | None) -> dict[str, Any]:
        return self._choice(text, "delta", {"content": shown} if shown else {}, tokens)

    def _choice(self, text: Text, name: str, said: dict[str, Any], tokens: Sequence[Token] | None) -> dict[str, Any]:
        logprobs = None if tokens is None else {"content": [_as_chat(token) for token in tokens], "refusal": None}
        reason = None if text.reason is None else REASONS[text.reason]
        return {"index": text.index, name: said, "logprobs": logprobs, "finish_reason": reason}


@dataclass(frozen=True)
class Answer:
    """What the objects of one call have in common."""

    form: Form
    model: str
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, choices: Sequence[dict[str, Any]], usage: dict[str, int]) -> dict[str, Any]:
        """Return the object that answers at once."""
        return self._object(self.form.whole, choices) | {"usage": usage}

    def chunk(self, choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return one object of a stream."""
        return self._object(self.form.part, choices)

    def _object(self, kind: str, choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.form.prefix + self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": f"moxu-{moxu.__version__}",
            "choices": list(choices),
        }


def usage_of(prompt: int, written: int) -> dict[str, int]:
    """Return the tokens of an answer."""
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _likeliest(token: Token) -> dict[str, float | None] | None:
    """Return the likeliest tokens by their text; of two with the same text the likelier one counts."""
    if token.logprob is None:
        return None
    return dict(reversed((*token.alternatives, (token.text, _number(token.logprob)))))


def _number(logprob: float | None) -> float | None:
    return None if logprob is None else max(logprob, LEAST_LOGPROB)


def _as_chat(token: Token) -> dict[str, Any]:
    top = [_entry(text, logprob) for text, logprob in token.alternatives]
    return _entry(token.text, token.logprob) | {"top_logprobs": top}


def _entry(text: str, logprob: float | None) -> dict[str, Any]:
    whole = "\N{REPLACEMENT CHARACTER}" not in text  # or it is a part of a character, whose bytes are not known here
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()) if whole else None}
