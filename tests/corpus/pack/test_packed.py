"""Packed folders: opened without loading, and refused when they are not what their index says."""

import json
from pathlib import Path

import numpy as np
import pytest

from moxu.corpus.pack.packed import IDS_FILE, INDEX_FILE, PackedText, vocabulary_digest
from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.errors import TextError
from moxu.text.chars import CharTokenizer
from moxu.text.tokenizers import save_tokenizer


def test_each_document_comes_out_as_a_newline_its_text_and_the_end(packed: PackedText, texts: list[Text]) -> None:
    for document, text in zip(packed.documents, texts, strict=True):
        ids = packed.ids[document.start : document.end]
        assert ids[-1] == packed.tokenizer.end_id
        decoded = packed.tokenizer.decode(ids[:-1].tolist())
        assert decoded == "\n" + str(text.content).strip()
        assert document.characters == len(decoded)


def test_ids_take_two_bytes_and_are_mapped_not_loaded(packed: PackedText) -> None:
    assert packed.ids.dtype == np.dtype("<u2")
    assert isinstance(packed.ids, np.memmap)


def test_more_than_65536_ids_take_four_bytes(tmp_path: Path) -> None:
    characters = "\n" + "".join(chr(code) for code in range(0x20000, 0x20000 + (1 << 16)))
    pack([Text("甲", characters[-1] + "b")], CharTokenizer(characters), tmp_path / "packed")
    packed = PackedText(tmp_path / "packed")
    assert packed.ids.dtype == np.dtype("<u4")
    assert packed.text_of(packed.documents[0]) == characters[-1] + "b"


def test_split_that_is_not_there_is_named_with_those_that_are(packed: PackedText) -> None:
    assert [document.name for document in packed.of_split("validation")] == ["乙书"]
    with pytest.raises(TextError, match="no documents for test; it has: train, validation"):
        packed.of_split("test")


def test_documents_of_some_splits_are_given_with_their_ids(packed: PackedText) -> None:
    ((document, ids),) = packed.each("validation")
    assert document.group == "modern"
    assert np.array_equal(ids, packed.ids_of(document))
    assert [document.name for document, _ in packed.each("validation", "train")] == ["乙书", "甲书"]


def test_fingerprint_is_of_the_contents_alone(packed: PackedText, texts: list[Text], tmp_path: Path) -> None:
    tokenizer = packed.tokenizer
    pack(texts, tokenizer, tmp_path / "again", workers=2)
    pack([Text(text.name, str(text.content) + "完") for text in texts], tokenizer, tmp_path / "other")
    assert PackedText(tmp_path / "again").fingerprint == packed.fingerprint
    assert PackedText(tmp_path / "other").fingerprint != packed.fingerprint


def test_vocabulary_is_told_from_any_other(packed: PackedText, tmp_path: Path) -> None:
    same = save_tokenizer(packed.tokenizer, tmp_path)
    assert vocabulary_digest(same, tmp_path) == packed.index.vocabulary
    other = save_tokenizer(CharTokenizer("\n别"), tmp_path)
    assert vocabulary_digest(other, tmp_path) != packed.index.vocabulary


def test_vocabulary_that_was_changed_is_refused(packed: PackedText) -> None:
    CharTokenizer("\n别").save(packed.folder / "chars.json")
    with pytest.raises(TextError, match="not the one it was packed with"):
        _ = packed.tokenizer


def test_folder_of_the_older_layout_is_to_be_packed_again(packed: PackedText) -> None:
    older = {"dtype": "<u2", "tokenizer": packed.index.tokenizer, "documents": []}
    (packed.folder / INDEX_FILE).write_text(json.dumps(older), "utf-8")
    with pytest.raises(TextError, match="packed by an older moxu, in another layout; pack it again"):
        PackedText(packed.folder)
    (packed.folder / INDEX_FILE).write_text('{"format": 9}', "utf-8")
    with pytest.raises(TextError, match="of format 9; this moxu reads format 2"):
        PackedText(packed.folder)


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


@pytest.mark.parametrize("file", ["ids.bin", "documents.npy", "names.txt"])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY\x01"])
def test_missing_and_cut_files_are_told_in_a_line(packed: PackedText, file: str, content: bytes | None) -> None:
    (packed.folder / file).unlink()
    if content is not None:
        (packed.folder / file).write_bytes(content)
    with pytest.raises(TextError, match=r"cannot be read|its index says") as told:
        list(PackedText(packed.folder).documents)
    assert "\n" not in str(told.value)
