"""Training data: what a step reads depends on the step alone, and each epoch reads what its weights say."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from moxu.corpus.pack.packed import PackedText
from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.errors import SettingsError, TextError
from moxu.text.chars import CharTokenizer
from moxu.train.data import TrainingData, validation_batches

LENGTH = 16


@pytest.fixture
def packed(packed_folder: Path) -> PackedText:
    return PackedText(packed_folder)


def sequences_by_group(data: TrainingData, packed: PackedText, epoch: int) -> Counter[str]:
    """Count the sequences of one epoch by the group of the work they begin in."""
    starts = data._shuffled_starts(epoch)
    train = packed.of_split("train")
    return Counter(next(d.group for d in train if d.start <= s < d.start + d.length) for s in starts)


def test_batch_depends_on_the_step_alone(packed: PackedText) -> None:
    one, other = (TrainingData(packed, LENGTH, {}, seed=3) for _ in range(2))
    forwards = [one.batch(step, 4) for step in range(40)]
    backwards = [other.batch(step, 4) for step in reversed(range(40))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    assert forwards[0].shape == (4, LENGTH + 1)


def test_seed_and_epoch_change_the_order(packed: PackedText) -> None:
    data = TrainingData(packed, LENGTH, {}, seed=3)
    later = data.sequences_per_epoch
    assert not torch.equal(data.batch(0, later), data.batch(1, later))
    assert not torch.equal(data.batch(0, later), TrainingData(packed, LENGTH, {}, seed=4).batch(0, later))


def test_sequences_are_text_as_it_stands_in_the_works(packed: PackedText) -> None:
    whole = packed.ids.tolist()
    text = ",".join(map(str, whole))
    for row in TrainingData(packed, LENGTH, {}, seed=3).batch(0, 20).tolist():
        assert ",".join(map(str, row)) in text


def test_no_sequence_begins_in_a_validation_work(packed: PackedText) -> None:
    (held_out,) = packed.of_split("validation")
    for epoch in range(5):
        starts = TrainingData(packed, LENGTH, {}, seed=3)._shuffled_starts(epoch)
        assert not np.any((starts + LENGTH >= held_out.start) & (starts < held_out.start + held_out.length))


def test_no_sequence_goes_on_into_a_held_out_work_between_others(tmp_path: Path) -> None:
    splits = ["train", "validation", "train", "train", "test", "train", "validation", "train"]
    sizes = [40, 30, 6, 25, 30, 4, 5, 60]  # the sixth is shorter than a sequence and stands alone
    works = [Text(f"{n}", "雾" * size, split) for n, (size, split) in enumerate(zip(sizes, splits, strict=True))]
    pack(works, CharTokenizer("\n雾"), tmp_path / "packed")
    packed = PackedText(tmp_path / "packed")
    trained = np.zeros(len(packed.ids), dtype=np.bool_)
    for document in packed.of_split("train"):
        trained[document.start : document.end] = True
    data = TrainingData(packed, LENGTH, {}, seed=3)
    for epoch in range(20):
        for start in data._shuffled_starts(epoch):
            assert trained[start : start + LENGTH + 1].all()


def test_weights_say_how_often_a_group_is_read(packed: PackedText) -> None:
    plain = TrainingData(packed, LENGTH, {}, seed=3)
    weighted = TrainingData(packed, LENGTH, {"new": 3.0, "old": 0.5}, seed=3)
    before, after = sequences_by_group(plain, packed, 0), sequences_by_group(weighted, packed, 0)
    assert after["new"] == pytest.approx(3 * before["new"], abs=1)
    assert after["old"] == pytest.approx(0.5 * before["old"], abs=1)
    assert sum(after.values()) == weighted.sequences_per_epoch


def test_weight_of_a_group_that_is_not_there_names_the_nearest(packed: PackedText) -> None:
    with pytest.raises(SettingsError, match=r"data\.weights names 'neww'; did you mean 'new'"):
        TrainingData(packed, LENGTH, {"neww": 1.0}, seed=3)


def test_text_shorter_than_a_sequence_is_refused(packed: PackedText) -> None:
    with pytest.raises(TextError, match="shorter than one training sequence of 5000 ids"):
        TrainingData(packed, 5000, {}, seed=3)


def test_validation_is_the_same_each_time_and_counts_its_characters(packed: PackedText) -> None:
    first, second = (validation_batches(packed, LENGTH, 4, at_once=3) for _ in range(2))
    assert [batch[0].shape[0] for batch in first] == [3, 1]
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, second, strict=True))
    ids, characters = first[0]
    assert characters == sum(len(packed.tokenizer.decode(row[1:].tolist())) for row in ids)
