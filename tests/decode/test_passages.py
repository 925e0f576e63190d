import json
from pathlib import Path
from typing import Any

import pytest

from mocks import END, ByteTokenizer, MarkedTokenizer, PassageModel
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.decode.passages import Passages
from moxu.decode.rows import Step
from moxu.decode.steps import Batch
from moxu.errors import SettingsError
from moxu.language_model import LanguageModel, Passage

PROMPT = [10, 11, 12, 13, 14, 15, 16, 17]
PASSAGES = Passages(source=6, target=5, marks=(257, 258))


def batch_of(model: PassageModel, seeds: list[int], **more: Any) -> Batch:
    options = SamplingOptions(occurrence_penalty=0.5)
    return Batch(model, MarkedTokenizer(), PROMPT, **{"options": options, "max_tokens": 60, "seeds": seeds, **more})


def written(steps: list[Step], row: int = 0) -> list[Step]:
    return [step for step in steps if step.row == row]


def test_a_source_is_the_end_of_the_text_between_its_marks() -> None:
    assert PASSAGES.beginning([1, 2]) == [257, 1, 2, 258]
    assert PASSAGES.beginning(PROMPT) == [257, *PROMPT[-6:], 258]
    assert PASSAGES.beginning([]) == [257, 258]
    assert list(Passages(0, 5, (257, 258)).visible(PROMPT)) == []


def test_each_source_is_the_end_of_the_text_so_far() -> None:
    model = PassageModel(end=4.0)
    steps = list(batch_of(model, [3]).steps())
    text, sources, passage = list(PROMPT), [PROMPT[-6:]], 0
    for step in steps[:-1]:
        if step.id != END:
            text.append(step.id)
            passage += 1
        if step.id == END or passage == 5:
            sources.append(text[-6:])
            passage = 0
    assert model.sources == sources
    assert len(sources) > 3


def test_passages_end_by_their_end_token_and_by_their_length() -> None:
    lengths, length = set(), 0
    for seed in range(8):
        for step in batch_of(PassageModel(end=3.0), [seed]).steps():
            length += step.id != END
            if step.id == END or length == 5 or step.reason:
                lengths.add(length)
                length = 0
    assert {1, 2, 3, 4, 5} <= lengths
    assert max(lengths) == 5


def test_an_end_token_is_no_part_of_the_text() -> None:
    batch = batch_of(PassageModel(end=4.0), [3])
    row = batch.rows[0]
    ids = [step.id for step in batch.steps()]
    assert END in ids[:-1]
    assert row.history == PROMPT + [token_id for token_id in ids if token_id != END]


@pytest.mark.parametrize("end", [1.0, 4.0])
def test_a_seed_writes_the_same_alone_and_among_others(end: float) -> None:
    together = list(batch_of(PassageModel(end=end), list(range(50, 58))).steps())
    for row, seed in enumerate(range(50, 58)):
        alone = list(batch_of(PassageModel(end=end), [seed]).steps())
        assert [(step.id, step.reason) for step in alone] == [(s.id, s.reason) for s in written(together, row)]


def test_a_passage_ends_by_its_end_token_even_where_a_text_goes_on_past_it() -> None:
    def ids(**more: Any) -> list[int]:
        return [step.id for step in batch_of(PassageModel(end=4.0), [3], **more).steps()]

    assert END in ids()[:-1]
    assert ids(past_end=True) == ids()
    assert not batch_of(PassageModel(), [3], past_end=True).past_end


def test_an_empty_passage_ends_the_text() -> None:
    model = PassageModel(end=60.0)
    (step,) = batch_of(model, [1]).steps()
    assert (step.id, step.reason) == (END, "end")
    assert len(model.sources) == 1


def test_one_passage_may_be_asked_for() -> None:
    reasons = set()
    for seed in range(40):
        model = PassageModel(end=2.5)
        steps = list(batch_of(model, [seed], passages=1).steps())
        last = steps[-1]
        reasons.add(last.reason)
        assert model.sources == [PROMPT[-6:]]
        assert (last.reason == "end") == (last.id == END)
        assert len(steps) <= 5
        assert len(steps) == 5 or last.reason == "end"
    assert reasons == {"end", "length"}


def test_the_sources_of_several_rows_are_those_of_each() -> None:
    def sources_of(seeds: list[int]) -> list[list[int]]:
        model = PassageModel(end=4.0)
        list(batch_of(model, seeds).steps())
        return model.sources[1:]  # the first is shared

    assert sorted(sources_of([3, 4])) == sorted(sources_of([3]) + sources_of([4]))


def test_occurrences_are_counted_within_the_passage() -> None:
    model = PassageModel(source=6, target=50)
    model.table[:] = 0.0
    model.table[:, PROMPT] = 5.0  # of these each is taken once before any comes again
    options = SamplingOptions(greedy=True, occurrence_penalty=0.5)
    ids = [step.id for step in batch_of(model, [1], options=options, max_tokens=16).steps()]
    assert sorted(ids[:8]) == sorted(ids[8:]) == PROMPT


def test_a_vocabulary_without_marks_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"reads its source between two marks.*\(bytes\) has none"):
        Passages.of(Passage(6, 5), ByteTokenizer())


def test_the_misaka_preset_writes_what_misaka_wrote(reference: Path, misaka: LanguageModel) -> None:
    info = json.loads((reference / "misaka_v3" / "public" / "info.json").read_text("utf-8"))
    for case in info["generation"]:
        start, *expected = case["ids"]
        tokenizer = MarkedTokenizer()
        tokenizer.vocab_size, tokenizer.forbidden_ids, tokenizer.end_id = 320, (), info["sep_id"]
        tokenizer.newline_id, tokenizer.source_marks = info["newline_token_id"], (info["cls_id"], info["sep_id"])
        options = sampling_options("misaka", {"top_p": 0.0, "occurrence_penalty": case["repeat_punish"]})
        source = case["src"][1:-1]
        batch = Batch(misaka, tokenizer, source, options=options, seeds=[0], max_tokens=len(expected), passages=1)
        assert [start, *(step.id for step in batch.steps())] == case["ids"]
