"""Packing: texts become ids in one mapped file, and come out of it as they went in."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from moxu.corpus.pack.packed import IDS_FILE, INDEX_FILE, PackedText
from moxu.corpus.pack.packing import Work, build_vocabulary, pack, read_works
from moxu.errors import TextError
from moxu.text.chars import CharTokenizer

TEXTS = {"甲书": "第一回\n却说那日，天色已晚。\n", "乙书": "雾从江上起来的时候，他还没有睡。"}
MANIFEST = "title\tera\tstyle\tsplit\n甲书\tQing\tvernacular\ttrain\n乙书\tmodern\tvernacular\tvalidation\n"


@pytest.fixture
def works() -> list[Work]:
    return [Work("甲书", TEXTS["甲书"]), Work("乙书", TEXTS["乙书"], split="validation", group="modern")]


@pytest.fixture
def packed(works: list[Work], tmp_path: Path) -> PackedText:
    pack(works, build_vocabulary(works, 300), tmp_path / "packed")
    return PackedText(tmp_path / "packed")


def test_each_document_comes_out_as_a_newline_its_text_and_the_end(packed: PackedText) -> None:
    for document in packed.documents:
        ids = packed.ids[document.start : document.start + document.length]
        assert ids[-1] == packed.tokenizer.end_id
        text = packed.tokenizer.decode(ids[:-1].tolist())
        assert text == "\n" + TEXTS[document.name].strip()
        assert document.characters == len(text)


def test_vocabulary_is_chosen_without_the_validation_works(works: list[Work]) -> None:
    characters = build_vocabulary(works, 1000).characters
    assert set(characters) == set(TEXTS["甲书"])


def test_ids_take_two_bytes_and_are_mapped_not_loaded(packed: PackedText) -> None:
    assert packed.ids.dtype == np.dtype("<u2")
    assert isinstance(packed.ids, np.memmap)


def test_split_that_is_not_there_is_named_with_those_that_are(packed: PackedText) -> None:
    assert [document.name for document in packed.of_split("validation")] == ["乙书"]
    with pytest.raises(TextError, match="no documents for test; it has: train, validation"):
        packed.of_split("test")


def test_packing_again_replaces_the_folder(works: list[Work], packed: PackedText) -> None:
    pack(works[:1], build_vocabulary(works, 300), packed.folder)
    assert [document.name for document in PackedText(packed.folder).documents] == ["甲书"]


def test_folder_stays_as_it_was_when_packing_fails_half_way(packed: PackedText) -> None:
    def failing() -> object:
        yield Work("丙书", "字")
        raise TextError("the third file cannot be read")

    with pytest.raises(TextError):
        pack(failing(), CharTokenizer("\n字"), packed.folder)  # type: ignore[arg-type]
    assert len(PackedText(packed.folder).documents) == 2


def make_archive(path: Path) -> Path:
    with tarfile.open(path, "w:xz") as archive:
        for name, text in TEXTS.items():
            data = text.encode("gb18030")
            member = tarfile.TarInfo(f"fiction/{name}.txt")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_archive_and_folder_give_the_same_works(tmp_path: Path) -> None:
    folder = tmp_path / "fiction"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    from_folder = {work.name: work.text for work in read_works([folder])}
    from_archive = {work.name: work.text for work in read_works([make_archive(tmp_path / "a.tar.xz")])}
    assert from_folder == from_archive == TEXTS


def test_manifest_gives_split_and_group(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text(MANIFEST, encoding="utf-8")
    works = {work.name: work for work in read_works([make_archive(tmp_path / "a.tar.xz")], manifest)}
    assert (works["甲书"].split, works["甲书"].group) == ("train", "Qing, vernacular")
    assert works["乙书"].split == "validation"


def test_work_that_the_manifest_does_not_name_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("".join(MANIFEST.splitlines(keepends=True)[:2]), encoding="utf-8")
    with pytest.raises(TextError, match="does not name '乙书'"):
        list(read_works([make_archive(tmp_path / "a.tar.xz")], manifest))


def test_manifest_without_its_columns_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("title\tkind\n甲书\tx\n", encoding="utf-8")
    with pytest.raises(TextError, match="no column era, split, style"):
        list(read_works([], manifest))


def test_damaged_folders_are_named(packed: PackedText, tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no packed text here"):
        PackedText(tmp_path)
    with (packed.folder / IDS_FILE).open("ab") as file:
        file.write(b"\0\0")
    with pytest.raises(TextError, match="its index says"):
        PackedText(packed.folder)
    (packed.folder / INDEX_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(TextError, match=r"index\.json: damaged"):
        PackedText(packed.folder)
