import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.chapters import paragraphs
from moxu.corpus.chapters.paragraphs import clean_paragraphs, lines_of, wrapped_at
from moxu.errors import TextError

PROSE = "雾从江上起来的时候他还在渡口等船他等了很久船没有来天却慢慢地黑了下来灯一盏一盏地亮了远处有人在唱歌" * 6


def wrapped(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)]


def test_lines_end_in_every_way_and_are_counted_before_they_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines_of("甲\r\n乙\u2028丙\x85丁", "x") == ["甲", "乙", "丙", "丁"]
    monkeypatch.setattr(paragraphs, "MOST_LINES", 3)
    with pytest.raises(TextError, match="x: has more than 3 lines"):
        lines_of("\n\r\v\f", "x")


def test_indents_and_blank_lines_go_and_nothing_else() -> None:
    assert clean_paragraphs(["　　甲 乙  丙 ", "", "\t丁", " 　\u200b"]) == ("甲 乙  丙", "丁")


@pytest.mark.parametrize("indent", ["", "　　"])
def test_lines_that_were_cut_at_a_width_are_joined(indent: str) -> None:
    wanted = [PROSE + "。", PROSE[:70] + "。", PROSE[3:200] + "。"]
    lines = [line for one in wanted for line in [*wrapped(indent + one, 36), ""]]
    width = wrapped_at(lines)
    assert width == 72
    assert clean_paragraphs(lines, width) == tuple(wanted)


def test_words_of_latin_letters_stay_apart() -> None:
    words = re.findall("[a-z]+", "the ferry came out of the fog and nobody said a word until it had gone") * 20
    lines, line = list[str](), ""
    for word in words:
        if len(line) + len(word) > 60:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    assert clean_paragraphs([*lines, line], 62) == (" ".join(words),)


def test_verses_of_equal_length_are_not_joined() -> None:
    assert wrapped_at(["雾从江上起来时候，天却慢慢黑了下来，", "远处有人唱一支歌，没有人知道是什么。"] * 20) is None


def test_paragraphs_of_any_length_are_not_joined() -> None:
    assert wrapped_at([PROSE[:length] for length in range(20, 60)]) is None
    assert wrapped_at([PROSE] * 20) is None
    assert wrapped_at(wrapped(PROSE, 36)[:3]) is None


@given(lines=st.lists(st.text(st.sampled_from("雾江a，。 　\t"), max_size=40), max_size=40))
def test_no_character_is_lost(lines: list[str]) -> None:
    joined = "".join(clean_paragraphs(lines, wrapped_at(lines)))
    assert "".join(joined.split()) == "".join("".join(lines).split())
