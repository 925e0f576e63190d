"""The whole build: every source, one result whatever the processes, nothing lost, and nothing in two splits."""

import gzip
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.build import pipeline
from moxu.corpus.build.options import BuildOptions, PrepareOptions
from moxu.corpus.build.pipeline import Progress, Report, build
from moxu.corpus.build.prepare import prepare
from moxu.corpus.folder import Corpus
from moxu.corpus.publish.books import FORMATS, publish
from moxu.corpus.sources import pieces
from moxu.corpus.sources.pieces import Unit
from moxu.corpus.target import claim
from moxu.corpus.work import Work
from moxu.errors import SettingsError, TextError
from novels import novel, prose
from terminals import wait_until

TRAINING = BuildOptions(parts=(1.0, 0.0, 0.0))


def run(sources: Iterable[Path], out: Path, options: BuildOptions = TRAINING, **more: Any) -> Report:
    return build(list(sources), out, more.pop("prepare", PrepareOptions()), options, **more)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def works_of(folder: Path) -> dict[str, Work]:
    return {work.book.title: work for work in Corpus(folder).works()}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_books_come_out_as_they_went_in(shelf: Path, tmp_path: Path) -> None:
    report = run([shelf], tmp_path / "out")
    assert (report.works, report.chapters, report.dropped, report.unreadable) == (3, 9, 0, 0)
    for title, work in works_of(tmp_path / "out").items():
        assert work.text == novel(*(f"{title}{number}" for number in range(3))).strip()
        assert (work.source, work.split) == (f"shelf/{title}.txt", "train")
    assert not (tmp_path / "out.part").exists()


def put_tables(folder: Path) -> None:
    rows = [{"title": f"表{number}", "text": prose(f"table{number}"), "author": "某人"} for number in range(4)]
    (folder / "t.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows[:2])).encode()))
    pq.write_table(pa.Table.from_pylist(rows[2:3]), folder / "t.parquet")
    table = pa.Table.from_pylist(rows[3:])
    with pa.ipc.new_stream(str(folder / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    crawl = folder / "crawl"
    crawl.mkdir()
    chapters = [{"number": number, "title": f"第{number}章", "text": prose(f"c{number}")} for number in (1, 2)]
    (crawl / "chapters.jsonl").write_text("\n".join(map(json.dumps, chapters)), "utf-8")
    (crawl / "manifest.json").write_text(json.dumps({"title": "网上", "complete": True}), "utf-8")


def test_every_kind_of_source_is_read(shelf: Path, tmp_path: Path) -> None:
    for kind in ("epub", "docx", "markdown"):
        book = Book(f"书{kind}", "某人", (Chapter("第一章 甲", (prose(kind),)),))
        (shelf / f"x{FORMATS[kind].suffix}").write_bytes(publish(book, kind))
    (shelf / "page.html").write_text(f"<html><title>网页</title><body><p>{prose('html')}</p></body></html>", "utf-8")
    with tarfile.open(shelf / "more.tar.xz", "w:xz") as archive:
        data = novel("tar").encode("gb18030")
        member = tarfile.TarInfo("deep/包里.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    put_tables(shelf)
    report = run([shelf], tmp_path / "out")
    assert report.faults == ()
    expected = {
        "江上",
        "山中",
        "雨夜",
        "书epub",
        "书docx",
        "书markdown",
        "包里",
        "网上",
        "表0",
        "表1",
        "表2",
        "表3",
        "网页",
    }
    assert set(works_of(tmp_path / "out")) == expected
    assert works_of(tmp_path / "out")["表2"].book.author == "某人"


def test_corpus_built_of_a_corpus_is_the_same_works_in_the_same_splits(shelf: Path, tmp_path: Path) -> None:
    run([shelf], tmp_path / "first", BuildOptions(validation=("山中",)))
    run([tmp_path / "first"], tmp_path / "second", BuildOptions(parts=(0.0, 0.0, 1.0)))
    first, second = works_of(tmp_path / "first"), works_of(tmp_path / "second")
    assert {title: (work.split, work.text) for title, work in first.items()} == {
        title: (work.split, work.text) for title, work in second.items()
    }


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "UNIT", 1000)


@pytest.mark.usefixtures("small_units")
def test_result_is_the_same_to_the_byte_with_any_number_of_workers(shelf: Path, tmp_path: Path) -> None:
    (shelf / "again.txt").write_text(novel("江上1", "own"), "utf-8")
    put_tables(shelf)
    for workers in (1, 2):
        run([shelf], tmp_path / f"{workers}" / "out", BuildOptions(parts=(0.5, 0.3, 0.2)), workers=workers)
    assert files_of(tmp_path / "1" / "out") == files_of(tmp_path / "2" / "out")
    assert multiprocessing.active_children() == []


def stopping_after(count: int) -> Any:
    """Return what prepares some units as always, and then is interrupted."""

    def preparing(units: Iterable[Unit], options: PrepareOptions) -> Iterator[bytes]:
        for number, unit in enumerate(units):
            if number == count:
                raise KeyboardInterrupt
            yield prepare(unit, options)

    return preparing


@pytest.mark.usefixtures("small_units")
def test_build_that_was_interrupted_goes_on_and_comes_to_the_same(shelf: Path, tmp_path: Path) -> None:
    run([shelf], tmp_path / "whole" / "out")
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run([shelf], out, preparing=stopping_after(2))
    assert not out.exists()
    report = run([shelf], out)
    assert (report.kept_units, report.started_over) == (2, False)
    assert files_of(out) == files_of(tmp_path / "whole" / "out")


@pytest.mark.usefixtures("small_units")
def test_changed_source_is_prepared_anew_and_other_options_start_over(shelf: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run([shelf], out, preparing=stopping_after(2))
    (shelf / "山中.txt").write_text(novel("new"), "utf-8")
    with pytest.raises(KeyboardInterrupt):
        run([shelf], out, preparing=stopping_after(1))
    report = run([shelf], out)
    assert report.kept_units == 2
    assert works_of(out)["山中"].text == novel("new").strip()
    with pytest.raises(KeyboardInterrupt):
        run([shelf], out, preparing=stopping_after(2))
    report = run([shelf], out, prepare=PrepareOptions(licence="CC0"))
    assert (report.kept_units, report.started_over) == (0, True)
    assert {work.licence for work in works_of(out).values()} == {"CC0"}


@pytest.mark.usefixtures("small_units")
def test_torn_file_of_an_interrupted_build_is_made_again(shelf: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run([shelf], out, preparing=stopping_after(2))
    torn = sorted((tmp_path / "out.part" / "prepared").iterdir())[0]
    torn.write_bytes(torn.read_bytes()[:100])
    assert run([shelf], out).kept_units == 1
    assert len(works_of(out)) == 3


def test_killed_program_leaves_what_the_next_goes_on_from(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02d}.txt").write_text(
            novel(*(f"{number}-{place}" for place in range(9)), count=60), "utf-8"
        )
    code = (
        "import sys; from pathlib import Path; from moxu.corpus.sources import pieces; pieces.UNIT = 1000\n"
        "from moxu.corpus.build.pipeline import build; build([Path(sys.argv[1])], Path(sys.argv[2]))"
    )
    out, prepared = tmp_path / "out", tmp_path / "out.part" / "prepared"
    process = subprocess.Popen([sys.executable, "-c", code, folder, out], stderr=subprocess.PIPE)
    assert process.stderr is not None
    wait_until(lambda: process.poll() is not None or (prepared.is_dir() and len(list(prepared.iterdir())) > 3))
    process.kill()
    process.communicate()
    original, pieces.UNIT = pieces.UNIT, 1000
    try:
        report = run([folder], out)
    finally:
        pieces.UNIT = original
    assert report.works == 30
    if os.name != "nt" and process.returncode == -signal.SIGKILL:
        assert report.kept_units >= 3


def test_nothing_of_held_out_works_is_in_training(shelf: Path, tmp_path: Path) -> None:
    pages = novel(*(f"江上{number}" for number in range(3)), count=80)
    (shelf / "江上.txt").write_text(pages, "utf-8")
    (shelf / "抄本.txt").write_text(pages.replace("夜", "夕") + novel("own"), "utf-8")
    run([shelf], tmp_path / "out", BuildOptions(validation=("江上",)))
    works = works_of(tmp_path / "out")
    assert {title: work.split for title, work in works.items()} == {
        "江上": "validation",
        "山中": "train",
        "雨夜": "train",
        "抄本": "validation",  # which shares its text, and is not named
    }
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("title\tsplit\n江上\ttest\n抄本\ttrain\n山中\ttrain\n雨夜\ttrain\n", "utf-8")
    report = run([shelf], tmp_path / "named", manifest=manifest)
    works = works_of(tmp_path / "named")
    assert [len(works[title].book.chapters) for title in ("江上", "抄本")] == [3, 1]
    assert any("share text" in warning for warning in report.warnings)


def test_what_is_dropped_is_told_with_what_it_repeats(shelf: Path, tmp_path: Path) -> None:
    (shelf / "重复.txt").write_text(novel("江上1", "own"), "utf-8")
    (shelf / "坏.epub").write_bytes(b"PK\x03\x04junk")
    report = run([shelf], tmp_path / "out")
    dropped = lines_of(tmp_path / "out" / "dropped.jsonl")
    assert [each["why"] for each in dropped] == ["unreadable", "exact duplicate"]
    assert dropped[1]["number"] == 1
    assert dropped[1]["of"] == {
        "work": works_of(tmp_path / "out")["江上"].id,
        "title": "江上",
        "number": 2,
        "heading": "第二章 回目",
    }
    assert [(fault.source, report.unreadable) for fault in report.faults] == [("shelf/坏.epub", 1)]


def test_work_that_repeats_another_whole_is_left_out_and_listed(shelf: Path, tmp_path: Path) -> None:
    (shelf / "乙本.txt").write_bytes((shelf / "山中.txt").read_bytes())
    report = run([shelf], tmp_path / "out")
    assert report.works == 3
    listed = {work["title"]: work for work in lines_of(tmp_path / "out" / "works.jsonl")}
    assert len(listed) == 4
    assert [listed[title]["kept"] for title in ("乙本", "山中")] == [listed["乙本"]["read"], 0]


def test_rows_of_one_work_are_one_work_however_they_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"title": title, "chapter": f"第{n}回", "text": prose(f"{title}{n}")} for title in "甲乙" for n in range(9)]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    run([tmp_path / "t.jsonl"], tmp_path / "whole")
    monkeypatch.setattr("moxu.corpus.sources.tables.UNIT", 3000)
    monkeypatch.setattr(pieces, "UNIT", 3000)
    run([tmp_path / "t.jsonl"], tmp_path / "cut")
    for folder in ("whole", "cut"):
        works = works_of(tmp_path / folder)
        assert {title: len(work.book.chapters) for title, work in works.items()} == {"甲": 9, "乙": 9}
    ids = [[work.id for work in Corpus(tmp_path / folder).works()] for folder in ("whole", "cut")]
    assert ids[0] == ids[1]


def test_older_corpus_is_replaced_and_anything_else_is_not(shelf: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run([shelf], out)
    (shelf / "山中.txt").unlink()
    run([shelf], out)
    assert len(works_of(out)) == 2
    with pytest.raises(SettingsError, match="exists and is no corpus"):
        run([shelf], shelf)
    other = tmp_path / "x.part"
    other.mkdir()
    (other / "diary.txt").write_text("mine", "utf-8")
    with pytest.raises(SettingsError, match="is no unfinished corpus"):
        run([shelf], tmp_path / "x")
    assert (other / "diary.txt").read_text("utf-8") == "mine"


def test_build_at_which_another_process_is_at_work_is_refused(shelf: Path, tmp_path: Path) -> None:
    build([shelf], tmp_path / "out")
    before = (tmp_path / "out" / "corpus.json").read_bytes()
    with claim(tmp_path / "out"), pytest.raises(SettingsError, match="out: another process is at work on it"):
        build([shelf], tmp_path / "out")
    assert (tmp_path / "out" / "corpus.json").read_bytes() == before
    assert build([shelf], tmp_path / "out").works == 3


def test_corpus_in_the_folder_of_its_sources_is_not_built_of_itself(shelf: Path) -> None:
    run([shelf], shelf / "out")
    assert run([shelf], shelf / "out").works == 3


def test_nothing_to_build_of_is_a_mistake_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TextError, match="no texts here"):
        run([tmp_path / "empty"], tmp_path / "out")
    (tmp_path / "empty" / "a.txt").write_bytes(b"")
    with pytest.raises(TextError, match=r"nothing is left .*a\.txt: has no text in it"):
        run([tmp_path / "empty"], tmp_path / "out")


def test_title_that_no_work_has_is_named_with_the_nearest(shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no work has the title '山'; did you mean '山中'"):
        run([shelf], tmp_path / "out", BuildOptions(test=("山",)))


def test_numbers_that_differ_from_the_manifest_and_missing_works_are_told(shelf: Path, tmp_path: Path) -> None:
    size = len(novel(*(f"江上{number}" for number in range(3))).strip())
    rows = [f"江上\ttrain\t{size}", "山中\ttrain\t7", "雨夜\ttrain\t", "云外\ttest\t"]
    (shelf / "manifest.tsv").write_text("title\tsplit\tchars\n" + "\n".join(rows), "utf-8")
    report = run([shelf], tmp_path / "out")
    statistics = json.loads((tmp_path / "out" / "statistics.json").read_bytes())
    assert statistics["manifest"]["told"] == 2
    assert [each["title"] for each in statistics["manifest"]["differing"]] == ["山中"]
    assert statistics["manifest"]["missing"] == ["云外"]
    assert len([warning for warning in report.warnings if "manifest" in warning]) == 3  # the licence, too


def test_progress_comes_to_the_end_of_every_stage(shelf: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    run([shelf], tmp_path / "out", progress=seen.append)
    last = {progress.stage: (progress.done, progress.total) for progress in seen}
    assert list(last) == ["prepare", "compare", "write"]
    assert all(done == total > 0 for done, total in last.values())
    assert seen[-1].characters > 0


def test_options_that_cannot_be_used_are_named() -> None:
    for options, message in (
        ({"near": 0.1}, "threshold is 0.1"),
        ({"parts": (0.5, 0.5)}, "expected three parts"),
        ({"parts": (0.9, 0.3, -0.2)}, "expected three parts"),
        ({"validation": ("甲",), "test": ("甲",)}, "named for validation and for test"),
        ({"min_chars": 0}, "min_chars is 0"),
        ({"seed": -1}, "seed is -1"),
    ):
        with pytest.raises(SettingsError, match=message):
            BuildOptions(**options)


def test_command_on_the_card_makes_the_same_corpus() -> None:
    given = PrepareOptions(without=("quotes", "dashes"), simplified=True, licence="public domain")
    options = BuildOptions(near=None, parts=(0.9, 0.05, 0.05), min_chars=20)
    assert pipeline._command(["books"], given, options) == (
        "moxu corpus build books --out CORPUS --without quotes --without dashes --simplified "
        "--licence 'public domain' --near off --split 0.9,0.05,0.05 --min-chars 20"
    )
