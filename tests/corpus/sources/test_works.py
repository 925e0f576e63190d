"""Works of all kinds of sources come whole, in order, with numbered chapters."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from moxu.corpus.folder import SCHEMA
from moxu.corpus.marks import DATA, INDEX_FILE
from moxu.corpus.sources.pieces import Fault
from moxu.corpus.sources.works import read_works


def row(**cells: object) -> str:
    return json.dumps(cells, ensure_ascii=False) + "\n"


def read(*sources: Path) -> tuple[list[tuple[str, tuple[int, ...]]], list[Fault]]:
    missed: list[Fault] = []
    return [(work.book.title, work.numbers) for work in read_works(sources, missed.append)], missed


def test_books_of_a_folder_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "乙.txt").write_text("第一章 雨\n夜里下了一场雨。\n第二章 门\n他推开门。\n", "utf-8")
    (tmp_path / "丙.md").write_text("# 丙\n\n## 一\n\n院子里静悄悄的。\n\n## 二\n\n没有人。\n", "utf-8")
    assert read(tmp_path) == ([("丙", (1, 2)), ("乙", (1, 2))], [])


def test_rows_of_a_work_are_one_work_with_the_numbers_they_have(tmp_path: Path) -> None:
    lines = row(title="甲", heading="一", text="雨", number=3) + row(title="甲", heading="二", text="门", number=5)
    lines += row(title="乙", heading="一", text="风") + row(title="乙", heading="二", text="山")
    (tmp_path / "chapters.jsonl").write_text(lines, "utf-8")
    assert read(tmp_path / "chapters.jsonl") == ([("甲", (3, 5)), ("乙", (1, 2))], [])


def test_works_of_a_built_corpus_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / DATA).mkdir()
    (tmp_path / INDEX_FILE).write_text("{}", "utf-8")
    facts = {
        "author": "",
        "source": "s",
        "licence": "",
        "group": "",
        "heading": "章",
        "text": "雨\n门",
        "characters": 2,
    }
    rows = [
        {"work": work, "title": "同名", "number": number, **facts} for work, number in (("a", 2), ("a", 4), ("b", 1))
    ]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), tmp_path / DATA / "train-00000.parquet")
    assert read(tmp_path) == ([("同名", (2, 4)), ("同名", (1,))], [])


def test_what_cannot_be_read_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "好.txt").write_text("夜里下了一场雨。", "utf-8")
    (tmp_path / "坏.epub").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "rows.jsonl").write_text('{"text": "门", "title": "行"}\n{"text": 7}\nnothing\n', "utf-8")
    works, missed = read(tmp_path)
    assert [title for title, _ in works] == ["行", "好"]
    assert len(missed) == 3
    assert not any(fault.harmless for fault in missed)
