import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.pack.packed import PackedText
from moxu.text.chars import CharTokenizer
from moxu.text.rwkv_world import RwkvWorldTokenizer
from terminals import Terminal

Moxu = Callable[..., Any]
PROGRAM = [sys.executable, "-m", "moxu"]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "一.txt").write_text("这是一颗星。", "utf-8")
    (folder / "二.txt").write_bytes("那是一座山，山高水长。".encode("gb18030"))
    return folder


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Texts that a slow tokenizer packs in some seconds."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.txt").write_text("雾从江上起来，他还没有睡。" * 4_000, "utf-8")
    RwkvWorldTokenizer({byte + 1: bytes([byte]) for byte in range(256)}).save(tmp_path / "rwkv_vocab.txt")
    return folder


def test_texts_are_packed_and_counted(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    answer = moxu("corpus", "pack", texts, "--out", tmp_path / "packed")
    assert answer.status == 0
    assert "2 texts, 19 characters, 21 ids, vocabulary of 271" in answer.out
    packed = PackedText(tmp_path / "packed")
    assert packed.tokenizer.decode(packed.ids[:8].tolist()) == "\n这是一颗星。"


def test_a_given_vocabulary_is_used(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    CharTokenizer("\n山水").save(tmp_path / "chars.json")
    assert moxu("corpus", "pack", texts, "--out", tmp_path / "packed", "--vocab", tmp_path / "chars.json").status == 0
    assert PackedText(tmp_path / "packed").tokenizer.vocab_size == 260


def test_the_tokenizer_of_a_model_and_of_a_packed_folder_is_used(
    moxu: Moxu, texts: Path, rwkv7: Path, misaka: Path, tmp_path: Path
) -> None:
    assert moxu("corpus", "pack", texts, "--out", tmp_path / "one", "--tokenizer", rwkv7).status == 0
    assert moxu("corpus", "pack", texts, "--out", tmp_path / "two", "--tokenizer", tmp_path / "one").status == 0
    one, two = PackedText(tmp_path / "one"), PackedText(tmp_path / "two")
    assert one.fingerprint == two.fingerprint
    assert one.index.vocabulary == two.index.vocabulary
    answer = moxu("corpus", "pack", texts, "--out", tmp_path / "three", "--tokenizer", misaka)
    assert re.search(r"\d+ of \d+ ids stand for what the vocabulary does not know", answer.err)


def test_a_vocabulary_that_covers_so_much_is_made_and_described(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    answer = moxu("corpus", "pack", texts, "--out", tmp_path / "packed", "--coverage", "0.5", "--workers", 2)
    assert answer.status == 0
    assert re.search(r"vocabulary: 5 of 14 characters cover 52\.6316% of the training text; 9 are spelled", answer.err)
    both = moxu("corpus", "pack", texts, "--out", tmp_path / "packed", "--coverage", "1", "--vocab-size", 260)
    assert "vocabulary of 260" in both.out


def test_a_manifest_tells_the_splits(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("title\tsplit\tera\tstyle\n一\ttrain\tnew\tplain\n二\tvalidation\told\tplain\n", "utf-8")
    assert moxu("corpus", "pack", texts, "--out", tmp_path / "packed", "--manifest", manifest).status == 0
    (held_out,) = PackedText(tmp_path / "packed").of_split("validation")
    assert (held_out.name, held_out.group) == ("二", "old, plain")


def test_texts_without_text_are_named(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    (texts / "空.txt").write_text("\n \n", "utf-8")
    answer = moxu("corpus", "pack", texts, "--out", tmp_path / "packed")
    assert (answer.status, answer.err.splitlines()[-1]) == (0, "left out, because there is no text in them: 空")


def test_what_only_other_programs_read_is_named_and_the_rest_is_packed(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    (texts / "scan.pdf").write_bytes(b"%PDF-1.4")
    answer = moxu("corpus", "pack", texts, "--out", tmp_path / "packed")
    assert (answer.status, len(PackedText(tmp_path / "packed").documents)) == (1, 2)
    assert "left out: texts/scan.pdf: is of a kind that is not read" in answer.err


def test_a_tokenizer_without_an_end_is_told(moxu: Moxu, texts: Path, aiwriter1: Path, tmp_path: Path) -> None:
    answer = moxu("corpus", "pack", texts, "--out", tmp_path / "packed", "--tokenizer", aiwriter1)
    assert answer.status == 0
    assert "no id for the end of a text; only the index says where one ends" in answer.err


def test_a_packed_folder_is_replaced_and_any_other_is_refused(moxu: Moxu, texts: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    assert [moxu("corpus", "pack", texts, "--out", packed).status for _ in range(2)] == [0, 0]
    answer = moxu("corpus", "pack", texts, "--out", texts)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "no packed folder" in answer.err
    assert len(list(texts.iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["empty"], "no texts here"),
        (["nowhere"], "nowhere: no such file or folder"),
        (["texts", "--tokenizer", "nobody"], "no model 'nobody'"),
        (["texts", "--vocab", "texts"], "is a directory; expected a file"),
        (["texts", "--vocab", "texts/一.txt"], "is no vocabulary"),
        (["texts", "--tokenizer", "default", "--coverage", "0.9"], "--coverage are for a new vocabulary"),
        (["texts", "--coverage", "1.5"], "1.5"),
        (["texts", "--manifest", "none.tsv"], "none.tsv: no such file"),
        (["lines.jsonl"], "moxu corpus build"),
        (["cut.tar.gz"], "damaged archive"),
    ],
)
@pytest.mark.usefixtures("texts")
def test_a_mistake_is_one_line_and_leaves_nothing(
    moxu: Moxu, arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "lines.jsonl").write_text("{}", "utf-8")
    (tmp_path / "cut.tar.gz").write_bytes(b"\x1f\x8b\x08")
    answer = moxu("corpus", "pack", *arguments, "--out", "packed")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert said in answer.err
    assert not (tmp_path / "packed").exists()
    assert not (tmp_path / "packed.part").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_ctrl_c_leaves_no_half_folder_and_the_same_command_goes_on(
    start: Callable[..., subprocess.Popen[bytes]], moxu: Moxu, many: Path, tmp_path: Path
) -> None:
    command = ["corpus", "pack", many, "--vocab", tmp_path / "rwkv_vocab.txt"]
    process = start(*command, "--out", tmp_path / "packed", "--workers", 2)
    rows = tmp_path / "packed.part" / "documents.rows"
    end = time.monotonic() + 60
    while not (rows.exists() and rows.stat().st_size) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err.decode()
    assert "the same command goes on from there" in err.decode()
    assert not (tmp_path / "packed").exists()
    answer = moxu(*command, "--out", tmp_path / "packed", "--workers", 1)
    assert answer.status == 0
    assert re.search(r"went on after \d+ texts? that were packed before", answer.err)
    assert moxu(*command, "--out", tmp_path / "whole", "--workers", 1).status == 0
    assert PackedText(tmp_path / "packed").fingerprint == PackedText(tmp_path / "whole").fingerprint


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
def test_a_full_disk_is_told_and_keeps_what_was_written(many: Path, tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    command = [*PROGRAM, "corpus", "pack", str(many), "--vocab-size", "300", "--out", str(tmp_path / "packed")]
    done = subprocess.run(command, capture_output=True, preexec_fn=limit, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == "moxu: File too large; what was written before is kept"
    assert not (tmp_path / "packed").exists()
    assert subprocess.run(command, capture_output=True, check=True).stderr.decode().count("went on after") == 1


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo terminal")
def test_a_terminal_shows_a_bar_with_speed(terminal: Callable[..., Terminal], texts: Path, tmp_path: Path) -> None:
    page = terminal("corpus", "pack", texts, "--out", tmp_path / "packed")
    page.wait_for("packing: 2 texts, 19 characters, ")
    page.wait_for(" a second")
    page.wait_for("100%")
