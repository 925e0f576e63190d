import math
from pathlib import Path

import numpy as np
import pytest

from mocks import END, ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel, WordTokenizer
from moxu.decode.passages import Passages
from moxu.decode.samplers import softmax
from moxu.decode.score import score_ids, score_passages, score_text, sequence_logprobs, windows
from moxu.errors import SettingsError, TextError
from moxu.models.gpt import Gpt

TEXT = "这是一颗星。\nAnd so on."


@pytest.mark.parametrize("chunk", [1, 7, 256])
def test_logprobs_are_those_of_reading_one_token_at_a_time(chunk: int) -> None:
    model, ids = NgramModel(), list(TEXT.encode())
    expected = []
    for place in range(len(ids)):
        logits, _ = model.prefill(np.asarray([[END, *ids[:place]]]))
        expected.append(math.log(softmax(logits.astype(np.float64))[0, ids[place]]))
    np.testing.assert_allclose(score_ids(model, ids, context=[END], chunk=chunk), expected, rtol=1e-5)


def test_bits_are_per_character_and_perplexity_per_token() -> None:
    model = NgramModel()
    model.table[:] = 0.0  # every token equally likely
    score = score_text(model, ByteTokenizer(), TEXT)
    tokens = len(TEXT.encode())
    assert score.characters == len(TEXT)
    assert score.bits_per_character == pytest.approx(math.log2(258) * tokens / len(TEXT), rel=1e-6)
    assert score.perplexity == pytest.approx(258, rel=1e-5)
    assert score.logprobs.shape == (tokens,)


def test_without_an_end_or_newline_token_the_first_is_not_counted() -> None:
    score = score_text(NgramModel(vocab_size=3), WordTokenizer("a", "b", "c"), "abca")
    assert (score.ids, score.characters) == ((1, 2, 0), 3)


def test_a_text_without_a_token_to_foresee_is_refused() -> None:
    with pytest.raises(TextError, match="too short to be scored"):
        score_text(NgramModel(), ByteTokenizer(), "")
    with pytest.raises(TextError, match="'a' is too short"):
        score_text(NgramModel(vocab_size=1), WordTokenizer("a"), "a")


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("length", [2, 5, 9, 10, 11, 40])
def test_windows_score_every_token_once_after_at_least_half_a_window(size: int, length: int) -> None:
    scored = []
    for start, first, end in windows(length, 1, size):
        read = end - 1 - start
        assert read == size or (end == length and read < size)
        for place in range(first, end):
            assert place - start >= min(place, size // 2)
            scored.append(place)
    assert scored == list(range(1, length))


def test_a_windowed_model_scores_each_token_from_its_window() -> None:
    model, ids = WindowedModel(6), [int(i) for i in np.random.default_rng(5).integers(0, 256, 20)]
    found = score_ids(model, ids, context=[END], chunk=2)
    tokens = [END, *ids]
    for start, first, end in windows(len(tokens), 1, 6):
        for place in range(first, end):
            logits, _ = model.prefill(np.asarray([tokens[start:place]]))
            expected = math.log(softmax(logits.astype(np.float64))[0, tokens[place]])
            assert found[place - 1] == pytest.approx(expected, rel=1e-5)


def test_the_logprobs_of_a_sequence_are_those_of_gpt2(reference: Path, gpt2: Gpt) -> None:
    with np.load(reference / "gpt2" / "public" / "logits.npz") as golden:
        for ids, expected in zip(golden["seq_ids"].tolist(), golden["seq_token_logprobs"], strict=True):
            np.testing.assert_allclose(sequence_logprobs(gpt2, ids), expected, atol=1e-4)


@pytest.mark.parametrize("chunk", [1, 2, 256])
def test_passages_are_scored_after_the_sources_that_end_before_them(chunk: int) -> None:
    model, ids = PassageModel(source=6, target=5), list(TEXT.encode())
    expected = []
    for place, token_id in enumerate(ids):
        begin = place - place % 5
        logits, state = model.prefill(np.asarray([[257, *ids[max(0, begin - 6) : begin], 258]]))
        for before in ids[begin:place]:
            after_each, state = model.extend(np.asarray([[before]]), state)
            logits = after_each[:, -1]
        expected.append(math.log(softmax(logits.astype(np.float64))[0, token_id]))
    found = score_passages(model, ids, Passages(6, 5, (257, 258)), chunk=chunk)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    score = score_text(model, MarkedTokenizer(), TEXT, chunk=chunk)
    np.testing.assert_allclose(score.logprobs, found, rtol=1e-6)
    assert (score.ids, score.characters) == (tuple(ids), len(TEXT))


def test_passages_cannot_be_scored_without_marks() -> None:
    with pytest.raises(SettingsError, match="between two marks"):
        score_text(PassageModel(), ByteTokenizer(), TEXT)
    with pytest.raises(TextError, match="too short to be scored"):
        score_text(PassageModel(), MarkedTokenizer(), "")
