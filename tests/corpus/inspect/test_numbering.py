import pytest

from moxu.corpus.inspect.numbering import number_gaps, numbering_faults


@pytest.mark.parametrize(
    ("titles", "faults"),
    [
        (["第一章", "第二章", "第三章 雪"], []),
        (["第一章", "第二章", "第五章 雪"], [("missing", 2, 5, 2)]),
        (["第三回 起", "第四回 承"], [("missing", 0, 3, 2)]),
        (["第一章", "第一章", "第二章"], [("again", 1, 1, 0)]),
        (["第一章", "第三章", "第二章", "第四章"], [("missing", 1, 3, 1), ("back", 3, 2, 0), ("missing", 2, 4, 1)]),
        (["第一章", "第二章", "第一章", "第二章"], []),  # each volume counts for itself
        (["第一卷", "第一章", "第二章", "第二卷", "第三章"], []),
        (["卷一", "卷一", "卷二"], []),  # a volume of several chapters
        (["序", "", "后记", "无题"], []),
        (["第九章", "第一九九九章"], [("missing", 0, 9, 8)]),  # which is no gap but a year, or an error
    ],
)
def test_numbers_that_do_not_go_on_by_one_are_found(titles: list[str], faults: list[tuple[str, int, int, int]]) -> None:
    found = numbering_faults(titles)
    assert [(one.fault, one.previous, one.number, one.missing) for one in found] == faults


def test_numbers_of_the_source_tell_gaps_where_titles_have_none() -> None:
    (gap,) = number_gaps([1, 1, 2, 5, 1, 2], ["上卷", "雨", "门", "灯", "又", "再"])
    assert (gap.fault, gap.unit, gap.previous, gap.number, gap.title, gap.missing) == ("missing", "", 2, 5, "灯", 2)
