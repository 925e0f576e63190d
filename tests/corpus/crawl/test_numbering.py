import pytest

from moxu.corpus.crawl.numbering import Numbers, bracketed_part, numbers_in, part_in, volume_in


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("第十二章 雾", Numbers(None, 12, True)),
        ("第１２章 雾", Numbers(None, 12, True)),
        ("第0012章", Numbers(None, 12, True)),
        ("正文 第 12 回 雾", Numbers(None, 12, True)),
        ("【第一百零八节】雾", Numbers(None, 108, True)),
        ("12章 雾", Numbers(None, 12, True)),
        ("第三卷 江 第五章 雾", Numbers(3, 5, True)),
        ("卷二 第一二三章", Numbers(2, 123, True)),
        ("Chapter 4: Fog", Numbers(None, 4, True)),
        ("第三卷 江", Numbers(3, None, False)),
        ("012 雾", Numbers(None, 12, False)),
        ("12、雾", Numbers(None, 12, False)),
        ("十二 雾", Numbers(None, 12, False)),
        ("（十二）雾", Numbers(None, 12, False)),
        ("12雾里看花", Numbers(None, 12, False)),
        ("楔子", Numbers()),
        ("请假条", Numbers()),
        ("第99999999章", Numbers()),
        ("", Numbers()),
    ],
)
def test_the_numbers_of_a_name_are_read_in_whatever_way_they_are_written(name: str, expected: Numbers) -> None:
    assert numbers_in(name) == expected


@pytest.mark.parametrize(
    ("title", "bare", "number", "of"),
    [
        ("第三章 雾（2/3）", "第三章 雾", 2, 3),
        ("第三章 雾(第2/3页)", "第三章 雾", 2, 3),
        ("第三章 雾 第2页", "第三章 雾", 2, 0),
        ("第三章 雾_第二页", "第三章 雾", 2, 0),
        ("第三章 雾（第2页/共3页）", "第三章 雾", 2, 3),
    ],
)
def test_a_title_tells_which_part_of_its_chapter_a_page_is(title: str, bare: str, number: int, of: int) -> None:
    part = part_in(title)
    assert part is not None
    assert (part.title, part.number, part.of) == (bare, number, of)


@pytest.mark.parametrize("title", ["第三章 雾", "第三章 雾（2）", "第三章 3/2", "第三页的字", "第三章 雾（上）"])
def test_a_title_that_may_be_the_whole_name_tells_no_part(title: str) -> None:
    assert part_in(title) is None


def test_a_number_in_brackets_is_a_part_only_perhaps() -> None:
    part = bracketed_part("第三章 雾（2）")
    assert part is not None
    assert (part.title, part.number) == ("第三章 雾", 2)


def test_a_heading_between_links_names_a_volume_or_nothing() -> None:
    assert [volume_in(text) for text in ("第二卷　雪", "番外", "《长夜行》最新章节", "卷一")] == [
        "第二卷 雪",
        "番外",
        "",
        "卷一",
    ]
