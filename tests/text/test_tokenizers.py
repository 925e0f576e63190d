import json
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer as Tokenizers
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from moxu.errors import TextError
from moxu.text.bpe import BpeTokenizer
from moxu.text.chars import CharTokenizer
from moxu.text.cpm import CpmTokenizer
from moxu.text.rwkv_world import RwkvWorldTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import KINDS, load_tokenizer, read_vocab, save_tokenizer
from moxu.text.turns import TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable
from moxu.text.wordpiece import WordPieceTokenizer
from tests_paths import REPOSITORY


def byte_level() -> Tokenizers:
    core = Tokenizers(BPE({character: byte for byte, character in enumerate(sorted(ByteLevel.alphabet()))}, []))
    core.pre_tokenizer = ByteLevel(add_prefix_space=False)
    core.decoder = ByteLevelDecoder()
    return core


BYTES = {byte + 1: bytes((byte,)) for byte in range(256)}
TOKENIZERS: list[Tokenizer] = [
    CharTokenizer("\n的一是"),
    WordTable(["\n", "的", UNKNOWN]),
    RwkvWorldTokenizer(BYTES | {300: "这是".encode()}),
    CpmTokenizer.load(REPOSITORY / "tests" / "golden" / "text" / "cpm1_vocab.model"),
    WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "的", "是"]),
    BpeTokenizer(byte_level().to_str(), end_id=7, vocab_size=300),
    TurnsTokenizer(["<pad>", "<unk>", "<sep>", "的", "是"]),
]


def test_there_is_a_test_for_every_kind() -> None:
    assert {tokenizer.kind for tokenizer in TOKENIZERS} == KINDS.keys()


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.kind)
def test_a_saved_tokenizer_is_loaded_from_its_description(tokenizer: Tokenizer, tmp_path: Path) -> None:
    description = json.loads(json.dumps(save_tokenizer(tokenizer, tmp_path)))
    loaded = load_tokenizer(description, tmp_path)
    assert type(loaded) is type(tokenizer)
    assert loaded.vocab_size == tokenizer.vocab_size
    assert loaded.encode("这是的\n") == tokenizer.encode("这是的\n")
    assert (loaded.end_id, loaded.forbidden_ids) == (tokenizer.end_id, tokenizer.forbidden_ids)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.kind)
def test_a_vocabulary_file_is_recognised_whatever_it_is_called(tokenizer: Tokenizer, tmp_path: Path) -> None:
    description = save_tokenizer(tokenizer, tmp_path)
    path = (tmp_path / description["file"]).rename(tmp_path / "vocabulary")
    assert read_vocab(path).kind == tokenizer.kind


def test_a_word_table_in_utf_8_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_text('{\n "0": "的",\n "1": "\ue083"\n}', "utf-8")
    assert read_vocab(path).kind == "word_table"


@pytest.mark.parametrize("content", [b"", "这是一颗".encode(), b"\x80\x02}q\x00", b"[1]", b"1 apple"])
def test_a_file_that_is_no_vocabulary_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vocabulary"
    path.write_bytes(content)
    with pytest.raises(TextError, match="is no vocabulary") as error:
        read_vocab(path)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_either_of_the_two_files_of_gpt2_names_both(tmp_path: Path, name: str) -> None:
    byte_level().model.save(str(tmp_path))
    tokenizer = read_vocab(tmp_path / name)
    assert tokenizer.kind == "bpe"
    assert tokenizer.decode(tokenizer.encode("这是\n")) == "这是\n"


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_one_of_the_two_files_of_gpt2_alone_is_no_vocabulary(tmp_path: Path, name: str) -> None:
    byte_level().model.save(str(tmp_path))
    (tmp_path / name).rename(tmp_path / "another")
    with pytest.raises(TextError, match="is no vocabulary"):
        read_vocab(tmp_path / "another")


@pytest.mark.parametrize("told", [{"end_id": "7"}, {"vocab_size": 1e300}, {"end_id": [7]}, {"vocab_size": True}])
def test_a_description_with_something_else_than_numbers_is_refused(tmp_path: Path, told: dict[str, object]) -> None:
    description = save_tokenizer(TOKENIZERS[5], tmp_path)
    with pytest.raises(TextError, match="expected numbers"):
        load_tokenizer(description | told, tmp_path)


@pytest.mark.parametrize("told", [{"vocab_size": 3}, {"vocab_size": 1 << 40}, {"vocab_size": -1}, {"end_id": -1}])
def test_a_description_with_numbers_that_do_not_fit_is_refused(tmp_path: Path, told: dict[str, object]) -> None:
    description = save_tokenizer(TOKENIZERS[5], tmp_path)
    with pytest.raises(TextError, match=r"tokenizer\.json: "):
        load_tokenizer(description | told, tmp_path)


def test_a_missing_vocabulary_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"words\.json: no such file"):
        read_vocab(tmp_path / "words.json")


@pytest.mark.parametrize(
    "file", ["../words.json", "/etc/passwd", "a/b", "..", ".", "", "C:words.json", "..\\x", "\0", 7]
)
def test_a_tokenizer_file_outside_the_folder_is_refused(tmp_path: Path, file: object) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    save_tokenizer(TOKENIZERS[1], tmp_path)
    with pytest.raises(TextError, match="expected the name of a file in the folder"):
        load_tokenizer({"kind": "word_table", "file": file}, folder)


@pytest.mark.parametrize(
    ("description", "mistake"),
    [
        ({"kind": "word_tabel", "file": "words.json"}, "did you mean 'word_table'"),
        ({"kind": ["chars"], "file": "words.json"}, "unknown tokenizer kind"),
        ({"kind": "chars"}, "expected a kind and a file"),
        ("chars", "expected a kind and a file"),
        ({"kind": "word_table", "file": "words.json"}, "no such file"),
    ],
)
def test_a_description_that_names_no_tokenizer_is_refused(tmp_path: Path, description: object, mistake: str) -> None:
    with pytest.raises(TextError, match=mistake):
        load_tokenizer(description, tmp_path)  # type: ignore[arg-type]


def test_tokenizers_are_imported_only_when_one_is_needed() -> None:
    program = "import sys, moxu.text.tokenizers; print([m for m in sys.modules if m.startswith('moxu.text.')])"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    for kind in KINDS:
        assert f"moxu.text.{kind}" not in output


def test_the_text_package_does_not_import_torch() -> None:
    program = (
        "import importlib, pkgutil, sys, moxu.text\n"
        "for module in pkgutil.iter_modules(moxu.text.__path__): importlib.import_module('moxu.text.' + module.name)\n"
        "print('torch' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "False"
