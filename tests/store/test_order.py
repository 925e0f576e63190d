"""The order of rows, some of them deleted."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from moxu.store.order import in_order, place


@dataclass
class Card:
    id: int
    position: int
    deleted: datetime | None = None


def numbers(cards: list[Card]) -> list[int]:
    return [card.id for card in in_order(cards)]


def test_a_row_without_an_index_comes_last() -> None:
    cards = [Card(number, 0) for number in (1, 2, 3)]
    place(cards[0], cards, None)
    assert numbers(cards) == [2, 3, 1]


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.data())
def test_so_many_rows_that_are_not_deleted_come_before_as_was_said(deleted: list[bool], data: st.DataObject) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    cards = [Card(number, number, moment if gone else None) for number, gone in enumerate(deleted)]
    moved = data.draw(st.sampled_from(cards))
    index = data.draw(st.integers(-2, 10))
    others = [card.id for card in cards if card is not moved]
    place(moved, cards, index)
    assert [number for number in numbers(cards) if number != moved.id] == others  # nobody else changed places
    assert sorted(card.position for card in cards) == list(range(len(cards)))
    live = [card for card in in_order(cards) if card.deleted is None or card is moved]
    assert live.index(moved) == min(max(index, 0), len(live) - 1)
