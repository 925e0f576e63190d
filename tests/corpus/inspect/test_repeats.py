from moxu.corpus.inspect.repeats import Lines, RepeatedLine


def test_lines_are_counted_with_their_works() -> None:
    lines = Lines()
    lines.add(["请收藏本站", "雪停了。", "请收藏本站"], "一")
    lines.add(["请收藏本站", "风起了。"], "二")
    assert lines.most_repeated(9) == (RepeatedLine("请收藏本站", 3, 2, "一"),)


def test_lines_that_are_too_short_or_too_long_are_not_counted() -> None:
    lines = Lines()
    lines.add(["啊", "啊", "长" * 121, "长" * 121, "长" * 120, "长" * 120], "一")
    assert [line.text for line in lines.most_repeated(9)] == ["长" * 120]


def test_a_frequent_line_is_found_among_any_number_of_others() -> None:
    lines = Lines(most=100)
    for work in range(300):
        lines.add([f"第{work}部的第{number}行" for number in range(20)] + ["天才一秒记住"] * 2, f"{work}")
    (found,) = lines.most_repeated(1)
    assert found.text == "天才一秒记住"
    assert 600 - lines.uncounted <= found.count <= 600
    assert lines.uncounted < 150


def test_equally_frequent_lines_come_in_the_order_of_their_texts() -> None:
    lines = Lines()
    lines.add(["乙乙", "甲甲", "乙乙", "甲甲"], "一")
    assert [line.text for line in lines.most_repeated(9)] == sorted(["乙乙", "甲甲"])
