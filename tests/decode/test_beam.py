import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mocks import END, ByteTokenizer, NgramModel, WindowedModel
from moxu.decode.beam import Hypothesis, Search, beam_search
from moxu.decode.options import SamplingOptions
from moxu.decode.penalties import NoRepeatNgram, RepetitionPenalty
from moxu.decode.samplers import Sampler, log_softmax
from moxu.decode.stream import Finish, Piece, stream
from moxu.decode.window import Window
from moxu.errors import MoxuError, SettingsError
from moxu.language_model import LanguageModel
from moxu.models.gpt import Gpt

PROMPT = [1, 2, 3]


def beam_cases(reference: Path) -> dict[str, Any]:
    cases = json.loads((reference / "gpt2" / "public" / "generation.json").read_text("utf-8"))
    return {name: case for name, case in cases.items() if case["args"]["num_beams"] > 1}


def search(model: Gpt, prompt: list[int], args: dict[str, Any]) -> list[Hypothesis]:
    """Search with the arguments of transformers' ``generate``."""
    size = args.get("no_repeat_ngram_size")
    penalties: list[Sampler] = [] if size is None else [NoRepeatNgram(size=size)]
    return beam_search(
        model,
        prompt,
        beams=args["num_beams"],
        max_tokens=args["max_new_tokens"],
        end_id=args.get("eos_token_id"),
        length_penalty=args.get("length_penalty", 1.0),
        early_stopping=args.get("early_stopping", False),
        penalties=penalties,
        returned=args.get("num_return_sequences", 1),
    )


def test_hypotheses_are_those_of_transformers(reference: Path, gpt2: Gpt) -> None:
    compared = 0
    for name, case in beam_cases(reference).items():
        end_id = case["args"].get("eos_token_id")
        masks = case.get("attention_mask", [[1] * len(prompt) for prompt in case["prompt"]])
        for row, (padded, mask) in enumerate(zip(case["prompt"], masks, strict=True)):
            prompt = [token_id for token_id, real in zip(padded, mask, strict=True) if real]
            found = search(gpt2, prompt, case["args"])
            for place, hypothesis in enumerate(found, row * len(found)):
                written = case["sequences"][place][len(padded) :]
                if end_id in written:  # what follows is filled up
                    written = written[: written.index(end_id) + 1]
                assert list(hypothesis.ids) == written, name
                assert hypothesis.score == pytest.approx(case["sequences_scores"][place], abs=1e-5), name
                logprobs = case["transition_scores"][place][: len(written)]
                np.testing.assert_allclose(hypothesis.logprobs, logprobs, atol=1e-4, err_msg=name)
                compared += 1
    assert compared == 91


def exhaustive(model: LanguageModel, length: int) -> tuple[tuple[int, ...], float]:
    """Return the likeliest continuation of ``length`` tokens, found by trying all."""
    best: tuple[tuple[int, ...], float] = ((), -np.inf)
    for ids in product(range(model.vocab_size), repeat=length):
        total = 0.0
        for place, token_id in enumerate(ids):
            logits, _ = model.prefill(np.asarray([[*PROMPT, *ids[:place]]]))
            total += float(log_softmax(logits.astype(np.float64))[0, token_id])
        best = max(best, (ids, total), key=lambda one: one[1])
    return best


def test_with_enough_beams_the_likeliest_text_of_all_is_found() -> None:
    model = NgramModel(vocab_size=5, seed=4)
    (found,) = beam_search(model, PROMPT, beams=25, max_tokens=3)
    ids, total = exhaustive(model, 3)
    assert found.ids == ids
    assert found.score == pytest.approx(total / 3, rel=1e-5)


def test_one_beam_takes_the_likeliest_token_each_time() -> None:
    model, ids = NgramModel(seed=5), list(PROMPT)
    for _ in range(12):
        ids.append(int(model.prefill(np.asarray([ids]))[0].argmax()))
    (found,) = beam_search(model, PROMPT, beams=1, max_tokens=12)
    assert list(found.ids) == ids[len(PROMPT) :]


def test_logprobs_are_those_of_a_fresh_reading_past_a_window_too() -> None:
    model, fresh, window = WindowedModel(8, seed=3), WindowedModel(8, seed=3), Window(size=8, policy="roll")
    for found in beam_search(model, PROMPT, beams=4, max_tokens=20, returned=4, horizon=window):
        assert len(found.ids) == 20
        for place, (token_id, logprob) in enumerate(zip(found.ids, found.logprobs, strict=True)):
            logits, _ = fresh.prefill(np.asarray([[*PROMPT, *found.ids[:place]][-8:]]))
            assert logprob == pytest.approx(float(log_softmax(logits)[0, token_id]), rel=1e-5)


def test_never_stopping_early_finds_no_worse_and_stopping_early_no_better() -> None:
    model = NgramModel(vocab_size=30, seed=2)
    model.table[:, 7] += 1.5

    def score(early_stopping: Any) -> float:
        (found,) = beam_search(model, PROMPT, beams=3, max_tokens=30, end_id=7, early_stopping=early_stopping)
        return found.score

    assert score(True) <= score(False) <= score("never")


def test_penalties_and_forbidden_ids_change_what_is_likeliest() -> None:
    model = NgramModel(vocab_size=40, seed=6)
    (plain,) = beam_search(model, PROMPT, beams=3, max_tokens=20)
    (without,) = beam_search(model, PROMPT, beams=3, max_tokens=20, forbidden_ids=plain.ids[:1])
    assert plain.ids[0] not in without.ids
    (varied,) = beam_search(
        model, PROMPT, beams=3, max_tokens=20, penalties=[RepetitionPenalty(penalty=5.0, window=99)]
    )
    assert len(set(varied.ids)) > len(set(plain.ids))


def test_more_texts_than_beams_are_refused() -> None:
    with pytest.raises(SettingsError, match="3 hypotheses are wanted of 2 beams; expected between 1 and 2"):
        beam_search(NgramModel(), PROMPT, beams=2, max_tokens=4, returned=3)


def test_a_search_without_anything_left_to_choose_is_an_error() -> None:
    with pytest.raises(MoxuError, match="the search found 0 of 1 texts"):
        beam_search(NgramModel(vocab_size=4), [0, 1], beams=2, max_tokens=9, penalties=[NoRepeatNgram(size=1)])


def test_a_search_is_streamed_as_whole_texts_best_first() -> None:
    model, tokenizer = NgramModel(), ByteTokenizer()
    model.table[:, 257] = 50.0  # forbidden
    model.table[:, 128:256] = -50.0  # so that every byte is a character
    found = Search(model, tokenizer, PROMPT, options=SamplingOptions(), beams=4, count=3, max_tokens=6, logprobs=True)
    events = list(stream(found, tokenizer, max_chars=100))
    assert [event.row for event in events if isinstance(event, Finish)] == [0, 1, 2]
    best = beam_search(model, PROMPT, beams=4, max_tokens=6, end_id=END, forbidden_ids=[257], returned=3)
    for row, hypothesis in enumerate(best):
        pieces = [event for event in events if isinstance(event, Piece) and event.row == row]
        ids = [token_id for token_id in hypothesis.ids if token_id != END]
        assert "".join(piece.text for piece in pieces) == tokenizer.decode(ids)
        assert [token.logprob for piece in pieces for token in piece.tokens] == list(hypothesis.logprobs[: len(ids)])


def test_a_text_long_enough_is_not_followed_to_its_end() -> None:
    found = Search(NgramModel(), ByteTokenizer(), PROMPT, options=SamplingOptions(), beams=2, count=2, max_tokens=9)
    numbers = []
    for step in found.steps():
        numbers.append(step.row)
        found.drop(step.row)
    assert numbers == [0, 1]
