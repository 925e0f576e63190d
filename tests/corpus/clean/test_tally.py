import json
from functools import reduce
from operator import add

from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.clean.tally import SAMPLES, WIDTH, Emptied, RuleTally, Sample, Tally, compare

LINES = st.lists(st.tuples(st.text("雾江船a", max_size=6), st.text("雾江船a", max_size=6)), max_size=12)
TALLIES = st.builds(
    lambda lines, name: Tally({name: compare(*map(list, zip(*lines, strict=True)))} if lines else {}),
    LINES,
    st.sampled_from(["sites", "adverts"]),
)


@given(tallies=st.lists(TALLIES, min_size=1, max_size=6), data=st.data())
def test_sum_is_the_same_in_any_order(tallies: list[Tally], data: st.DataObject) -> None:
    again = data.draw(st.permutations(tallies))
    assert reduce(add, tallies).to_json() == reduce(add, again).to_json()


@given(first=TALLIES, second=TALLIES, third=TALLIES)
def test_sum_is_the_same_however_it_is_grouped(first: Tally, second: Tally, third: Tally) -> None:
    assert (first + second) + third == first + (second + third)


def test_json_gives_the_tally_back() -> None:
    tally = Tally({"sites": compare(["走www.a.com"], ["走"])}, (Emptied("雾港", 3, "第三章"),))
    assert Tally.from_json(json.loads(json.dumps(tally.to_json()))) == tally


def test_lines_touched_and_characters_gone_or_replaced_are_counted() -> None:
    tally = compare(["他走了...", "好", "求月票"], ["他走了……", "好", ""])
    assert tally == RuleTally(2, 6, tally.samples)


def test_a_sample_shows_a_long_line_around_what_changed() -> None:
    tally = compare(["雾" * 500 + "www.a.com" + "江" * 500], ["雾" * 500 + "江" * 500])
    assert tally.samples == (Sample("雾" * 20 + "www.a.com" + "江" * 51, "雾" * 20 + "江" * 60),)


def test_no_more_samples_are_kept_than_agreed_and_each_once() -> None:
    tally = compare([f"求月票{number % 30}" for number in range(90)], [""] * 90)
    assert len(set(tally.samples)) == len(tally.samples) == SAMPLES
    assert max(len(part) for sample in tally.samples for part in sample) <= WIDTH
