import pytest

from moxu.corpus.chapters.unmarked import unmarked_titles

FILLER = "他沿着江走了很久，雾里只听得见水声，什么也看不见。" * 20
NAMES = ["雾", "江上的灯", "论“渡口”的等待", "《旧书》小引", "望江楼记 附信", "船夫（续）"]


def stories(*names: str, between: tuple[str, ...] = ()) -> list[str]:
    return [line for name in names for line in (name, FILLER, *between, FILLER)]


def titles(lines: list[str], *taken: int) -> list[str]:
    return [lines[number] for number in unmarked_titles(lines, taken)]


def test_short_lines_between_texts_are_titles() -> None:
    assert titles(stories(*NAMES)) == NAMES
    assert titles(["序", FILLER, *stories(*NAMES)], 0) == NAMES


def test_blank_lines_and_indents_make_no_difference() -> None:
    lines = [part for line in stories(*NAMES) for part in (f"　　{line}", "")]
    assert [title.strip("　") for title in titles(lines)] == NAMES


@pytest.mark.parametrize(
    "between",
    [
        ("一九二五年二月九日",),
        ("某人题于江楼",),
        ("原载《江上月刊》第三期",),
        ("右调《望江南》",),
        ("（十月十日）",),
        ("诗曰：", "雾起江头夜未央，", "灯前独坐听潮长。"),
        ("江上渔灯一点明", "渡头人语夜三更"),
        ("渡船", "灯笼 两盏", "旧伞", "棉衣"),
        ("甲 乙 丙 丁",),
        ("他说：", "“过河么”", "她说："),
        ("——江上某人",),
        ("* * *",),
        ("那一天的雾没有散去而他",),
    ],
)
def test_signatures_verse_and_lists_are_no_titles(between: tuple[str, ...]) -> None:
    before = FILLER[:-1] + "，" if between[0].startswith("那") else FILLER
    lines = [line for name in NAMES for line in (name, FILLER, before, *between, FILLER)]
    assert titles(lines) == NAMES


def test_a_date_may_stand_between_a_text_and_the_next_title() -> None:
    lines = [line for name in NAMES for line in (name, FILLER, FILLER, "一九二五年二月九日", "某人记于渡口")]
    assert titles(lines) == NAMES


def test_the_title_of_a_part_may_stand_above_another_title() -> None:
    lines = stories("旧信", *NAMES)
    del lines[1:3]
    assert titles(lines) == ["旧信", *NAMES]


def test_the_items_of_a_list_with_texts_are_no_titles() -> None:
    items = [
        line
        for item in ("买米法", "买盐法", "救荒法", "渡江法")
        for line in (item, "先到江边，再回家去，一共走了三里路。")
    ]
    long = [line for name in NAMES for line in (name, *[FILLER] * 10)]
    assert titles([*long, *items, FILLER * 10]) == NAMES


@pytest.mark.parametrize(
    "lines",
    [
        stories(*NAMES[:3]),
        [FILLER, *stories(*NAMES)],
        ["短篇", *[part for name in NAMES for part in (name, "雾起了。")], FILLER],
        [*stories(*NAMES), *[FILLER] * 20],
        [],
        ["", "　"],
    ],
)
def test_a_text_without_a_title_at_its_head_or_with_few_or_uneven_ones_has_none(lines: list[str]) -> None:
    assert titles(lines) == []


def test_the_lines_of_a_poem_have_no_titles_among_them() -> None:
    verse = ["你问我，", "那一盏灯", "灭在哪里，"]
    lines = [line for name in NAMES for line in (name, FILLER, "（唱）。", *verse, FILLER)]
    assert titles(lines) == NAMES
