import pytest

from moxu.corpus.read.title_page import plain_head

TEXT = ["第一回 雾", "他沿着江走了很久。"]


@pytest.mark.parametrize(
    ("head", "title", "author"),
    [
        (["长夜行"], "长夜行", ""),
        (["", "　长夜行　", ""], "长夜行", ""),
        (["旧书一部"], "旧书一部", ""),
        (["旧书", "作者：某人"], "旧书", "某人"),
        (["旧书", "作者：清。某人 着"], "旧书", "某人"),
        (["旧书", "作者：清。不署撰人"], "旧书", ""),
        (["旧书", "明·某人"], "旧书", "某人"),
        (["旧书", "清 某人 著"], "旧书", "某人"),
        (["旧书", "[明] 某人撰"], "旧书", "某人"),
        (["旧书", "又名《江上》清 某人著"], "旧书", "某人"),
        (["旧书", "某人 著"], "旧书", "某人"),
        (["旧书又名 作者：某人"], "旧书又名", "某人"),
        (["长夜行 清：某人"], "长夜行", "某人"),
        (["长夜行某人着"], "长夜行", "某人"),
        (["《长夜行》不题撰人"], "长夜行", ""),
    ],
)
def test_titles_and_authors_at_the_head_are_told(head: list[str], title: str, author: str) -> None:
    assert plain_head([*head, *TEXT], "长夜行(小说)") == (title, author, [*([""] if head[-1] == "" else []), *TEXT])


@pytest.mark.parametrize(
    "lines",
    [
        ["序", *TEXT],
        ["旧书简介", *TEXT],
        ["雾起了。", *TEXT],
        ["旧书", "雾起了。"],
        ["长夜行是一部旧书", "雾起了。"],
        ["《旧书》和《新书》", *TEXT],
        ["长夜行"],
        ["", ""],
        TEXT,
        ["长" * 100_000, *TEXT],
    ],
)
def test_other_lines_are_left_in_the_text(lines: list[str]) -> None:
    assert plain_head(lines, "长夜行.x") == ("", "", lines)


def test_a_text_is_not_left_empty() -> None:
    assert plain_head(["长夜行", "作者：某人"], "长夜行") == ("长夜行", "", ["作者：某人"])


def test_a_file_without_a_name_tells_no_title() -> None:
    assert plain_head(["旧书", "雾起了。"], "") == ("", "", ["旧书", "雾起了。"])
