"""Sources: the same texts however they are given, each with what its manifest says."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.pack.sources import Sources
from moxu.corpus.publish.books import publish
from moxu.errors import TextError

TEXTS = {"甲书": "第一回\n却说那日，天色已晚。\n", "乙书": "雾从江上起来的时候，他还没有睡。"}
MANIFEST = "title\tera\tstyle\tsplit\n甲书\tQing\tvernacular\ttrain\n乙书\tmodern\tvernacular\tvalidation\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "a.tar.xz"
    with tarfile.open(path, "w:xz") as file:
        for name, text in TEXTS.items():
            data = text.encode("gb18030")
            member = tarfile.TarInfo(f"fiction/{name}.txt")
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "fiction"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_bytes(text.encode("utf-8"))
    return folder


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "table.tsv").write_text(MANIFEST, encoding="utf-8")
    return tmp_path / "table.tsv"


def test_archive_and_folder_give_the_same_texts(archive: Path, folder: Path) -> None:
    from_folder = {text.name: text.read() for text in Sources([folder])}
    from_archive = {text.name: text.read() for text in Sources([archive])}
    assert from_folder == from_archive == TEXTS


def test_manifest_gives_split_and_group(archive: Path, manifest: Path) -> None:
    texts = {text.name: text for text in Sources([archive], manifest)}
    assert (texts["甲书"].split, texts["甲书"].group) == ("train", "Qing, vernacular")
    assert texts["乙书"].split == "validation"


def test_manifest_that_lies_in_the_folder_is_used(folder: Path) -> None:
    (folder / "manifest.tsv").write_text(MANIFEST, encoding="utf-8")
    assert {text.name: text.split for text in Sources([folder])} == {"甲书": "train", "乙书": "validation"}


def test_work_that_the_manifest_does_not_name_is_refused(archive: Path, manifest: Path) -> None:
    manifest.write_text("".join(MANIFEST.splitlines(keepends=True)[:2]), encoding="utf-8")
    with pytest.raises(TextError, match="does not name '乙书'"):
        list(Sources([archive], manifest))


def test_text_without_a_split_is_refused(folder: Path, manifest: Path) -> None:
    manifest.write_text("title\tsplit\n甲书\ttrain\n乙书\t\n", encoding="utf-8")
    with pytest.raises(TextError, match="has no split for '乙书'"):
        list(Sources([folder], manifest))


def test_books_of_all_kinds_are_found_and_what_is_about_them_is_not(folder: Path) -> None:
    book = Book("江上", "", (Chapter("第一章", ("雾从江上起来。",)),))
    (folder / "丙").mkdir()
    (folder / "丙" / "江上.epub").write_bytes(publish(book, "epub"))
    (folder / "丁.docx").write_bytes(publish(book, "docx"))
    for name in ("README.md", "LICENSE.txt", ".DS_Store", "._甲书.txt", "cover.png"):
        (folder / name).write_bytes(b"\0")
    texts = {text.name: text.read() for text in Sources([folder])}
    assert texts == TEXTS | {"江上": "第一章\n雾从江上起来。", "丁": "第一章\n雾从江上起来。"}


def test_order_is_that_of_the_names_and_of_the_sources(folder: Path) -> None:
    (folder / "b").mkdir()
    for name in ("b.txt", "b/z.txt", "a.txt"):
        (folder / name).write_text("雾", "utf-8")
    (folder.parent / "first.txt").write_text("江", "utf-8")
    names = [text.name for text in Sources([folder.parent / "first.txt", folder])]
    assert names == ["first", "a", "z", "b", "乙书", "甲书"]


@pytest.mark.skipif(not hasattr(Path, "symlink_to"), reason="no links here")
def test_folder_that_links_to_itself_is_entered_once(folder: Path) -> None:
    (folder / "again").symlink_to(folder, target_is_directory=True)
    assert len(list(Sources([folder]))) == 2


def test_parts_rise_to_the_whole(archive: Path, folder: Path) -> None:
    parts = [text.part for text in Sources([folder, archive, folder])]
    assert parts == sorted(parts)
    assert 0 < parts[0] < parts[-1] == pytest.approx(1)


def test_origin_changes_with_the_files_and_with_the_manifest(folder: Path, manifest: Path) -> None:
    before = Sources([folder])
    assert Sources([folder]).origin == before.origin
    assert Sources([folder], manifest).origin != before.origin
    (folder / "甲书.txt").write_text("却说", "utf-8")
    assert Sources([folder]).origin != before.origin


def test_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="none: no such file or folder"):
        Sources([tmp_path / "none"])


def test_what_is_damaged_is_an_error_and_what_only_others_read_is_told(archive: Path, folder: Path) -> None:
    (folder / "scan.pdf").write_bytes(b"%PDF-1.4")
    texts = Sources([folder])
    assert (len(list(texts)), list(texts.foreign)) == (2, ["fiction/scan.pdf"])
    archive.write_bytes(archive.read_bytes()[:-120])
    with pytest.raises(TextError, match=r"a\.tar\.xz: damaged archive"):
        list(Sources([archive]))


def test_tables_crawls_and_zips_are_read_with_their_splits(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = '{"title": "江上", "chapter": "%s", "text": "雾起。\\n他走。"}\n'
    (folder / "lines.jsonl").write_text(row % "一" + row % "二", "utf-8")
    pq.write_table(pa.table({"text": ["月出。"], "title": ["月"]}), folder / "test.parquet")
    (folder / "crawl").mkdir()
    (folder / "crawl" / "chapters.jsonl").write_text('{"number": 1, "title": "第一章", "text": "雨。"}', "utf-8")
    (folder / "crawl" / "manifest.json").write_text('{"title": "雨"}', "utf-8")
    with zipfile.ZipFile(folder / "more.zip", "w") as file:
        file.writestr("a/丙.txt", "丙\r\n\n　　雪。".encode("gb18030"))
    texts = {text.name: (text.read(), text.split) for text in Sources([folder])}
    assert {name: text for name, text in texts.items() if name not in TEXTS} == {
        "江上": ("一\n雾起。\n他走。\n二\n雾起。\n他走。", "train"),
        "月": ("月出。", "test"),
        "雨": ("第一章\n雨。", "train"),
        "丙": ("丙\r\n\n　　雪。", "train"),
    }


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A built corpus of three works, one of them held out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from moxu.corpus.folder import SCHEMA
    from moxu.corpus.marks import DATA, INDEX_FILE

    folder = tmp_path / "corpus"
    (folder / DATA).mkdir(parents=True)
    (folder / INDEX_FILE).write_text("{}", "utf-8")
    works = {"train": ("一", "二"), "validation": ("三",)}
    for split, titles in works.items():
        rows = [
            {
                **{"work": f"id{title}", "title": title, "author": "", "source": "", "licence": "", "group": "old"},
                **{"number": number, "heading": f"第{number}章", "text": "雾起。\n他走。", "characters": 6},
            }
            for title in titles
            for number in (1, 2)
        ]
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / DATA / f"{split}-00000.parquet")
    return folder


def test_corpus_gives_its_works_with_splits_and_groups(corpus: Path) -> None:
    texts = list(Sources([corpus]))
    assert [(text.name, text.split, text.group) for text in texts] == [
        *(("一", "train", "old"), ("二", "train", "old"), ("三", "validation", "old"))
    ]
    assert texts[0].read() == "第1章\n雾起。\n他走。\n第2章\n雾起。\n他走。"
    assert texts[-1].part == 1


def test_corpus_needs_no_manifest(corpus: Path, manifest: Path) -> None:
    with pytest.raises(TextError, match="knows its splits; leave --manifest out"):
        Sources([corpus], manifest)


def test_origin_of_a_corpus_changes_with_its_files(corpus: Path) -> None:
    before = Sources([corpus]).origin
    (corpus / "data" / "train-00000.parquet").unlink()
    assert Sources([corpus]).origin != before


def test_damaged_corpus_is_told_in_a_line(corpus: Path) -> None:
    (corpus / "data" / "train-00000.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(TextError, match="corpus: cannot be read") as told:
        list(Sources([corpus]))
    assert "\n" not in str(told.value)
