"""The list of documents: as many as there are, made as they are asked for."""

from pathlib import Path

import numpy as np
import pytest

from moxu.corpus.pack.documents import NAMES_FILE, ROW, ROWS_FILE, Documents
from moxu.errors import TextError

COUNT = 3000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = np.zeros(COUNT, dtype=ROW)
    names = [f"第{n}篇\n".encode() for n in range(COUNT)]
    rows["start"], rows["length"] = np.arange(COUNT) * 10, 10
    rows["name"] = np.cumsum([0, *map(len, names[:-1])])
    rows["split"], rows["group"] = np.arange(COUNT) % 3, np.arange(COUNT) % 2
    np.save(tmp_path / ROWS_FILE, rows)
    (tmp_path / NAMES_FILE).write_bytes(b"".join(names))
    return tmp_path


def test_documents_are_a_sequence(folder: Path) -> None:
    documents = Documents.open(folder, ["甲", "乙"])
    assert len(documents) == COUNT
    assert [document.name for document in documents] == [f"第{n}篇" for n in range(COUNT)]
    assert documents[-1].name == documents[COUNT - 1].name == f"第{COUNT - 1}篇"
    assert [document.start for document in documents[5:20:7]] == [50, 120, 190]
    with pytest.raises(IndexError):
        documents[COUNT]


def test_rows_are_mapped_not_loaded(folder: Path) -> None:
    assert isinstance(Documents.open(folder, ["甲", "乙"]).rows, np.memmap)


def test_split_and_group_are_names(folder: Path) -> None:
    documents = Documents.open(folder, ["甲", "乙"])
    held_out = documents.of_split("validation")
    assert {document.split for document in held_out} == {"validation"}
    assert [document.start for document in held_out[:2]] == [10, 40]
    assert held_out.groups[:2] == ["乙", "甲"]
    assert documents.splits == ["train", "validation", "test"]
    assert len(documents.of_split("elsewhere")) == 0


def test_columns_are_summed(folder: Path) -> None:
    assert Documents.open(folder, ["甲", "乙"]).total("length") == 10 * COUNT


def test_another_array_is_no_list_of_documents(folder: Path) -> None:
    np.save(folder / ROWS_FILE, np.zeros(3))
    with pytest.raises(TextError, match="no list of documents; pack it again"):
        Documents.open(folder, [""])
