import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mocks import ByteTokenizer
from moxu.decode.options import SamplingOptions
from moxu.decode.penalties import (
    CountPenalty,
    LogitBias,
    NoRepeatNgram,
    OccurrencePenalty,
    RepetitionPenalty,
    recent_counts,
    seen_recently,
)
from moxu.decode.steps import Batch
from moxu.errors import SettingsError
from moxu.models.gpt import Gpt


def test_repetition_divides_positive_and_multiplies_negative_logits_once() -> None:
    logits = np.asarray([[2.0, -2.0, 1.0, -1.0]], np.float32)
    punished = RepetitionPenalty(penalty=2.0, window=10)(logits, [[0, 0, 1]])
    np.testing.assert_array_equal(punished, [[1.0, -4.0, 1.0, -1.0]])


def test_frequency_counts_each_time_and_presence_once() -> None:
    logits = np.zeros((2, 3), np.float32)
    punished = CountPenalty(presence=1.0, frequency=0.25, window=10)(logits, [[0, 0, 1], []])
    np.testing.assert_array_equal(punished, [[-1.5, -1.25, 0.0], [0.0, 0.0, 0.0]])


def test_only_the_window_is_counted() -> None:
    counts = recent_counts(np.zeros((1, 4), np.float32), [[3, 3, 3, 0, 1]], 2)
    np.testing.assert_array_equal(counts, [[1, 1, 0, 0]])


def test_seen_is_what_has_a_count() -> None:
    logits, history = np.zeros((3, 5), np.float32), [[4, 4, 1], [], [2]]
    np.testing.assert_array_equal(seen_recently(logits, history, 2), recent_counts(logits, history, 2) > 0)


def test_what_is_forbidden_stays_forbidden() -> None:
    logits = np.asarray([[-np.inf, 0.5]], np.float32)
    assert np.isneginf(RepetitionPenalty(penalty=1.3, window=4)(logits, [[0]])[0, 0])
    assert np.isneginf(CountPenalty(presence=1.0, frequency=1.0, window=4)(logits, [[0]])[0, 0])
    assert np.isneginf(OccurrencePenalty(factor=0.9)(logits, [[0]])[0, 0])
    assert np.isneginf(NoRepeatNgram(size=2)(logits, [[1, 1]])[0, 0])


def test_what_one_token_loses_by_its_occurrences_no_other_gains() -> None:
    logits = np.log(np.asarray([[0.5, 0.25, 0.25]], np.float32)) + 3.0
    punished = np.exp(OccurrencePenalty(factor=0.5)(logits, [[0, 2, 0]]))
    np.testing.assert_allclose(punished, [[0.125, 0.25, 0.125]], rtol=1e-6)


@pytest.mark.parametrize(
    ("size", "ids", "banned"),
    [
        (1, [3, 1, 3], [1, 3]),
        (2, [1, 2, 1, 3, 1], [2, 3]),
        (2, [1], []),
        (3, [1, 2, 3, 1, 2], [3]),
        (3, [1, 2], []),
        (3, [], []),
        (2, [0, 0], [0]),
        (4, [1, 2, 3], []),
    ],
)
def test_an_ngram_of_the_text_is_never_completed_again(size: int, ids: list[int], banned: list[int]) -> None:
    logits = np.zeros((2, 5), np.float32)
    for array in (logits, torch.from_numpy(logits)):
        forbidden = NoRepeatNgram(size=size)(array, [ids, []])
        assert np.flatnonzero(np.isneginf(np.asarray(forbidden)[0])).tolist() == banned
        assert np.isfinite(np.asarray(forbidden)[1]).all()


def test_penalties_give_the_scores_of_transformers(golden: Path) -> None:
    with np.load(golden / "sampling" / "gpt2.npz") as rows:
        logits, history = rows["vec0"][None], rows["ngram_ctx"].tolist()
        for size in (2, 3):
            found = NoRepeatNgram(size=size)(logits, history)
            np.testing.assert_array_equal(found[0], rows[f"ngram{size}_scores"])
        found = RepetitionPenalty(penalty=1.3, window=256)(logits, history)
        np.testing.assert_allclose(found[0], rows["reppen1.3_scores"], rtol=1e-6)


def greedy_cases(reference: Path) -> dict[str, Any]:
    cases = json.loads((reference / "gpt2" / "public" / "generation.json").read_text("utf-8"))
    return {name: case for name, case in cases.items() if case["args"]["num_beams"] == 1 and len(case["prompt"]) == 1}


def test_greedy_texts_with_penalties_are_those_of_transformers(reference: Path, gpt2: Gpt) -> None:
    compared = 0
    for name, case in greedy_cases(reference).items():
        args = case["args"]
        options = SamplingOptions(
            greedy=True,
            no_repeat_ngram=args.get("no_repeat_ngram_size"),
            repetition_penalty=args.get("repetition_penalty", 1.0),
        )
        tokenizer = ByteTokenizer()
        tokenizer.vocab_size, tokenizer.forbidden_ids, tokenizer.end_id = 260, (), args.get("eos_token_id")
        (prompt,), count = case["prompt"], args["max_new_tokens"]
        batch = Batch(gpt2, tokenizer, prompt, options=options, seeds=[0], max_tokens=count, top_logprobs=0)
        steps = list(batch.steps())
        assert [*prompt, *(step.id for step in steps)] == case["sequences"][0], name
        if options == SamplingOptions(greedy=True):  # else theirs are those after the penalties
            found = [step.logprob for step in steps]
            np.testing.assert_allclose(np.asarray(found), case["transition_scores"][0], atol=1e-4, err_msg=name)
        compared += 1
    assert compared >= 9


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_a_bias_is_added_to_its_ids_in_every_row(kind: Any) -> None:
    biased = LogitBias(biases=((2, 1.5), (0, -100.0)))(kind([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), [[], []])
    assert biased.tolist() == [[-99.0, 2.0, 4.5], [-100.0, 0.0, 1.5]]


@pytest.mark.parametrize("token_id", [-1, 3])
def test_a_bias_for_an_id_that_the_model_has_not_is_refused(token_id: int) -> None:
    with pytest.raises(SettingsError, match=f"id {token_id}; expected ids from 0 to 2"):
        LogitBias(biases=((token_id, 1.0),))(np.zeros((1, 3), np.float32), [[]])
