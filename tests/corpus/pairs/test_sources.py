import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moxu.corpus.folder import SCHEMA
from moxu.corpus.pairs.kinds import KINDS
from moxu.corpus.pairs.making import make_folder
from moxu.corpus.pairs.records import Lyric, Pair, Record
from moxu.corpus.pairs.sources import Reading, Tally, records_from, split_of
from moxu.errors import SettingsError, TextError

TEXT = "雨停了。他推开门。\n院子里没有人。\n"


def found(
    *sources: Path, kind: str = "sentences", tally: Tally | None = None, **reading: Any
) -> list[tuple[Record, str]]:
    shape = KINDS[kind]
    given = Reading(**reading)
    return list(records_from(sources, shape, shape.options(), given, tally or Tally(), lambda _: None))


def splits(records: Sequence[tuple[Record, str]]) -> list[tuple[str, str]]:
    return [(record.work, split) for record, split in records]


def write_corpus(folder: Path) -> Path:
    """Write a built corpus of a work to train on, with two chapters, and one to validate with."""
    (folder / "data").mkdir(parents=True)
    (folder / "corpus.json").write_text("{}", "utf-8")
    for split, name, count in (("train", "甲", 2), ("validation", "乙", 1)):
        facts = {"work": name, "title": name, "author": "", "source": "", "licence": "", "group": "今"}
        text = TEXT.strip()
        rows = [
            {**facts, "number": number, "heading": f"第{number}章", "text": text, "characters": len(text)}
            for number in range(count)
        ]
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "data" / f"{split}-00000.parquet")
    return folder


def test_records_of_a_corpus_have_the_split_of_their_work(tmp_path: Path) -> None:
    tally = Tally()
    records = found(write_corpus(tmp_path / "corpus"), tally=tally)
    assert splits(records) == [("甲", "train")] * 4 + [("乙", "validation")] * 2
    assert [(work["title"], work["split"], work["records"], work["group"]) for work in tally.works] == [
        ("甲", "train", 4, "今"),
        ("乙", "validation", 2, "今"),
    ]


def test_no_pair_reaches_from_one_chapter_into_the_next(tmp_path: Path) -> None:
    sources = [record.source for record, _ in found(write_corpus(tmp_path / "corpus")) if isinstance(record, Pair)]
    assert not any(source.startswith("院子") for source in sources)


def test_books_have_the_splits_of_the_manifest(tmp_path: Path) -> None:
    for name in ("甲", "乙"):
        (tmp_path / f"{name}.txt").write_text(TEXT, "gb18030")
    assert splits(found(tmp_path)) == [("乙", "train")] * 2 + [("甲", "train")] * 2
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("title\tsplit\n甲\tvalidation\n乙\ttrain\n", "utf-8")
    expected = [("乙", "train")] * 2 + [("甲", "validation")] * 2
    assert splits(found(tmp_path)) == expected
    moved = manifest.replace(tmp_path.parent / f"{tmp_path.name}-manifest.tsv")
    assert splits(found(tmp_path, manifest=moved)) == expected
    moved.write_text("title\tsplit\n甲\tvalidation\n", "utf-8")
    with pytest.raises(TextError, match="does not name '乙'"):
        found(tmp_path, manifest=moved)


def test_what_holds_records_is_told_from_books(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("李四道：“谁？”王五道：“是我。”", "utf-8")
    (tmp_path / "b.txt").write_text("好？\t好。\n", "utf-8")
    (tmp_path / "c.jsonl").write_text('["走？", "走。"]\n', "utf-8")
    turns = [record.turns for record, _ in found(tmp_path, kind="dialogues") if hasattr(record, "turns")]
    assert turns == [("谁？", "是我。"), ("好？", "好。"), ("走？", "走。")]


def test_chapters_of_a_songbook_are_songs(tmp_path: Path) -> None:
    (tmp_path / "songs.md").write_text("# 第一首\n\n雨停了\n\n灯亮着\n\n# 第二首\n\n走吧\n", "utf-8")
    assert [record for record, _ in found(tmp_path, kind="lyrics")] == [
        Lyric(("雨停了", "灯亮着"), "songs"),
        Lyric(("走吧",), "songs"),
    ]


def test_records_of_one_source_are_on_one_side_of_a_split() -> None:
    records = [Pair(str(number % 1000), str(number)) for number in range(3000)]
    sides = {(record.source, split_of(record, 0.1)) for record in records}
    assert len(sides) == 1000
    assert 50 < sum(split == "validation" for _, split in sides) < 150
    assert {split_of(record, 0.0) for record in records} == {"train"}


def test_a_folder_that_was_made_keeps_its_splits(tmp_path: Path) -> None:
    made = tmp_path / "made"
    kind = KINDS["sentences"]
    make_folder("sentences", [write_corpus(tmp_path / "corpus")], made, kind.options(), Reading(), lambda _: None)
    assert splits(found(made)) == splits(found(tmp_path / "corpus"))
    with pytest.raises(SettingsError, match=r"holds pairs \(sentences\); expected dialogues"):
        found(made, kind="dialogues")


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "b.txt").write_text(TEXT, "utf-8")
    (tmp_path / "c.csv").write_text("一列\n", "utf-8")
    tally = Tally()
    assert len(found(tmp_path, tally=tally)) == 2
    assert [message.partition(":")[0].rpartition("/")[2] for message in tally.damaged] == [
        "a.txt",
        str(tmp_path / "c.csv").rpartition("/")[2],
    ]


def test_damage_is_counted_and_only_some_of_it_remembered() -> None:
    tally = Tally()
    for number in range(1000):
        tally.tell(str(number))
    assert (tally.damaged_count, len(tally.damaged)) == (1000, 20)


def test_sources_without_anything_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no books and no tables here"):
        found(tmp_path)
    with pytest.raises(TextError, match="no such file or folder"):
        found(tmp_path / "none")


def test_all_that_a_corpus_can_be_built_of_is_read(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    row = json.dumps({"title": "甲", "heading": "一", "text": TEXT}, ensure_ascii=False)
    (shelf / "texts.jsonl").write_text(f"{row}\n{row}\n", "utf-8")
    (shelf / "crawl").mkdir()
    (shelf / "crawl" / "chapters.jsonl").write_text(row, "utf-8")
    (shelf / "crawl" / "manifest.json").write_text(json.dumps({"title": "乙", "url": "http://a.test/"}), "utf-8")
    with zipfile.ZipFile(shelf / "books.zip", "w") as archive:
        archive.writestr("丙.txt", TEXT)
    pq.write_table(pa.table({"text": [TEXT], "title": ["丁"]}), shelf / "validation.parquet")
    records = found(shelf)
    assert splits(records) == [
        *[("shelf/books.zip/丙.txt", "train")] * 2,
        *[("http://a.test/", "train")] * 2,
        *[("甲", "train")] * 4,
        *[("shelf/validation.parquet, row 1", "validation")] * 2,
    ]


def test_plain_texts_need_no_library_and_other_books_say_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("lxml", "markdown_it", "pyarrow"):
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("read.markdown", "read.markup", "sources.tables", "folder"):
        monkeypatch.delitem(sys.modules, f"moxu.corpus.{module}", raising=False)
    (tmp_path / "甲.txt").write_text(TEXT, "utf-8")
    assert len(found(tmp_path / "甲.txt")) == 2
    (tmp_path / "乙.md").write_text(TEXT, "utf-8")
    with pytest.raises(SettingsError, match=r"markdown_it; pip install 'moxu\[books\]'"):
        found(tmp_path / "乙.md")
    (tmp_path / "丙.parquet").write_bytes(b"PAR1")
    with pytest.raises(SettingsError, match=r"pyarrow; pip install 'moxu\[corpus\]'"):
        found(tmp_path / "丙.parquet")
    (tmp_path / "data").mkdir()
    (tmp_path / "corpus.json").write_text("{}", "utf-8")
    with pytest.raises(SettingsError, match=r"pyarrow; pip install 'moxu\[corpus\]'"):
        found(tmp_path)
