"""The folder of a corpus: works as they were written, and damage named."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moxu.corpus.folder import SCHEMA, Corpus
from moxu.corpus.marks import DATA, INDEX_FILE
from moxu.errors import TextError


def row(work: str, number: int, heading: str, text: str) -> dict[str, object]:
    facts = {"work": work, "title": f"书{work}", "author": "某人", "source": "s", "licence": "CC0", "group": "g"}
    return {**facts, "number": number, "heading": heading, "text": text, "characters": len(text.replace("\n", ""))}


ROWS = [
    row("a", 1, "上卷", ""),
    row("a", 2, "第一章", "雨。\n\n风。"),
    row("b", 1, "", "云。"),
    row("b", 3, "三", "月。"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / DATA).mkdir()
    (tmp_path / INDEX_FILE).write_text(json.dumps({"works": 3}), "utf-8")
    write(tmp_path, "train-00000", ROWS[:3])
    write(tmp_path, "train-00001", ROWS[3:])
    write(tmp_path, "test-00000", [row("c", 1, "", "星。")])
    return tmp_path


def write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / DATA / f"{name}.parquet")


def test_works_come_out_whole_even_over_the_end_of_a_file(folder: Path) -> None:
    works = list(Corpus(folder).works())
    assert [(work.id, work.split, len(work.book.chapters)) for work in works] == [
        ("a", "train", 2),
        ("b", "train", 2),
        ("c", "test", 1),
    ]
    assert works[0].book.chapters[1].paragraphs == ("雨。", "", "风。")
    assert works[0].text == "上卷\n第一章\n雨。\n\n风。"
    assert (works[0].licence, works[0].group, works[0].book.author) == ("CC0", "g", "某人")


def test_only_the_splits_that_are_asked_for_are_read(folder: Path) -> None:
    (folder / DATA / "train-00000.parquet").write_bytes(b"junk")
    assert [work.id for work in Corpus(folder).works("test", "validation")] == ["c"]


def test_what_is_no_corpus_or_damaged_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no corpus here"):
        Corpus(tmp_path / "none")
    (folder / DATA / "test-00000.parquet").write_bytes(b"junk")
    with pytest.raises(TextError, match=r"test-00000\.parquet: cannot be read"):
        list(Corpus(folder).works("test"))
    (folder / INDEX_FILE).write_text("[1]", "utf-8")
    with pytest.raises(TextError, match="damaged"):
        Corpus(folder)


def test_file_of_other_columns_is_named(folder: Path) -> None:
    pq.write_table(pa.table({"text": ["x"]}), folder / DATA / "test-00000.parquet")
    with pytest.raises(TextError, match="has no column work"):
        list(Corpus(folder).works("test"))
