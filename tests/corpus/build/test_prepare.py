"""Preparing a unit: the same bytes wherever it runs, facts from manifests and sources, and nothing that is fatal."""

from pathlib import Path

import numpy as np
import pytest

from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.prepare import prepare, prepare_units
from moxu.corpus.build.prepared import Prepared, read_prepared
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.corpus.manifest import Manifest, Row
from moxu.corpus.sources.pieces import Piece, Unit
from moxu.errors import SettingsError
from novels import novel


def prepared(folder: Path, *pieces: Piece, options: PrepareOptions | None = None) -> Prepared:
    path = folder / "unit.arrow"
    path.write_bytes(prepare(Unit(pieces), options or PrepareOptions()))
    return read_prepared(path)


def book(name: str, text: str, encoding: str = "utf-8", manifest: str = "") -> Piece:
    return Piece("book", name, text.encode(encoding), manifest=manifest)


def test_chapters_carry_what_tells_duplicates_from_others(tmp_path: Path) -> None:
    found = prepared(tmp_path, book("shelf/江上.txt", novel("a", "b"), "gb18030"))
    rows = found.chapters.to_pylist()
    assert [(row["work"], row["number"], row["heading"]) for row in rows] == [
        (0, 1, "第一章 回目"),
        (0, 2, "第二章 回目"),
    ]
    fingerprint = Fingerprinter().of(rows[0]["text"])
    assert fingerprint.signature is not None
    assert rows[0]["exact"] == fingerprint.exact
    assert np.array_equal(np.frombuffer(rows[0]["signature"], "<u4"), fingerprint.signature)
    (work,) = found.works
    assert (work.title, work.encoding, work.read) == ("江上", "gb18030", len(novel("a", "b").strip()))
    assert work.cleaned == work.read


def test_same_unit_gives_the_same_bytes() -> None:
    unit = Unit((book("a.txt", novel("a", "b")), book("b.txt", novel("c"))))
    assert prepare(unit, PrepareOptions()) == prepare(unit, PrepareOptions())


def test_manifest_says_what_a_work_is_whether_by_the_name_of_its_file_or_by_its_title(tmp_path: Path) -> None:
    rows = {
        "江上": Row("江上", "test", "某人", "1920s", "prose", "CC0", "a shelf", 10, "clean"),
        "山中": Row("山中", "train"),
    }
    options = PrepareOptions(licence="mine", manifests={"m.tsv": Manifest("m.tsv", rows)})
    first = book("x/江上.txt", "《江上记》\n作者：他人\n夜里下了雨。", manifest="m.tsv")
    second = book("x/2.txt", "《山中》\n作者：他人\n风停了。", manifest="m.tsv")
    found = prepared(tmp_path, first, second, book("x/3.txt", "月亮出来了。", manifest="m.tsv"), options=options)
    facts = [(work.title, work.author, work.licence, work.group, work.split, work.told) for work in found.works]
    assert facts == [("江上", "某人", "CC0", "1920s, prose", "test", 10), ("山中", "他人", "mine", "", "train", None)]
    assert [fault.source for fault in found.faults] == ["x/3.txt"]
    assert "does not name '3'" in found.faults[0].reason


def test_damaged_books_are_faults_and_the_others_are_prepared(tmp_path: Path) -> None:
    damaged = {
        "a.epub": b"PK\x03\x04junk",
        "b.docx": b"PK\x05\x06" + bytes(18),
        "c.txt": bytes(range(256)) * 40,
        "d.txt": b"",
        "e.txt": b"%PDF-1.7",
        "f.html": b"<html></html>",
    }
    pieces = [Piece("book", name, data) for name, data in damaged.items()]
    found = prepared(tmp_path, *pieces, book("good.txt", "夜里下了雨。"))
    assert [fault.source for fault in found.faults] == list(damaged)
    assert all("\n" not in fault.reason and fault.source not in fault.reason for fault in found.faults)
    assert [work.title for work in found.works] == ["good"]


def test_stray_bytes_cost_a_warning_and_not_the_book(tmp_path: Path) -> None:
    data = ("夜里下了一场雨，院子里静悄悄的。\n" * 40).encode("gb18030") + b"\xff\n" + "风停了。".encode("gb18030")
    found = prepared(tmp_path, Piece("book", "a.txt", data))
    assert [len(work.warnings) for work in found.works] == [1]
    assert found.faults == ()


def test_titles_of_volumes_and_chapters_that_cleaning_empties_are_told_apart(tmp_path: Path) -> None:
    text = "第一卷 江\n第一章 雨\n夜里下了雨。\n第二章 告示\n（本章未完，请点击下一页继续阅读）\n第三章 风\n风停了。\n"
    rows = prepared(tmp_path, book("a.txt", text)).chapters.to_pylist()
    assert [(bool(row["text"]), row["was_empty"]) for row in rows] == [
        (False, True),
        (True, False),
        (False, False),
        (True, False),
    ]


def test_rules_are_chosen_by_the_options(tmp_path: Path) -> None:
    piece = book("a.txt", "夜裡下了雨...\n他說，「好」。\n")
    usual = prepared(tmp_path, piece).chapters.to_pylist()[0]["text"]
    other = PrepareOptions(without=("ellipses",), simplified=True)
    changed = prepared(tmp_path, piece, options=other).chapters.to_pylist()[0]["text"]
    assert usual.startswith("夜裡下了雨……")
    assert changed.startswith("夜里下了雨...")
    with pytest.raises(SettingsError, match="rule 'elipses' is unknown; did you mean 'ellipses'"):
        prepare(Unit((piece,)), PrepareOptions(without=("elipses",)))


@pytest.mark.parametrize("workers", [1, 2])
def test_units_are_prepared_in_their_order_by_any_number_of_processes(workers: int) -> None:
    units = [Unit((book(f"{number}.txt", novel(number)),)) for number in range(9)]
    results = prepare_units(iter(units), PrepareOptions(), workers)
    assert list(results) == [prepare(unit, PrepareOptions()) for unit in units]
    assert list(prepare_units([], PrepareOptions(), workers)) == []
