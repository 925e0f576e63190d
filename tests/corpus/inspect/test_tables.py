from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from moxu.corpus.inspect import tables
from moxu.corpus.inspect.facts import Facts, Unread
from moxu.corpus.inspect.tables import Part, Table, findings, number

MakeFacts = Callable[..., Facts]


def all_tables(facts: Facts) -> Iterator[Table]:
    yield from tables.share_tables(facts)
    for make in (
        *(tables.overview, tables.lengths, tables.coverage, tables.kinds, tables.punctuation, tables.odd, tables.rare),
        *(tables.lost, tables.scripts, tables.longest, tables.shortest, tables.untitled, tables.numbering),
        *(tables.copies, tables.repeated_lines, tables.unread),
    ):
        yield make(facts)


def test_every_row_has_a_cell_for_every_column(facts: MakeFacts) -> None:
    for found in (facts(), facts([])):
        for table in all_tables(found):
            assert {len(row) for row in table.rows} <= {len(table.columns)}, table.title


def test_every_fault_of_the_small_corpus_is_worth_a_look(facts: MakeFacts) -> None:
    found = replace(facts(), unread=(Unread("a.pdf", "is a PDF"),))
    told = "\n".join(finding.text for finding in findings(found))
    for fault in (
        *("1 file could not be read", "3 missing chapters, by the numbers, in 1 work", "1 chapter without a title"),
        *(
            "2 repeated chapters",
            "4 lost characters in 2 works",
            "8 odd characters",
            "4 unclosed quotations",
        ),
    ):
        assert fault in told


def test_nothing_is_worth_a_look_in_nothing(facts: MakeFacts) -> None:
    assert findings(facts([])) == ()


def test_gaps_are_told_by_their_numbers(facts: MakeFacts) -> None:
    (row,) = tables.numbering(facts()).rows
    assert row == ("雪夜", 3, 2, "1 is missing; 2–3 are missing")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (1234567, "1,234,567"),
        (0.12345, "0.123"),
        (Part(0.4014), "40.1%"),
        (Part(0.000123), "0.012%"),
        (Part(0), "0.0%"),
    ],
)
def test_numbers_are_told_shortly(cell: int | float | Part, told: str) -> None:
    assert number(cell) == told
