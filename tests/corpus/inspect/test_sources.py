import gzip
import io
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moxu.corpus.folder import SCHEMA
from moxu.corpus.inspect.facts import Unread
from moxu.corpus.inspect.sources import read_works
from moxu.corpus.work import Work
from moxu.errors import TextError

NOVEL = "第一章 雪\n雪下了一夜，天亮才停。\n她推开门。\n第二章 灯\n灯还亮着，屋里没有人。\n"


def read(*paths: Path) -> tuple[list[Work], list[Unread]]:
    missed: list[Unread] = []
    return list(read_works(paths, missed.append)), missed


def write_corpus(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "corpus.json").write_text("{}", "utf-8")
    row = {"work": "w1", "title": "雪夜", "author": "林远", "source": "a.txt", "licence": "CC0", "group": "now"}
    rows = [
        row | {"number": number, "heading": f"第{name}章", "text": text, "characters": len(text)}
        for number, name, text in ((1, "一", "雪停了。"), (3, "三", "天亮了。\n她走了。"))
    ]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "data" / "validation-00000.parquet")
    return folder


def test_a_corpus_that_was_built_gives_its_works(tmp_path: Path) -> None:
    ((work,), missed) = read(write_corpus(tmp_path / "corpus"))
    assert (work.split, work.licence, work.book.author, missed) == ("validation", "CC0", "林远", [])
    assert [chapter.paragraphs for chapter in work.book.chapters] == [("雪停了。",), ("天亮了。", "她走了。")]


def test_books_of_a_folder_are_named_by_its_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "雪夜.txt").write_bytes(NOVEL.encode("gb18030"))
    (folder / "other.md").write_text("# 河\n\n河水涨了。\n", "utf-8")
    (folder / "manifest.tsv").write_text("title\tsplit\tauthor\tera\tstyle\n雪夜\ttest\t林远\tnow\tprose\n", "utf-8")
    works, missed = read(folder)
    found = {work.book.title: (work.split, work.group, work.book.author) for work in works}
    assert found["雪夜"] == ("test", "now, prose", "林远")
    assert (len(works), missed) == (2, [])
    assert [chapter.title for chapter in next(work for work in works if work.split).book.chapters] == [
        "第一章 雪",
        "第二章 灯",
    ]


def test_texts_in_archives_and_tables_are_read(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "books.tar.gz", "w:gz") as archive:
        data = NOVEL.encode()
        member = tarfile.TarInfo("novels/雪夜.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    lines = [
        {"title": "河", "chapter": name, "text": text} for name, text in (("一", "河水涨了。"), ("二", "船来了。"))
    ]
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    works, missed = read(tmp_path / "books.tar.gz", tmp_path / "rows.jsonl.gz")
    assert [(work.book.title, len(work.book.chapters)) for work in works] == [("雪夜", 2), ("河", 2)]
    assert missed == []


def test_what_is_damaged_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(NOVEL, "utf-8")
    (tmp_path / "bad.epub").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "old.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "rows.jsonl").write_text('{"text": "雪停了。", "title": "一"}\n{"text": \n', "utf-8")
    works, missed = read(tmp_path)
    assert len(works) == 2
    assert sorted(one.source.rpartition("/")[2] for one in missed) == ["bad.epub", "old.pdf", "rows.jsonl, line 2"]


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_where_there_is_nothing_to_read_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TextError, match=name):
        read(tmp_path / name)


def test_a_damaged_corpus_is_named(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus")
    (folder / "data" / "train-00000.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(TextError, match="train-00000"):
        read(folder)
