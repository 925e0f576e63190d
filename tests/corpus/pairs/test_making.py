import json
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.pairs.folder import PairFolder
from moxu.corpus.pairs.formats import read_pairs
from moxu.corpus.pairs.kinds import KINDS
from moxu.corpus.pairs.making import Made, make_file, make_folder
from moxu.corpus.pairs.records import Pair
from moxu.corpus.pairs.sources import Reading
from moxu.errors import TextError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_text("".join(f"{number},他推开第{number}扇门,里面没有人。\n" for number in range(200)), "utf-8")
    return path


def folder(source: Path, out: Path, kind: str = "expand", **reading: Any) -> Made:
    return make_folder(kind, [source], out, KINDS[kind].options(), Reading(**reading), lambda _: None)


def test_a_folder_says_what_is_in_it_and_how_it_was_made(table: Path, tmp_path: Path) -> None:
    made = folder(table, tmp_path / "out", validation=0.2)
    index = json.loads((tmp_path / "out" / "pairs.json").read_text("utf-8"))
    assert index["kind"] == "expand"
    assert index["form"] == "pair"
    assert index["sources"] == ["pairs.csv"]
    assert index["options"]["target"] == 500
    assert index["records"] == dict(made.statistics.records)
    read = PairFolder(tmp_path / "out")
    for split, count in index["records"].items():
        assert len(list(read.records(split))) == count > 10
    assert index["characters"]["target"] == 200 * 6


def test_the_same_sources_make_the_same_bytes(table: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        folder(table, tmp_path / name, validation=0.2)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_a_file_has_one_split_and_the_rest_is_counted(table: Path, tmp_path: Path) -> None:
    options, reading = KINDS["expand"].options(), Reading(validation=0.2)
    made = make_file("expand", [table], tmp_path / "out.csv", options, reading, "validation", lambda _: None)
    pairs = list(read_pairs(tmp_path / "out.csv"))
    assert len(pairs) == made.statistics.records["validation"]
    assert made.tally.skipped["is of the train split"] == 200 - len(pairs)


def test_what_a_file_cannot_hold_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"source": "雨", "target": "门\\n灯"}\n{"source": "一", "target": "二"}\n', "utf-8"
    )
    options = KINDS["sentences"].options()
    made = make_file(
        "sentences", [tmp_path / "a.jsonl"], tmp_path / "a.tsv", options, Reading(), "train", lambda _: None
    )
    assert list(read_pairs(tmp_path / "a.tsv")) == [Pair("一", "二")]
    assert made.tally.skipped.total() == 1


def test_nothing_at_all_is_a_mistake_that_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("雨停了。", "utf-8")
    with pytest.raises(TextError, match=r"nothing for expand in it.*too short: 1"):
        folder(tmp_path / "a.txt", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_lengths_are_told_in_words(table: Path, tmp_path: Path) -> None:
    assert "targets of 6 in the mean" in folder(table, tmp_path / "out").statistics.lengths
    (tmp_path / "a.tsv").write_text("走？\t走。\t好。\n", "utf-8")
    made = folder(tmp_path / "a.tsv", tmp_path / "turns", kind="dialogues")
    assert made.statistics.lengths == "3.0 turns each, of 2 characters in the mean"
