import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mocks import END, ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel
from moxu.decode.beam import EarlyStopping, Hypothesis, Search, beam_search
from moxu.decode.options import SamplingOptions
from moxu.decode.penalties import NoRepeatNgram, RepetitionPenalty
from moxu.decode.samplers import Sampler, log_softmax
from moxu.decode.stream import Finish, Piece, stream
from moxu.decode.window import Window
from moxu.errors import MoxuError, SettingsError
from moxu.language_model import LanguageModel
from moxu.models.gpt import Gpt
from moxu.models.hf import HfConfig, HfModel

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


@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 3.0])
@pytest.mark.parametrize("early_stopping", [True, False, "never"])
def test_a_search_ends_when_that_of_transformers_does(early_stopping: EarlyStopping, length_penalty: float) -> None:
    sizes = {"model_type": "gpt2", "vocab_size": 12, "n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 40}
    ended = 0
    for seed in range(4):
        model = HfModel(HfConfig(sizes))
        model.initialise(torch.Generator().manual_seed(seed))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(10.0)
        settings = {"early_stopping": early_stopping, "length_penalty": length_penalty}
        theirs = model.causal_lm.generate(
            torch.tensor([PROMPT]),
            attention_mask=torch.ones(1, 3),
            **{"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 12, "do_sample": False},
            **{"eos_token_id": 5, "pad_token_id": 0, "return_dict_in_generate": True, "output_scores": True},
            **settings,
        )
        found = beam_search(model, PROMPT, beams=3, max_tokens=12, end_id=5, returned=3, **settings)  # type: ignore
        np.testing.assert_allclose([one.score for one in found], theirs.sequences_scores, atol=1e-4)
        for hypothesis, expected in zip(found, theirs.sequences[:, 3:].tolist(), strict=True):
            assert list(hypothesis.ids) == expected[: len(hypothesis.ids)]
        ended += sum(one.ids[-1] == 5 for one in found)
    assert ended > 0


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


class Chained(NgramModel):
    """What follows an id has the probabilities of its row; 0 ends a text."""

    def __init__(self, *rows: list[float]) -> None:
        super().__init__(vocab_size=len(rows))
        self.rows = np.log(np.asarray(rows, np.float32))

    def extend(self, ids: Any, state: Any) -> tuple[Any, Any]:
        return self.rows[np.asarray(ids)], super().extend(ids, state)[1]


def test_never_stopping_early_waits_for_a_text_that_is_better_when_it_is_long() -> None:
    soon, late = [0.97, 0.01, 0.01, 0.01], [0.001, 0.001, 0.001, 0.997]
    model, found = Chained([0.25] * 4, [0.54, 0.01, 0.25, 0.2], soon, late), {}
    for early_stopping in (True, False, "never"):
        settings: dict[str, Any] = {"beams": 2, "max_tokens": 12, "end_id": 0, "early_stopping": early_stopping}
        found[early_stopping] = beam_search(model, [1], **settings)[0].ids
    assert found == {True: (0,), False: (0,), "never": (3,) * 12}


def test_where_longer_is_worse_a_search_goes_on_while_what_it_has_is_better_now() -> None:
    first, third = [0.3, 0.001, 0.099, 0.6, 0.001], [0.05, 0.04, 0.005, 0.005, 0.9]
    model = Chained([0.2] * 5, first, [0.2] * 5, third, [0.96, 0.01, 0.01, 0.01, 0.01])
    for early_stopping in (False, "never"):
        settings: dict[str, Any] = {"length_penalty": -1.0, "early_stopping": early_stopping, "returned": 2}
        found = beam_search(model, [1], beams=2, max_tokens=12, end_id=0, **settings)
        assert [one.ids for one in found] == [(0,), (3, 4, 0)]


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


def test_penalties_of_a_search_know_the_prompt() -> None:
    model = NgramModel(vocab_size=6)
    model.table[:] = 0.0
    model.table[:, 2] = 9.0
    (found,) = beam_search(model, [1, 2, 3, 1], beams=2, max_tokens=1, penalties=[NoRepeatNgram(size=2)])
    assert found.ids != (2,)  # 1 2 stands in the prompt


def test_a_penalty_by_occurrence_counts_in_the_passage_that_is_searched_for() -> None:
    model = PassageModel(source=6, target=50)
    model.table[:], model.table[:, 65], model.table[:, 66] = 0.0, 9.0, 8.0
    options = SamplingOptions(occurrence_penalty=0.1)
    found = Search(model, MarkedTokenizer(), [65, 65], options=options, beams=2, count=1, max_tokens=4)
    assert sorted(step.id for step in found.steps()) == [65, 65, 66, 66]


def test_more_texts_than_beams_are_refused() -> None:
    with pytest.raises(SettingsError, match="3 hypotheses are wanted of 2 beams; expected between 1 and 2"):
        beam_search(NgramModel(), PROMPT, beams=2, max_tokens=4, returned=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_search_with_a_model_that_gives_no_numbers_says_so(bad: float) -> None:
    model = NgramModel(vocab_size=4)
    model.table[:, 2] = bad
    with pytest.raises(MoxuError, match="the model gave NaN instead of probabilities"):
        beam_search(model, PROMPT, beams=2, max_tokens=9)


def test_a_search_without_anything_left_to_choose_is_an_error() -> None:
    with pytest.raises(MoxuError, match="the search found 0 of 1 texts"):
        beam_search(NgramModel(vocab_size=4), [0, 1], beams=2, max_tokens=9, penalties=[NoRepeatNgram(size=1)])


def test_a_search_tells_why_a_text_ended_and_writes_no_nameless_id() -> None:
    model = NgramModel(vocab_size=264, seed=1)  # six more than the tokenizer has
    model.table[:, END] += 2.0
    model.table[:, 258:] = 50.0
    found = Search(model, ByteTokenizer(), PROMPT, options=SamplingOptions(), beams=6, count=6, max_tokens=5)
    steps = list(found.steps())
    assert max(step.id for step in steps) <= END
    last = [step for step in steps if step.reason]
    assert len(last) == 6
    assert {step.reason for step in last} == {"end", "length"}
    assert all((step.id == END) == (step.reason == "end") for step in last)


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
