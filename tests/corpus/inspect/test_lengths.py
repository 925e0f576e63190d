import numpy as np
import pytest

from moxu.corpus.inspect.lengths import Lengths


def lengths_of(*values: int) -> Lengths:
    lengths = Lengths()
    lengths.add(values)
    return lengths


def test_short_lengths_are_told_exactly() -> None:
    facts = lengths_of(*range(1, 101)).facts()
    assert (facts.count, facts.mean, facts.shortest, facts.longest) == (100, 50.5, 1, 100)
    assert (facts.tenth, facts.median, facts.nine_tenths) == (10, 50, 90)


@pytest.mark.parametrize("length", [255, 256, 257, 1000, 123_456, 9_876_543, 2**40 + 12345])
def test_long_lengths_are_told_to_within_one_in_128(length: int) -> None:
    assert abs(lengths_of(length, length, length).facts().median - length) <= length / 128


def test_no_lengths_are_no_bars() -> None:
    facts = Lengths().facts()
    assert (facts.count, facts.median, facts.longest, facts.bars) == (0, 0, 0, ())


def test_bars_hold_every_length_between_their_ends() -> None:
    values = np.random.default_rng(3).integers(0, 50_000, 2000)
    bars = lengths_of(*values.tolist()).facts().bars
    assert sum(bar.count for bar in bars) == 2000
    assert [bar.high for bar in bars[:-1]] == [bar.low for bar in bars[1:]]
    assert bars[0].low <= values.min()
    assert bars[-1].high > values.max()
    for bar in bars[:20]:  # where the bins are exact
        if bar.high <= 256:
            assert bar.count == ((values >= bar.low) & (values < bar.high)).sum()


def test_lengths_that_come_apart_count_as_those_that_come_together() -> None:
    apart = Lengths()
    for value in (0, 7, 7, 3000):
        apart.add([value])
    apart.add([])
    assert apart.facts() == lengths_of(0, 7, 7, 3000).facts()
