import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.chapters.run_in import cut_apart

FILLER = "他沿着江走了很久，雾里只听得见水声，什么也看不见。" * 20
NUMBERS = "一二三四五"
pieces = st.lists(st.sampled_from(["第一回", "第二回", "卷三", "话说", "。", "江", "　", FILLER]), max_size=20)


def titles(*lines: str) -> list[str]:
    cut, starts = cut_apart(lines)
    return [cut[start] for start in starts]


@given(lines=st.lists(pieces.map("".join), max_size=20))
def test_no_character_is_lost(lines: list[str]) -> None:
    cut, starts = cut_apart(lines)
    assert "".join("".join(cut).split()) == "".join("".join(lines).split())
    assert starts == sorted(set(starts))


def test_a_title_is_its_number_where_its_end_cannot_be_told() -> None:
    cut, starts = cut_apart([f"第{number}回雾起渡口灯灭江上{FILLER}" for number in NUMBERS])
    assert [cut[start] for start in starts] == [f"第{number}回" for number in NUMBERS]
    assert cut[1] == f"雾起渡口灯灭江上{FILLER}"


@pytest.mark.parametrize("opening", ["诗曰：", "话说", "词云："])
def test_a_title_ends_where_the_words_that_open_a_text_begin(opening: str) -> None:
    cut, starts = cut_apart([f"卷{number}雾起渡口 灯灭江上{opening}{FILLER}" for number in NUMBERS])
    assert [cut[start] for start in starts] == [f"卷{number}雾起渡口 灯灭江上" for number in NUMBERS]
    assert cut[1].startswith(opening)
    assert titles(*(f"卷{number}雾起，渡口{opening}{FILLER}" for number in NUMBERS))[0] == "卷一"


def test_titles_are_found_behind_the_ends_of_sentences() -> None:
    assert titles("".join(f"第{number}卷{FILLER}" for number in NUMBERS)) == [f"第{number}卷" for number in NUMBERS]


def test_a_title_that_ends_its_line_is_whole() -> None:
    lines = [f"{FILLER}第{number}卷 望江楼 雾起渡口 灯灭江上" for number in NUMBERS]
    assert titles(*lines) == [f"第{number}卷 望江楼 雾起渡口 灯灭江上" for number in NUMBERS]


def test_the_first_number_may_follow_a_signature() -> None:
    lines = [f"卷一的事。{FILLER}", f"某人题于江楼卷一雾起诗曰：{FILLER}"]
    lines += [f"{FILLER}卷{number}灯灭诗曰：{FILLER}" for number in NUMBERS[1:]]
    assert titles(*lines) == ["卷一", *(f"卷{number}灯灭" for number in NUMBERS[1:])]
    assert titles(lines[1], *lines[2:])[0] == "卷一雾起"


@pytest.mark.parametrize(
    "lines",
    [
        [f"第{number}回{FILLER}" for number in "一二三四"],
        [f"第{number}回{FILLER}" for number in "三四五六七"],
        [f"第{number}回{FILLER}" for number in "一二三四五七七七九九"],
        [f"他读到第{number}回{FILLER}" for number in NUMBERS],
        ["目录。" + "".join(f"第{number}回雾。" for number in NUMBERS) + FILLER],
    ],
)
def test_numbers_that_do_not_count_chapters_are_no_titles(lines: list[str]) -> None:
    assert cut_apart(lines) == (lines, [])


def test_a_line_of_many_numbers_takes_no_more_time_than_its_length() -> None:
    assert titles("第一回" * 200_000) == []
    assert titles("　" * 200_000 + "第一回") == []
