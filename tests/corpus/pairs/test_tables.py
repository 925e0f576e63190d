import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.pairs import tables
from moxu.corpus.pairs.tables import csv_rows, json_rows, read_lines, refuse, tab_rows
from moxu.errors import TextError

cells = st.text(st.sampled_from("门雨山水的一是，。“”\"',\t\n\r😀a ;"), max_size=12)
rows = st.lists(st.lists(cells, min_size=3, max_size=3).filter(lambda row: bool(row[2].strip())), min_size=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


@given(written=rows)
def test_what_a_csv_writer_writes_is_read(written: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["编号", "输入", "输出"], *written])
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
    assert [row.fields for row in csv_rows(path, refuse)][1:] == written


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_every_encoding_is_read(file: Path, encoding: str) -> None:
    file.write_bytes('0,他推開門。,"院子裡沒有人。\n只有雨。"\n'.encode(encoding))
    (row,) = csv_rows(file, refuse)
    assert row.fields == ["0", "他推開門。", "院子裡沒有人。\n只有雨。"]


def test_a_long_file_is_read_in_the_encoding_of_its_beginning(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SAMPLE", 1001)
    for encoding in ("gb18030", "utf-16"):
        file.write_bytes(("雨停了，他推开门。\n" * 500).encode(encoding))
        assert "".join(read_lines(file)) == "雨停了，他推开门。\n" * 500


def test_a_quote_that_is_never_closed_costs_its_own_line(file: Path) -> None:
    file.write_text('1,门,"开了\n2,雨,停了\n4,"一""二",三,,\n', "utf-8")
    told: list[str] = []
    assert [row.fields[1:] for row in csv_rows(file, told.append)] == [
        ["雨", "停了"],
        ['一"二', "三"],
    ]
    assert told == [f"{file}:1: a quote is never closed"]


def test_quotes_within_a_field_are_text(file: Path) -> None:
    file.write_text('3,他说"好",走了\n"4",“好”,"雨\n"\n', "utf-8")
    assert [row.fields[1:] for row in csv_rows(file, refuse)] == [['他说"好"', "走了"], ["“好”", "雨\n"]]


def test_an_open_quote_is_given_up_after_a_while(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LONGEST", 40)
    file.write_text('1,"门\n' + "2,雨,停了。\n" * 100, "utf-8")
    told: list[str] = []
    assert len(list(csv_rows(file, told.append))) == 100
    assert len(told) == 1


def test_the_line_of_a_damaged_record_is_that_it_begins_on(file: Path) -> None:
    good = '1,门,"开了\n没有人"\n'.encode()
    file.write_bytes(good * 3 + b"4,\xff\xfe\xfd,x\n" + good)
    told: list[str] = []
    assert len(list(csv_rows(file, told.append))) == 4
    assert [message.partition(": ")[0] for message in told] == [f"{file}:7"]


def test_tabs_cut_a_line_and_quotes_do_not(tmp_path: Path) -> None:
    path = tmp_path / "turns.tsv"
    path.write_bytes('"谁？\t是我。\r\n\n  \n好\t“走”\t\n'.encode())
    assert [row.fields for row in tab_rows(path, refuse)] == [['"谁？', "是我。"], ["好", "“走”", ""]]
    assert [row.line for row in tab_rows(path, refuse)] == [1, 4]


def test_lines_that_are_no_json_are_told_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes('\ufeff["雨"]\n\n{"门":\n'.encode() + b"\xff\n" + b"[" * 100_000 + b'\n["\\u2028"]')
    told: list[str] = []
    assert [row.fields for row in json_rows(path, told.append)] == [["雨"], ["\u2028"]]
    assert [message.partition(": ")[0] for message in told] == [f"{path}:{line}" for line in (3, 4, 5)]


def test_a_file_that_is_no_text_or_not_there_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "picture.csv").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(TextError, match="is not text"):
        list(csv_rows(tmp_path / "picture.csv", refuse))
    with pytest.raises(TextError, match=r"none\.csv: cannot be read"):
        list(csv_rows(tmp_path / "none.csv", refuse))


def test_a_line_without_an_end_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LONGEST_LINE", 100)
    path = tmp_path / "records.jsonl"
    path.write_text("[" + '"雨",' * 400 + '"雨"]\n["门"]\n', "utf-8")
    told: list[str] = []
    assert [row.fields for row in json_rows(path, told.append)][-1] == ["门"]
    assert max(map(len, read_lines(path))) == 100
