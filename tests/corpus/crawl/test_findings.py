import dataclasses
import random

from moxu.corpus.crawl.findings import Fetched, fetched, judge
from novel_pages import chinese, story


def book(last: int = 30, first: int = 1) -> list[Fetched]:
    return [fetched(n, f"第{chinese(n)}章 雾", story(n)) for n in range(first, last + 1)]


def told(chapters: list[Fetched]) -> list[tuple[str, int]]:
    return [(one.kind, one.number) for one in judge(chapters)]


def test_nothing_is_wrong_with_a_whole_book() -> None:
    assert judge(book()) == ()
    assert judge([]) == ()


def test_what_failed_or_is_empty_is_named_in_the_order_of_the_book() -> None:
    chapters = book()
    chapters[6] = Fetched(7, "第七章 雾", error="answered 404")
    chapters[2] = fetched(3, "第三章 雾", [])
    random.Random(1).shuffle(chapters)
    assert [str(one) for one in judge(chapters)] == ["3 第三章 雾: has no text", "7 第七章 雾: answered 404"]


def test_a_chapter_far_shorter_than_its_neighbours_is_named_with_figures() -> None:
    chapters = book()
    chapters[9] = fetched(10, "第十章 雾", ["正在手打中，请稍后刷新。"])
    (finding,) = judge(chapters)
    assert (finding.kind, finding.number) == ("short", 10)
    assert finding.detail.startswith("has 12 characters, and its neighbours some 8")


def test_chapters_that_are_all_short_are_not_too_short() -> None:
    assert judge([fetched(n, f"第{n}章", [f"第{n}首", "雾从江上起来。"][: 1 + n % 2]) for n in range(1, 20)]) == ()


def test_a_chapter_that_repeats_another_is_named_with_it() -> None:
    chapters = book()
    chapters[19] = fetched(20, "第二十章 雾", [f"{line} " for line in story(5)])
    chapters[24] = fetched(25, "第二十五章 雾", ["记住网址：雾江书屋，更新最快。", *story(8)[1:]])
    assert [str(one) for one in judge(chapters)] == [
        "20 第二十章 雾: repeats 5 第五章 雾",
        "25 第二十五章 雾: repeats 8 第八章 雾",
    ]


def test_adverts_that_all_chapters_have_make_no_repetition() -> None:
    adverts = [f"第{n}条广告：记住网址，雾江书屋，更新最快。" for n in range(12)]
    assert judge([fetched(n, f"第{n}章", [*adverts, *story(n)]) for n in range(1, 40)]) == ()


def test_numbers_that_are_left_out_are_named() -> None:
    assert [one.detail for one in judge([*book(9), *book(30, 12)])] == [
        "by their numbers, before this chapter there should be 10, 11"
    ]
    (finding,) = judge([*book(9), *book(90, 60)])
    assert (finding.number, finding.name) == (60, "第六十章 雾")
    assert finding.detail.endswith("there should be 10 to 59 (50 chapters)")
    assert told(book(30, 4)) == [("gap", 4)]


def test_slips_notes_and_volumes_are_no_gaps() -> None:
    slip = book()
    slip[9] = dataclasses.replace(slip[9], name="第一千章 应是第十")
    assert told(slip) == []
    notes = book()
    notes[9] = dataclasses.replace(notes[9], name="请假条")
    assert told(notes) == [("gap", 11)]  # for a number is missing
    volumes = [*book(9), *(dataclasses.replace(one, number=one.number - 11) for one in book(30, 21))]
    volumes[9:] = [dataclasses.replace(one, name=f"第{n}章 雪") for n, one in enumerate(volumes[9:], 1)]
    assert told(volumes) == []
    turned = book()
    turned[4], turned[5] = (dataclasses.replace(turned[n], name=turned[9 - n].name) for n in (4, 5))
    assert told(turned) == []
