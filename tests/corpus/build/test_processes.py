"""Units prepared in processes: the results in their order, errors as what they are, and only so much under way."""

from collections.abc import Iterator

import pytest

from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.pieces import Piece, Unit
from moxu.corpus.build.prepare import prepare
from moxu.corpus.build.processes import AHEAD, prepare_units
from novels import novel


def unit(number: int) -> Unit:
    return Unit((Piece("book", f"{number}.txt", novel(number).encode()),))


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_units_and_these_only_as_they_are_needed(workers: int) -> None:
    taken: list[int] = []

    def units() -> Iterator[Unit]:
        for number in range(20):
            taken.append(number)
            yield unit(number)

    results = prepare_units(units(), PrepareOptions(), workers)
    assert next(results) == prepare(unit(0), PrepareOptions())
    assert len(taken) <= workers * (1 + AHEAD) + 1
    assert list(results) == [prepare(unit(number), PrepareOptions()) for number in range(1, 20)]


def test_no_units_have_no_results() -> None:
    assert list(prepare_units([], PrepareOptions(), 2)) == []
