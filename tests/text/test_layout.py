from hypothesis import given
from hypothesis import strategies as st

from moxu.text.layout import StreamingDedent, StreamingIndent, dedent, indent
from moxu.text.prepare import opening

page = st.text(st.sampled_from("甲乙“a \t\u3000\n"))


def test_every_paragraph_begins_with_two_ideographic_spaces_and_an_empty_line_with_none() -> None:
    assert indent("\n甲\n\n乙\n") == "\n　　甲\n\n　　乙\n"


def test_an_indent_that_is_there_already_is_not_doubled() -> None:
    assert indent("　　甲\n \t乙\n　\n") == "　　甲\n　　乙\n\n"


def test_a_paragraph_that_is_being_continued_is_not_indented() -> None:
    layout = StreamingIndent(at_line_start=False)
    assert [layout.push(piece) for piece in ("　星", "\n", "", "亮", "了")] == ["　星", "\n", "", "　　亮", "了"]


def test_spaces_within_a_line_stay() -> None:
    assert dedent("　　甲　乙 \n\t丙") == "甲　乙 \n丙"


@given(st.text() | page)
def test_dedent_undoes_indent_of_a_prepared_text(text: str) -> None:
    prepared = opening(text)
    assert dedent(indent(prepared)) == prepared


@given(page)
def test_indenting_again_changes_nothing(text: str) -> None:
    assert indent(indent(text)) == indent(text)
    assert dedent(indent(text)) == dedent(text)


@given(st.lists(page))
def test_pieces_indented_as_they_arrive_make_the_same_page_as_the_whole(pieces: list[str]) -> None:
    layout = StreamingIndent()
    assert "".join(map(layout.push, pieces)) == indent("".join(pieces))


@given(st.lists(page))
def test_pieces_dedented_as_they_arrive_make_the_same_page_as_the_whole(pieces: list[str]) -> None:
    layout = StreamingDedent()
    assert "".join(map(layout.push, pieces)) == dedent("".join(pieces))


def test_spaces_that_go_on_within_a_line_are_no_indent() -> None:
    layout = StreamingDedent(at_line_start=False)
    shown = [layout.push(piece) for piece in ("　星", "\n　", "　亮", "　\n", "\n", "了")]
    assert shown == ["　星", "\n", "亮", "　\n", "\n", "了"]
