import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.text.prepare import (
    aiwriter_opening,
    aiwriter_opening_with_empty_lines,
    as_typed,
    cpm_parts,
    lyric_parts,
    opening,
    paragraphs,
)

typed = st.text(st.sampled_from("甲乙 a\n\r\t\u3000\ufeff\x0b\x85\u2028\u200b"))


@pytest.fixture(scope="module")
def cases(golden: Path) -> Any:
    return json.loads((golden / "text" / "openings.json").read_text("utf-8"))


def test_an_opening_is_prepared_as_by_run_py_of_v1(cases: Any) -> None:
    for case in cases["aiwriter1"]:
        assert aiwriter_opening_with_empty_lines(case["input"]) == case["run"]


def test_an_opening_is_prepared_as_by_server_py_of_v1(cases: Any) -> None:
    for case in cases["aiwriter1"]:
        assert aiwriter_opening(case["input"]) == case["server"]


def test_an_opening_is_prepared_as_by_v2(cases: Any) -> None:
    for case in cases["aiwriter2"]:
        assert aiwriter_opening(case["input"]) == case["refine"] == case["run_py"]


def test_the_copied_cases_are_those_of_the_reference(cases: Any, reference: Path) -> None:
    text = json.loads((reference / "aiwriter_v1" / "public" / "text.json").read_text("utf-8"))
    info = json.loads((reference / "aiwriter_v2" / "public" / "info.json").read_text("utf-8"))
    assert cases == {"aiwriter1": text["prepare_context"], "aiwriter2": info["refine_context"]}


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("", "\n"),
        ("\n\n", "\n"),
        ("　　 \t", "\n"),
        ("这是一颗", "\n这是一颗"),
        ("　　这是一颗\r\n\r\n　　星", "\n这是一颗\n星"),
        ("\ufeff　　这是一颗", "\n这是一颗"),
        ("一\r二\u2028三\x0b四", "\n一\n二\n三\n四"),
        ("他 走了 ", "\n他 走了"),
        ("写完了。\n", "\n写完了。\n"),
        ("写完了。\n\n\n", "\n写完了。\n"),
        ("写完了。\r\n　　", "\n写完了。\n"),
    ],
)
def test_an_opening_is_lines_without_indents_after_a_newline(text: str, prepared: str) -> None:
    assert opening(text) == prepared


@given(typed)
def test_a_prepared_opening_is_prepared_already(text: str) -> None:
    assert opening(opening(text)) == opening(text)


@given(typed)
def test_an_opening_holds_the_paragraphs_and_no_empty_line(text: str) -> None:
    prepared = opening(text)
    assert prepared.startswith("\n")
    assert "\n\n" not in prepared
    assert paragraphs(prepared) == paragraphs(text) == [line for line in prepared.split("\n") if line]


@given(st.text() | typed)
def test_paragraphs_lose_nothing_that_can_be_seen(text: str) -> None:
    assert seen("".join(paragraphs(text))) == seen(text)


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("", "\n"),
        ("\ufeff", "\n"),
        ("　一 \r\n\r\n二\r", "　一 \n\n二\n"),
        ("\ufeff一\u2028二", "一\n二"),
        ("\n一", "\n一"),
    ],
)
def test_what_is_taken_as_typed_changes_only_the_ends_of_its_lines(text: str, prepared: str) -> None:
    assert as_typed(text) == prepared
    assert as_typed(prepared) == prepared


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (" <eod>\n<eod>", []),
        ("一", ["一"]),
        ("　一<eod><eod> 二\r\n三 <eod>", ["一", "二\n三"]),
        ("\ufeff一<EOD>", ["一<EOD>"]),
    ],
)
def test_parts_stand_between_marks_stripped_and_none_empty(text: str, parts: list[str]) -> None:
    assert cpm_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "lines"),
    [("一<eod>二\n三", ["一", "二\n三"]), ("一\r\n\n　二\n", ["一", "二"]), ("", []), ("<eod>", [])],
)
def test_a_lyric_without_marks_is_its_lines(text: str, lines: list[str]) -> None:
    assert lyric_parts(text) == lines


def seen(text: str) -> str:
    return "".join(text.replace("\ufeff", "").replace("\u200b", "").split())
