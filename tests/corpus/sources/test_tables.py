"""Tables cut into pieces: whole lines, some rows; damage is told with its place, and nothing is loaded whole."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moxu.corpus.sources import lines, tables
from moxu.corpus.sources.listing import list_sources
from moxu.corpus.sources.pieces import Fault, Piece
from moxu.corpus.sources.reading import read_pieces
from moxu.corpus.sources.tables import table_rows


def read(path: Path, text_column: str | None = None) -> tuple[list[Piece], list[Fault]]:
    found = list(read_pieces(list_sources([path]), text_column))
    pieces = [each for each in found if isinstance(each, Piece)]
    return pieces, [each for each in found if isinstance(each, Fault)]


def table(count: int = 10) -> pa.Table:
    return pa.table(
        {"text": [f"第{number}段" * 50 for number in range(count)], "id": range(count), "title": ["t"] * count}
    )


def write_stream(path: Path, content: pa.Table) -> Path:
    with pa.ipc.new_stream(str(path), content.schema) as writer:
        writer.write_table(content)
    return path


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lines, tables):
        monkeypatch.setattr(module, "UNIT", 1000)


@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("compressed", [False, True])
def test_lines_are_cut_between_lines_and_counted(compressed: bool, tmp_path: Path) -> None:
    lines = [json.dumps({"text": "字" * length}) for length in (3, 200, 1, 900, 5, 0)]
    data = "\n".join(lines).encode()
    path = tmp_path / ("t.jsonl.gz" if compressed else "t.jsonl")
    path.write_bytes(gzip.compress(data) if compressed else data)
    pieces, faults = read(path)
    assert b"".join(piece.data for piece in pieces) == data
    assert faults == []
    assert len(pieces) > 2
    counted = 1
    for piece in pieces:
        assert piece.first == counted
        counted += piece.data.count(b"\n")


@pytest.mark.usefixtures("small_units")
def test_line_that_is_too_long_is_told_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LARGEST", 5000)
    (tmp_path / "t.jsonl").write_bytes(b"first\n" + b"x" * 20_000 + b"\nthird\nfourth")
    pieces, faults = read(tmp_path / "t.jsonl")
    assert [fault.source for fault in faults] == ["t.jsonl, line 2"]
    assert [(piece.first, piece.data) for piece in pieces] == [(1, b"first\n"), (3, b"third\n"), (4, b"fourth")]


def test_compressed_lines_that_end_early_are_kept_as_far_as_they_go(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join(json.dumps({"text": f"{number}" * 99}) for number in range(40_000)).encode())
    (tmp_path / "t.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    pieces, faults = read(tmp_path / "t.jsonl.gz")
    assert ["cannot be read" in fault.reason for fault in faults] == [True]
    assert pieces


@pytest.mark.usefixtures("small_units")
def test_parquet_gives_all_rows_in_pieces_without_columns_that_are_not_used(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "t.parquet", row_group_size=4)
    pieces, faults = read(tmp_path / "t.parquet")
    rows = [row for piece in pieces for row in table_rows(piece.data)]
    assert rows == table().select(["text", "title"]).to_pylist()
    assert len(pieces) > 2
    assert faults == []
    assert [piece.first for piece in pieces][:2] == [1, 1 + len(table_rows(pieces[0].data))]


@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("kind", ["stream", "file"])
def test_arrow_gives_all_rows_whether_it_is_a_stream_or_a_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "data-00000-of-00001.arrow"
    if kind == "stream":
        write_stream(path, table())
    else:
        with pa.ipc.new_file(str(path), table().schema) as writer:
            writer.write_table(table())
    pieces, faults = read(path)
    assert [row for piece in pieces for row in table_rows(piece.data)] == table().select(["text", "title"]).to_pylist()
    assert len(pieces) > 2
    assert faults == []


def test_table_without_a_text_is_a_fault_that_names_its_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"body": ["x"], "id": [1]}), tmp_path / "t.parquet")
    write_stream(tmp_path / "t.arrow", pa.table({"body": ["x"]}))
    for name, columns in (("t.parquet", "body, id"), ("t.arrow", "body")):
        reason = read(tmp_path / name)[1][0].reason
        assert f"no column text or content; its columns: {columns}" in reason
        assert read(tmp_path / name, "body")[1] == []


def test_damaged_tables_are_faults_of_one_line(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "t.parquet")
    data = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(data[:-8])
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    pq.write_table(table().select(["text"]), tmp_path / "t.parquet", write_page_checksum=True)
    data = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "torn.parquet").write_bytes(data[:80] + b"\xff" * 40 + data[120:])
    write_stream(tmp_path / "t.arrow", table(1000))
    (tmp_path / "cut.arrow").write_bytes((tmp_path / "t.arrow").read_bytes()[:5000])
    (tmp_path / "junk.arrow").write_bytes(b"junkjunkjunk")
    for name in ("cut.parquet", "junk.parquet", "torn.parquet", "cut.arrow", "junk.arrow"):
        faults = read(tmp_path / name)[1]
        assert [(fault.source, "\n" in fault.reason) for fault in faults] == [(name, False)], name


def test_rows_of_a_piece_come_back_as_they_were() -> None:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table().schema) as writer:
        writer.write_table(table())
    assert table_rows(sink.getvalue()) == table().to_pylist()


def test_row_whose_text_is_no_utf8_is_told_and_the_others_come_back() -> None:
    texts = pa.array([b"good", b"\xff\xfe", b"fine"], pa.binary()).view(pa.string())
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, pa.schema([("text", pa.string())])) as writer:
        writer.write_table(pa.table({"text": texts}))
    assert table_rows(sink.getvalue()) == [
        {"text": "good"},
        "is damaged: no UTF-8: invalid start byte",
        {"text": "fine"},
    ]
