import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from mocks import END, ByteTokenizer, NgramModel, WindowedModel
from moxu.decode.prompt_logprobs import PromptLogprobs
from moxu.decode.reading import PromptReading
from moxu.decode.score import score_ids
from moxu.decode.stream import PromptPiece, Token
from moxu.errors import MoxuError
from moxu.language_model import LanguageModel
from moxu.models.registry import build

TEXT = "这是一颗星。\nAnd so on, and on, and on."
IDS = list(TEXT.encode())


def read(model: LanguageModel, ids: Sequence[int] = IDS, **options: Any) -> list[PromptPiece]:
    given = {"size": model.max_context, "count": 0} | options
    logprobs, pieces = PromptLogprobs(model, ByteTokenizer(), ids, **given), []
    while not logprobs.finished:
        pieces.append(logprobs.read())
    return pieces


def tokens_of(pieces: list[PromptPiece]) -> list[Token]:
    return [token for piece in pieces for token in piece.tokens]


def tiny_gpt() -> LanguageModel:
    model = build("gpt", {"vocab_size": 258, "width": 16, "layers": 2, "heads": 2, "positions": 24})
    model.initialise(torch.Generator().manual_seed(1))
    return model.eval()


@pytest.mark.parametrize("chunk", [1, 3, 7, 256])
@pytest.mark.parametrize("model", [NgramModel(), WindowedModel(9), WindowedModel(2), WindowedModel(400), tiny_gpt()])
def test_the_logprobs_are_those_of_a_score(model: LanguageModel, chunk: int) -> None:
    first, *others = tokens_of(read(model, chunk=chunk))
    assert first.logprob is None
    expected = score_ids(model, IDS[1:], context=IDS[:1])
    assert [token.logprob for token in others] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [2, 3, 8, 9])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 8, 9, 10, 11, 40])
def test_every_token_is_told_once_however_long_the_window_is(size: int, length: int) -> None:
    ids = [int(one) for one in np.random.default_rng(length).integers(32, 127, length)]
    for chunk in (1, 2, 5):
        pieces = read(WindowedModel(size), ids, chunk=chunk)
        assert "".join(token.text for token in tokens_of(pieces)) == bytes(ids).decode()
        assert "".join(piece.text for piece in pieces) == bytes(ids).decode()


def test_no_more_ids_are_read_at_a_time_than_a_piece_has() -> None:
    for model in (NgramModel(), WindowedModel(24)):
        logprobs = PromptLogprobs(model, ByteTokenizer(), IDS, size=model.max_context, count=0, chunk=5)
        while not logprobs.finished:
            before, piece = model.tokens_read, logprobs.piece
            logprobs.read()
            assert model.tokens_read - before == piece <= 5


def test_the_pieces_are_the_text_though_the_tokens_are_parts_of_characters() -> None:
    pieces = read(NgramModel(), chunk=4)
    assert "".join(piece.text for piece in pieces) == TEXT
    assert "".join(piece.text for piece in read(NgramModel(), IDS[:4])) == "这\N{REPLACEMENT CHARACTER}"


def test_the_likeliest_tokens_are_told_in_their_order() -> None:
    model = NgramModel()
    for place, token in enumerate(tokens_of(read(model, count=3))[1:], 1):
        logits, _ = model.prefill(np.asarray([IDS[:place]]))
        best = np.argsort(-logits[0])[:3]
        assert [text for text, _ in token.alternatives] == [ByteTokenizer().decode([one]) for one in best]
        total = math.log(np.exp(logits[0].astype(np.float64)).sum())
        assert [logprob for _, logprob in token.alternatives] == pytest.approx(logits[0, best] - total, abs=1e-5)


def test_of_a_small_vocabulary_no_more_are_told_than_there_are() -> None:
    tokens = tokens_of(read(NgramModel(vocab_size=3), [1, 2, 0], count=9))
    assert [len(token.alternatives) for token in tokens] == [0, 3, 3]


def test_an_end_in_the_prompt_is_a_newline_where_the_text_goes_on_past_it() -> None:
    ids = [*b"ab", END, *b"cd"]
    assert "".join(piece.text for piece in read(NgramModel(), ids, past_end=True)) == "ab\ncd"
    assert [token.text for token in tokens_of(read(NgramModel(), ids, past_end=True))] == ["a", "b", "\n", "c", "d"]
    assert [token.text for token in tokens_of(read(NgramModel(), ids))] == ["a", "b", "", "c", "d"]


def test_what_was_read_is_not_read_again_for_what_follows() -> None:
    model = NgramModel()
    logprobs, prompt = PromptLogprobs(model, ByteTokenizer(), IDS, size=None, count=0), PromptReading(model, IDS)
    while not logprobs.finished:
        logprobs.read()
    logprobs.hand_over(prompt)
    assert prompt.piece == 1
    prompt.read()
    assert model.tokens_read == len(IDS)
    np.testing.assert_array_equal(prompt.logits, model.prefill(np.asarray([IDS]))[0])


def test_past_a_window_the_prompt_is_read_anew_for_what_follows() -> None:
    model = WindowedModel(9)
    logprobs, prompt = PromptLogprobs(model, ByteTokenizer(), IDS, size=9, count=0), PromptReading(model, IDS[-9:])
    while not logprobs.finished:
        logprobs.read()
    logprobs.hand_over(prompt)
    assert prompt.piece == 9


def test_a_damaged_model_is_told_in_one_line() -> None:
    model = NgramModel()
    model.table[:] = np.nan
    with pytest.raises(MoxuError, match="gave NaN"):
        read(model)


@pytest.mark.parametrize("chunk", [1, 3, 256])
@pytest.mark.parametrize("model", [NgramModel(), WindowedModel(9), WindowedModel(400), tiny_gpt()])
def test_after_some_ids_only_the_others_are_told(model: LanguageModel, chunk: int) -> None:
    for after in (1, 2, 8, 10, len(IDS) - 1, len(IDS)):
        told = tokens_of(read(model, chunk=chunk, after=after))
        assert len(told) == len(IDS) - after
        if told:
            expected = score_ids(model, IDS[after:], context=IDS[:after])
            assert [token.logprob for token in told] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("known", [1, 5, 10])
def test_what_is_known_of_the_beginning_is_not_read_again(known: int) -> None:
    model, expected = NgramModel(), tokens_of(read(NgramModel(), after=10))
    logprobs = PromptLogprobs(model, ByteTokenizer(), IDS, size=None, count=0, after=10)
    assert list(logprobs.beginning) == IDS[:10]
    reading = PromptReading(NgramModel(), IDS[:known])
    reading.read()
    logprobs.begin_after(known, reading.logits, reading.state)
    assert logprobs.beginning == ()
    pieces = []
    while not logprobs.finished:
        pieces.append(logprobs.read())
    assert tokens_of(pieces) == expected
    assert model.tokens_read == len(IDS) - 1 - known


def test_what_was_only_read_is_known_when_nothing_more_has_been_read() -> None:
    logprobs = PromptLogprobs(NgramModel(), ByteTokenizer(), IDS, size=None, count=0, after=10, chunk=4)
    known = []
    while not logprobs.finished:
        logprobs.read()
        known.append(logprobs.known())
    assert [one is None for one in known[:4]] == [True, True, False, True]
    assert known[2] is not None
    ids, logits, state = known[2]
    expected = PromptReading(NgramModel(), IDS[:10])
    expected.read()
    assert list(ids) == IDS[:10]
    np.testing.assert_array_equal(logits, expected.logits)
    assert state.lengths.tolist() == [10]
