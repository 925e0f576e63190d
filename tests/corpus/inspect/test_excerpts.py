from collections import Counter

from moxu.corpus.inspect.excerpts import LONGEST, Excerpts

CHAPTERS = [(f"{work}", number) for work in range(20) for number in range(1, 6)]


def draw(chapters: list[tuple[str, int]], count: int = 5, seed: int = 1) -> Excerpts:
    excerpts = Excerpts(count, seed)
    for work, number in chapters:
        excerpts.offer(work, f"书{work}", number, "题", [f"第{work}部书的第{number}章。"] * 4)
    return excerpts


def test_the_same_seed_draws_the_same_in_any_order() -> None:
    assert draw(CHAPTERS).drawn() == draw(CHAPTERS[::-1]).drawn()
    assert len(draw(CHAPTERS).drawn()) == 5


def test_another_seed_draws_others() -> None:
    assert draw(CHAPTERS, seed=2).drawn() != draw(CHAPTERS).drawn()


def test_nothing_is_kept_that_was_not_asked_for() -> None:
    assert draw(CHAPTERS, count=0).drawn() == ()


def test_long_chapters_are_drawn_more_often() -> None:
    drawn: Counter[str] = Counter()
    for seed in range(300):
        excerpts = Excerpts(1, seed)
        excerpts.offer("long", "long", 1, "", ["雪" * 900])
        excerpts.offer("short", "short", 1, "", ["雨" * 100])
        drawn[excerpts.drawn()[0].work] += 1
    assert 240 < drawn["long"] < 295


def test_an_excerpt_is_short_however_long_its_paragraph_is() -> None:
    excerpts = Excerpts(1, 1)
    excerpts.offer("a", "a", 1, "", ["长" * 100_000, "短。"])
    (excerpt,) = excerpts.drawn()
    assert LONGEST <= len(excerpt.text) <= LONGEST + 2


def test_chapters_without_text_are_not_drawn() -> None:
    excerpts = Excerpts(3, 1)
    excerpts.offer("a", "a", 1, "卷一", [])
    excerpts.offer("a", "a", 2, "卷二", [""])
    assert excerpts.drawn() == ()


def test_works_that_cannot_be_told_apart_are_drawn_without_complaint() -> None:
    assert len(draw([("1", 1)] * 4, count=3).drawn()) == 3
