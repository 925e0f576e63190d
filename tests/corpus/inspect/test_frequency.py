import numpy as np

from moxu.corpus.inspect.characters import Example
from moxu.corpus.inspect.frequency import character_facts
from moxu.corpus.inspect.kinds import CODES, Kind


def counts_of(**counts: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    table = np.zeros(CODES, np.int64)
    for character, count in counts.items():
        table[ord(character)] = count
    return table


def test_coverage_is_the_number_of_characters_that_are_needed() -> None:
    facts = character_facts(counts_of(山=900, 水=90, 云=9, 雾=1), np.zeros(len(Kind), np.int64), {})
    assert {one.part: one.characters for one in facts.coverage} == {0.9: 1, 0.99: 2, 0.999: 3, 0.9999: 4, 1.0: 4}
    assert [one.character for one in facts.frequent] == list("山水云雾")
    assert facts.ranks == ((1, 900), (2, 90), (3, 9), (4, 1))
    assert [round(part, 6) for _, part in facts.missed] == [0.1, 0.01, 0.001, 0]


def test_odd_rare_and_lost_characters_are_told_apart_with_their_examples() -> None:
    counts = counts_of(山=5)
    counts[[ord("★"), ord("㐀"), ord("□"), ord("，"), ord("\n")]] = 3, 2, 1, 4, 100
    facts = character_facts(counts, np.zeros(len(Kind), np.int64), {ord("★"): Example("见", "了", "一")})
    assert [(one.character, one.code, one.name, one.before, one.work) for one in facts.odd] == [
        ("★", "U+2605", "BLACK STAR", "见", "一")
    ]
    assert [[one.character for one in kind] for kind in (facts.rare, facts.lost, facts.punctuation)] == [
        ["㐀"],
        ["□"],
        ["，"],
    ]
    assert facts.different == 5  # a line end is no character


def test_no_characters_cover_nothing() -> None:
    facts = character_facts(counts_of(), np.zeros(len(Kind), np.int64), {})
    assert (facts.different, facts.ranks, {one.characters for one in facts.coverage}) == (0, (), {0})
