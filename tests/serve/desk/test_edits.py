"""Edits counted in UTF-16 code units, against a model that edits a list of such units."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.serve.desk.edits import Mismatch, apply, check_outcome, utf16_length
from moxu.serve.desk.schema import Edit
from moxu.serve.problems import Problem

TEXTS = st.text(st.sampled_from("雾江a\n😀𠮷"), max_size=20)


def units(text: str) -> list[bytes]:
    content = text.encode("utf-16-le")
    return [content[at : at + 2] for at in range(0, len(content), 2)]


@given(text=TEXTS, data=st.data())
def test_edits_do_what_a_list_of_code_units_does(text: str, data: st.DataObject) -> None:
    expected, edits, end = units(text), [], 0
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(end, len(expected)))
        end = data.draw(st.integers(at, len(expected)))
        edits.append(Edit(at=at, remove=end - at, insert=data.draw(TEXTS)))
    for edit in reversed(edits):
        expected[edit.at : edit.at + edit.remove] = units(edit.insert)
    try:
        outcome = b"".join(expected).decode("utf-16-le")
    except UnicodeDecodeError:
        with pytest.raises(Mismatch, match="half of a character"):
            apply(edits, text)
    else:
        assert apply(edits, text) == outcome
        check_outcome(outcome, len(expected), zlib.crc32(outcome.encode()))


def test_a_character_beyond_the_first_plane_is_two_units() -> None:
    assert utf16_length("雾😀") == 3
    assert apply([Edit(at=1, remove=2, insert="𠮷")], "雾😀起") == "雾𠮷起"
    assert apply([Edit(at=3, insert="了")], "雾😀起") == "雾😀了起"


@pytest.mark.parametrize(("at", "remove"), [(1, 1), (2, 0), (2, 1)])
def test_half_a_character_cannot_be_taken_or_parted(at: int, remove: int) -> None:
    with pytest.raises(Mismatch, match="half of a character"):
        apply([Edit(at=at, remove=remove, insert="了")], "雾😀起")


@pytest.mark.parametrize(("at", "remove"), [(3, 0), (2, 1), (0, 2**31 - 1), (2**31 - 1, 2**31 - 1)])
def test_an_edit_beyond_the_end_was_made_to_another_text(at: int, remove: int) -> None:
    with pytest.raises(Mismatch, match="the base revision has 2 UTF-16 code units"):
        apply([Edit(at=at, remove=remove)], "雾起")


def test_edits_that_are_not_in_order_are_named() -> None:
    with pytest.raises(Problem, match=r"edits\[1\].at: lies before the end") as error:
        apply([Edit(at=1, remove=1), Edit(at=1, remove=0)], "雾起了")
    assert (error.value.status, error.value.param) == (400, "edits[1].at")


@pytest.mark.parametrize(("length", "text"), [(3, "雾起"), (2, "雾江")])
def test_an_outcome_that_the_client_does_not_have_is_a_mismatch(length: int, text: str) -> None:
    with pytest.raises(Mismatch, match="save the whole text"):
        check_outcome("雾起", length, zlib.crc32(text.encode()))
