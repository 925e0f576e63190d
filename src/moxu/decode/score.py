"""How well a model foresees a text: the logarithm of the probability of each of its tokens."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device
from numpy.typing import NDArray

from moxu.decode.draw import on_host, to_host
from moxu.decode.passages import Passages
from moxu.decode.rows import token_logprobs
from moxu.errors import TextError
from moxu.language_model import Array, LanguageModel
from moxu.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Score:
    """The natural logarithms of the probabilities of a text's tokens, in order, and the characters of that text."""

    ids: tuple[int, ...]  # N
    logprobs: NDArray[np.float64]  # (N,)
    characters: int

    @property
    def bits(self) -> float:
        """The bits it takes to write the text down with this model's help."""
        return float(-self.logprobs.sum()) / math.log(2)

    @property
    def bits_per_character(self) -> float:
        return self.bits / self.characters

    @property
    def perplexity(self) -> float:
        """Per token: the number of equally likely tokens that would be as hard to choose from."""
        nats = -float(self.logprobs.mean())
        return math.exp(nats) if nats < 700 else math.inf  # exp(710) is more than a float can hold


def score_text(model: LanguageModel, tokenizer: Tokenizer, text: str, *, chunk: int = 256) -> Score:
    """Score a text that begins a document: after the end token of another, or after a newline.

    Where the tokenizer has neither, the first token cannot be foreseen and is not counted, nor are its characters. A
    model that writes by passages is scored by passages, the first of them after an empty source. Raises TextError for a
    text too short to be scored.
    """
    ids = tokenizer.encode(text)
    if model.passage is not None and ids:
        passages = Passages.of(model.passage, tokenizer)
        return Score(tuple(ids), score_passages(model, ids, passages, chunk=chunk), len(text))
    before = tokenizer.newline_id if tokenizer.end_id is None else tokenizer.end_id
    context = ids[:1] if before is None else [before]
    scored = ids[1:] if before is None else ids
    if not scored:
        raise TextError(f"the text {text!r} is too short to be scored; give at least two characters")
    logprobs = score_ids(model, scored, context=context, chunk=chunk)
    unscored = len(tokenizer.decode(ids[:1])) if before is None else 0
    return Score(tuple(scored), logprobs, len(text) - unscored)


def score_ids(
    model: LanguageModel, ids: Sequence[int], *, context: Sequence[int], chunk: int = 256
) -> NDArray[np.float64]:
    """Return the logprob (N,) of each id after ``context`` (at least one id, itself not scored) and the ids before.

    The logits of ``chunk`` tokens are in memory at a time. A model with ``max_context`` reads windows of that size,
    each beginning half a window after the one before, and only the first counts from its beginning: past it every
    token is foreseen from at least half a window.
    """
    tokens = np.asarray([*context, *ids], np.int64)
    found = np.empty(len(tokens), np.float64)
    for start, first, end in windows(len(tokens), len(context), model.max_context):
        found[first:end] = np.concatenate(list(_foreseen(model, tokens[start:end], first - start, chunk)))
    return found[len(context) :]


def sequence_logprobs(model: LanguageModel, ids: Sequence[int]) -> NDArray[np.float64]:
    """Return the logprob (N - 1,) of each id but the first after those before it."""
    return score_ids(model, ids[1:], context=ids[:1])


def score_passages(
    model: LanguageModel, ids: Sequence[int], passages: Passages, *, chunk: int = 256
) -> NDArray[np.float64]:
    """Return the logprob (N,) of each id, taken as so many targets in a row, each after the source that ends before it.

    The first source is empty: nothing but its marks. Logits of ``chunk`` tokens are in memory at a time.
    """
    tokens, found = np.asarray(ids, np.int64), np.empty(len(ids), np.float64)
    for start in range(0, len(ids), passages.target):
        source = np.asarray(passages.beginning(ids[:start]), np.int64)
        target = np.concatenate([source, tokens[start : start + passages.target]])
        pieces = list(_foreseen(model, target, len(source), chunk))
        found[start : start + passages.target] = np.concatenate(pieces)
    return found


def windows(length: int, first: int, size: int | None) -> Iterator[tuple[int, int, int]]:
    """Yield (start, first, end): read from ``start``, score the tokens from ``first`` up to, not including, ``end``.

    ``length`` tokens, of which those before ``first`` are not scored. The last token of a window is scored, not read,
    so a window of ``size`` scores up to the token at ``start + size``.
    """
    if size is None:
        yield 0, first, length
        return
    start = max(0, first - size)
    while first < length:
        end = min(length, start + size + 1)
        yield start, first, end
        first, start = end, start + size - size // 2


def _foreseen(model: LanguageModel, tokens: NDArray[np.int64], first: int, chunk: int) -> Iterator[NDArray[np.float64]]:
    """Yield the logprobs of tokens[first:], piece by piece, reading all tokens but the last."""
    logits, state = model.prefill(tokens[None, :first])
    yield _logprobs_of(tokens[None, first : first + 1], logits[:, None, :])
    for start in range(first, len(tokens) - 1, chunk):
        end = min(start + chunk, len(tokens) - 1)
        logits, state = model.extend(tokens[None, start:end], state)
        yield _logprobs_of(tokens[None, start + 1 : end + 1], logits)


def _logprobs_of(ids: NDArray[np.int64], logits: Array) -> NDArray[np.float64]:
    """ids (1, T), logits (1, T, V) -> (T,)"""
    view = on_host(logits)
    there = array_namespace(view).asarray(ids[..., None], device=device(view))
    return to_host(token_logprobs(view, there)).reshape(-1).astype(np.float64)
