from hypothesis import given
from hypothesis import strategies as st

from moxu.writers.scene_places import note_place, starts

prose = st.text(st.sampled_from("甲乙\n"), max_size=120)


def test_a_text_within_reach_is_read_from_its_beginning() -> None:
    assert starts("甲" * 20, reach=20, hop=5)[0] == 0
    assert starts("", reach=20, hop=5) == [0]


def test_a_longer_text_is_read_from_a_paragraph() -> None:
    text = "甲乙丙丁\n" * 10
    assert starts(text, reach=32, hop=4)[0] == 20
    assert all(text[place - 1] == "\n" for place in starts(text, reach=32, hop=5))


def test_where_no_paragraph_begins_a_text_is_read_from_a_multiple_of_the_hop() -> None:
    assert starts("甲" * 50, reach=32, hop=4) == [20, 24, 28, 32, 36, 40, 44, 48]


@given(prose, st.integers(1, 60), st.integers(1, 9), st.integers(-50, 50))
def test_no_more_is_read_than_the_reach_and_two_hops_less_at_the_most(
    text: str, reach: int, hop: int, base: int
) -> None:
    first = starts(text, reach=reach, hop=min(hop, reach), base=base)[0]
    assert len(text) - reach <= first
    assert first == 0 or first < len(text) - reach + 2 * hop


@given(prose, prose, st.integers(0, 40))
def test_the_beginning_moves_only_at_every_hop(text: str, more: str, dropped: int) -> None:
    """Also where the page sends less of the beginning and says how much it left out."""
    whole, reach, hop = "丙" * 60 + text + more, 40, 5
    firsts = [
        dropped + starts(whole[dropped:end], reach=reach, hop=hop, base=dropped)[0]
        for end in range(100, len(whole) + 1)
    ]
    assert firsts == sorted(firsts)
    assert len(set(firsts)) <= len(firsts) // hop + 2
    assert firsts == [starts(whole[:end], reach=reach, hop=hop)[0] for end in range(100, len(whole) + 1)]


def test_a_note_stands_where_the_nearest_paragraph_begins() -> None:
    text = "甲甲甲甲\n乙乙乙乙乙乙乙乙乙乙\n丙丙\n丁丁丁丁"
    assert note_place(text, 0, depth=8) == text.index("丙")
    assert note_place(text, 0, depth=14) == text.index("乙")


def test_a_note_of_depth_0_stands_before_the_paragraph_that_goes_on() -> None:
    assert note_place("甲甲\n乙乙", 0, depth=0) == 3
    assert note_place("甲甲\n乙乙\n", 0, depth=0) == 6


def test_a_note_stands_before_all_that_is_read_where_that_is_less_than_its_depth() -> None:
    assert note_place("甲甲\n乙乙\n丙丙", 3, depth=400) == 3
    assert note_place("甲" * 900, 100, depth=400) == 100


@given(prose, st.integers(0, 60))
def test_a_note_stands_at_a_paragraph(text: str, depth: int) -> None:
    place = note_place(text, 0, depth=depth)
    assert place == 0 or text[place - 1] == "\n"


@given(prose, prose, st.integers(2, 40))
def test_a_note_moves_only_at_every_hop(text: str, more: str, depth: int) -> None:
    whole = text + "丙" * 40 + "\n" + more
    places = [note_place(whole[:end], 0, depth=depth) for end in range(len(text) + 40, len(whole) + 1)]
    assert places == sorted(places)
    assert len(set(places)) <= len(places) // max(1, depth // 2) + 2
