"""A packing that ended anywhere: what is whole is kept, the rest is made again, and no byte differs."""

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moxu.corpus.pack import packing
from moxu.corpus.pack.encoding import Encoder
from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.corpus.pack.unfinished import BEGUN_FILE, GROWING_FILES, Unfinished
from moxu.text.chars import CharTokenizer

TOKENIZER = CharTokenizer("\n雾江上")
TEXTS = [Text(f"第{n}篇", "雾从江上起来。" * (n % 5 + 1)) for n in range(12)]


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """A folder in which seven texts were packed when the power went."""
    encoder = Encoder(TOKENIZER)
    with Unfinished(tmp_path / "packed", TOKENIZER, encoder.dtype, "o") as unfinished:
        for text in list(unfinished.remaining(TEXTS))[:7]:
            unfinished.append([text], encoder([text]))
    return tmp_path / "packed.part"


@pytest.mark.parametrize("seed", range(12))
def test_files_cut_anywhere_are_gone_on_with(seed: int, half: Path, tmp_path: Path) -> None:
    generator = random.Random(seed)
    for name in generator.sample(GROWING_FILES, k=generator.randrange(1, 4)):
        size = (half / name).stat().st_size
        with (half / name).open("r+b") as file:
            file.truncate(generator.randrange(size + 1))
    answer = pack(TEXTS, TOKENIZER, tmp_path / "packed", origin="o")
    assert 0 <= answer.gone_on_after <= 7
    pack(TEXTS, TOKENIZER, tmp_path / "whole")
    for path in sorted((tmp_path / "whole").iterdir()):
        assert (tmp_path / "packed" / path.name).read_bytes() == path.read_bytes(), path.name


def test_whole_texts_are_kept(half: Path, tmp_path: Path) -> None:
    with (half / "names.txt").open("ab") as file:
        file.write("第".encode()[:2])
    assert pack(TEXTS, TOKENIZER, tmp_path / "packed", origin="o").gone_on_after == 7


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_beginning_that_was_not_written_is_none(content: bytes, half: Path, tmp_path: Path) -> None:
    (half / BEGUN_FILE).write_bytes(content)
    assert pack(TEXTS, TOKENIZER, tmp_path / "packed", origin="o").gone_on_after == 0


def test_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "packed.part").mkdir()
    assert pack(TEXTS, TOKENIZER, tmp_path / "packed", origin="o").gone_on_after == 0


def test_older_folder_is_removed_only_after_the_new_one_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(TEXTS[:1], TOKENIZER, tmp_path / "packed")
    removed: list[tuple[str, bool]] = []
    remove = shutil.rmtree

    def watched(path: Path, **settings: Any) -> None:
        removed.append((Path(path).name, (tmp_path / "packed" / "index.json").is_file()))
        remove(path, **settings)

    monkeypatch.setattr(shutil, "rmtree", watched)
    pack(TEXTS, TOKENIZER, tmp_path / "packed", origin="o")
    assert removed[-1] == (".packed.old", True)


def test_names_are_on_one_line_and_always_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BATCH", 1)
    pack([Text("a\nb \udcff", "雾"), Text("乙", "江")], TOKENIZER, tmp_path / "packed")
    assert (tmp_path / "packed" / "names.txt").read_text("utf-8") == "a b ?\n乙\n"
    assert len(np.load(tmp_path / "packed" / "documents.npy")) == 2
