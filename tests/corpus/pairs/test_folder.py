from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moxu.corpus.pairs.folder import FolderWriter, PairFolder
from moxu.corpus.pairs.records import Dialogue, Pair, Record, problem_of
from moxu.errors import SettingsError, TextError

texts = st.text(min_size=1).filter(str.strip)


def write(folder: Path, *records: tuple[Record, str]) -> None:
    with FolderWriter(folder, type(records[0][0])) as writer:
        for record, split in records:
            writer.add(record, split)
        counts = {split: 1 for _, split in records}
        writer.finish({"kind": "sentences", "records": counts})


@settings(deadline=None)
@given(texts, texts)
def test_every_text_comes_back(tmp_path_factory: pytest.TempPathFactory, one: str, other: str) -> None:
    folder = tmp_path_factory.mktemp("folders") / "pairs"
    for record in (Pair(one, other, "雨"), Dialogue((one, other))):
        assert not problem_of(record)
        write(folder, (record, "train"))
        assert list(PairFolder(folder).records("train")) == [record]


def test_records_are_kept_apart_by_split(tmp_path: Path) -> None:
    write(tmp_path / "pairs", (Pair("雨", "停了"), "train"), (Pair("门", "开了"), "validation"))
    folder = PairFolder(tmp_path / "pairs")
    assert folder.kind == "sentences"
    assert list(folder.records("validation")) == [Pair("门", "开了")]
    assert list(folder.records("test")) == []
    assert sorted(path.name for path in folder.folder.iterdir()) == ["pairs.json", "train.jsonl", "validation.jsonl"]


def test_a_damaged_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    write(tmp_path / "pairs", (Pair("雨", "停了"), "train"))
    path = tmp_path / "pairs" / "train.jsonl"
    path.write_bytes(b'{"source": "\n[]\n{"source": "a", "target": " "}\n' + path.read_bytes())
    told: list[str] = []
    folder = PairFolder(tmp_path / "pairs")
    assert list(folder.records("train", told.append)) == [Pair("雨", "停了")]
    assert [message.partition(": ")[0] for message in told] == [f"{path}:{line}" for line in (1, 2, 3)]
    with pytest.raises(TextError, match=r"train\.jsonl:1: is no JSON"):
        list(folder.records("train"))


@pytest.mark.parametrize("index", ["", "[]", '{"form": "pair"}', '{"form": "x", "kind": "", "records": {}}', "\xff"])
def test_a_damaged_index_is_a_mistake_of_one_line(tmp_path: Path, index: str) -> None:
    (tmp_path / "pairs.json").write_text(index, "latin-1")
    with pytest.raises(TextError, match="damaged") as told:
        PairFolder(tmp_path)
    assert "\n" not in str(told.value)


def test_a_folder_of_something_else_is_no_folder_of_pairs(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no pairs here"):
        PairFolder(tmp_path)
    (tmp_path / "letter.txt").write_text("雨", "utf-8")
    with pytest.raises(SettingsError, match="is no folder of pairs"):
        FolderWriter(tmp_path, Pair)


def test_a_folder_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    write(tmp_path / "pairs", (Pair("雨", "停了"), "train"))

    def fail() -> None:
        with FolderWriter(tmp_path / "pairs", Pair) as writer:
            writer.add(Pair("门", "开了"), "train")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(PairFolder(tmp_path / "pairs").records("train")) == [Pair("雨", "停了")]
    assert [path.name for path in tmp_path.iterdir()] == ["pairs"]
