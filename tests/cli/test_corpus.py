from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.pack.packed import PackedText
from moxu.text.chars import CharTokenizer

Moxu = Callable[..., Any]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "一.txt").write_text("这是一颗星。", "utf-8")
    (folder / "二.txt").write_bytes("那是一座山，山高水长。".encode("gb18030"))
    return folder


def test_texts_are_packed_and_counted(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    answer = moxu("corpus", "pack", texts, "--out", tmp_path / "packed")
    assert answer.status == 0
    assert "2 texts, 19 characters" in answer.out
    packed = PackedText(tmp_path / "packed")
    assert packed.tokenizer.decode(packed.ids[:8].tolist()) == "\n这是一颗星。"


def test_a_given_vocabulary_is_used(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    CharTokenizer("\n山水").save(tmp_path / "chars.json")
    assert moxu("corpus", "pack", texts, "--out", tmp_path / "packed", "--vocab", tmp_path / "chars.json").status == 0
    assert PackedText(tmp_path / "packed").tokenizer.vocab_size == 260


def test_a_manifest_tells_the_splits(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("title\tsplit\tera\tstyle\n一\ttrain\tnew\tplain\n二\tvalidation\told\tplain\n", "utf-8")
    assert moxu("corpus", "pack", texts, "--out", tmp_path / "packed", "--manifest", manifest).status == 0
    (held_out,) = PackedText(tmp_path / "packed").of_split("validation")
    assert (held_out.name, held_out.group) == ("二", "old, plain")


def test_a_packed_folder_is_replaced_and_any_other_is_refused(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    assert [moxu("corpus", "pack", texts, "--out", packed).status for _ in range(2)] == [0, 0]
    answer = moxu("corpus", "pack", texts, "--out", texts)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "no packed folder" in answer.err
    assert len(list(texts.iterdir())) == 2


def test_sources_without_texts_are_named(moxu: Moxu, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = moxu("corpus", "pack", tmp_path / "empty", "--out", tmp_path / "packed")
    assert answer.status == 2
    assert "no .txt files" in answer.err
    assert not (tmp_path / "packed").exists()
