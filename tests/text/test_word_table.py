import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.errors import TextError
from moxu.text.word_table import UNKNOWN, WordTable

WORDS = ["\a", "\n", "的", "一", UNKNOWN, "，"]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("name", ["aiwriter1_words.json", "aiwriter2_words.json"])
def test_a_table_is_saved_byte_for_byte_as_aiwriter_wrote_it(golden: Path, tmp_path: Path, name: str) -> None:
    source = golden / "text" / name
    WordTable.load(source).save(tmp_path / name)
    assert (tmp_path / name).read_bytes() == source.read_bytes()


def test_the_real_table_is_read_and_saved_byte_for_byte(reference: Path, tmp_path: Path) -> None:
    source = reference / "third_party" / "aiwriter" / "word-2022-02-16.json"
    table = WordTable.load(source)
    assert (table.vocab_size, table.newline_id, table.end_id) == (8849, 1, None)
    assert table.decode(table.encode("这是一颗\n星")) == "这是一颗\n星"
    table.save(tmp_path / "words.json")
    assert (tmp_path / "words.json").read_bytes() == source.read_bytes()


def test_ids_equal_those_of_the_second_program(golden: Path) -> None:
    table = WordTable.load(golden / "text" / "aiwriter2_words.json")
    for case in json.loads((golden / "text" / "openings.json").read_text("utf-8"))["aiwriter2"]:
        assert table.encode(case["run_py"]) == case["ids"]


def test_an_unknown_character_is_read_as_the_word_that_is_never_generated() -> None:
    table = WordTable(WORDS)
    assert table.encode("一龘") == [3, table.unknown_id]
    assert table.forbidden_ids == (4,)


def test_a_table_without_a_newline_has_no_newline_id() -> None:
    assert WordTable(["一", UNKNOWN]).newline_id is None


@given(st.text())
def test_what_the_table_holds_round_trips_and_the_rest_becomes_the_unknown_character(text: str) -> None:
    table = WordTable(WORDS)
    expected = "".join(character if character in WORDS else UNKNOWN for character in text)
    ids = table.encode(text)
    assert table.decode(ids) == expected
    assert b"".join(map(table.token_bytes, ids)).decode() == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_table_is_read_in_utf_8_and_utf_16_with_ids_in_any_order(tmp_path: Path, encoding: str) -> None:
    table = {"2": UNKNOWN, "0": "的", "1": "\n"}
    path = write(tmp_path / "words.json", json.dumps(table, ensure_ascii=False), encoding)
    assert WordTable.load(path).encode("的\n") == [0, 1]


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        ("从前有座山", "is no word table"),
        ("[" * 100_000, "is no word table"),
        ('{"0": ' + "9" * 5000 + "}", "is no word table"),
        ("[1, 2]", "is no word table"),
        ('{"0": 1}', "is no word table"),
        ("{}", "has no '\\ue083'"),
        ('{"0": "一"}', "has no '\\ue083'"),
        ('{"0": "一", "1": "一", "2": "\ue083"}', "'一' is both word 0 and word 1"),
        ('{"0": "一", "0": "二", "1": "\ue083"}', "id '0' appears twice"),
        ('{"0": "一", "2": "\ue083"}', "'1' is missing, there is '2'"),
        ('{"a": "一", "0": "\ue083"}', "'1' is missing, there is 'a'"),
        ('{"0": "一二", "1": "\ue083"}', "word 0 is '一二'; expected one character"),
        ('{"0": "\\ud800", "1": "\ue083"}', "word 0 is '\\ud800'; expected one character"),
    ],
)
def test_a_file_that_is_no_table_is_named_with_its_mistake(tmp_path: Path, content: str, mistake: str) -> None:
    path = write(tmp_path / "words.json", content)
    with pytest.raises(TextError) as error:
        WordTable.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert mistake in str(error.value)
    assert "\n" not in str(error.value)


def test_a_truncated_table_is_named(golden: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_bytes((golden / "text" / "aiwriter1_words.json").read_bytes()[:-3])
    with pytest.raises(TextError, match="is no word table"):
        WordTable.load(path)


def test_a_saved_table_begins_with_the_mark_of_utf_16_le(tmp_path: Path) -> None:
    WordTable(WORDS).save(tmp_path / "words.json")
    assert (tmp_path / "words.json").read_bytes().startswith(codecs.BOM_UTF16_LE)
