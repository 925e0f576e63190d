"""Finding the vocabulary of a foreign checkpoint."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer as Tokenizers
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import BPE, WordPiece
from tokenizers.pre_tokenizers import ByteLevel

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError, MoxuError
from moxu.text.tokenizer import Tokenizer
from moxu.text.turns import TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable


def write_table(path: Path, size: int) -> Path:
    characters = [UNKNOWN, "\n", *(chr(0x4E00 + index) for index in range(size - 2))]
    WordTable(characters).save(path)
    return path


def test_table_beside_the_checkpoint_is_found_among_other_json_files(tmp_path: Path) -> None:
    write_table(tmp_path / "table.json", 5)
    (tmp_path / "config.json").write_text('{"0": 1}')
    found = find_tokenizer(tmp_path / "model.pth", ReadOptions(), 5)
    assert found is not None
    assert found.encode("一") == [2]


def test_only_the_table_of_the_right_size_is_taken(tmp_path: Path) -> None:
    for size in (4, 5, 6):
        write_table(tmp_path / f"table{size}.json", size)
    found = find_tokenizer(tmp_path / "model.pth", ReadOptions(), 5)
    assert found is not None
    assert found.vocab_size == 5
    assert find_tokenizer(tmp_path / "model.pth", ReadOptions(), 7) is None


def test_two_tables_that_fit_decide_nothing(tmp_path: Path) -> None:
    write_table(tmp_path / "a.json", 5)
    write_table(tmp_path / "b.json", 5)
    assert find_tokenizer(tmp_path / "model.pth", ReadOptions(), 5) is None


@pytest.mark.parametrize("is_folder", [True, False])
def test_named_table_or_folder_is_used(tmp_path: Path, is_folder: bool) -> None:
    path = write_table(tmp_path / "table.json", 5)
    options = ReadOptions(vocab=tmp_path if is_folder else path)
    found = find_tokenizer(tmp_path / "elsewhere" / "model.pth", options, 5)
    assert found is not None
    assert found.vocab_size == 5


@pytest.mark.parametrize("is_folder", [True, False])
def test_named_table_of_another_size_names_both_sizes(tmp_path: Path, is_folder: bool) -> None:
    path = write_table(tmp_path / "table.json", 5)
    with pytest.raises(CheckpointError, match=r"table\.json: the vocabulary has 5 entries, but the model has 9"):
        find_tokenizer(tmp_path / "model.pth", ReadOptions(vocab=tmp_path if is_folder else path), 9)


def test_named_folder_without_a_vocabulary_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no vocabulary in this folder"):
        find_tokenizer(tmp_path / "model.pth", ReadOptions(vocab=tmp_path), 9)


def write_entries(path: Path, *words: str) -> Path:
    path.write_text("".join(f"{word}\n" for word in ("[UNK]", "[CLS]", "[SEP]", *words)), "utf-8")
    return path


def write_byte_level(folder: Path) -> None:
    """Write what a Hugging Face folder of a byte-level BPE holds: one vocabulary of 256 entries in two forms."""
    core = Tokenizers(BPE({character: byte for byte, character in enumerate(sorted(ByteLevel.alphabet()))}, []))
    core.pre_tokenizer, core.decoder = ByteLevel(add_prefix_space=False), ByteLevelDecoder()
    core.save(str(folder / "tokenizer.json"))
    core.model.save(str(folder))


def find(path: Path, vocab_size: int, vocab: Path | None = None) -> Tokenizer:
    found = find_tokenizer(path, ReadOptions(vocab=vocab), vocab_size)
    assert found is not None
    return found


def test_a_vocabulary_in_the_folder_that_is_the_checkpoint_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "bert"
    folder.mkdir()
    write_entries(tmp_path / "vocab.txt", "一", "二")
    write_entries(folder / "vocab.txt", "二", "一")
    assert find(folder, 5).encode("一") == [4]
    assert find(folder / "model.safetensors", 5).encode("一") == [4]


def test_of_a_vocabulary_in_two_forms_the_first_is_taken(tmp_path: Path) -> None:
    core = Tokenizers(WordPiece({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "一": 3}, unk_token="[UNK]"))
    core.decoder = WordPieceDecoder()
    core.save(str(tmp_path / "tokenizer.json"))
    assert find(tmp_path, 4).kind == "bpe"
    write_entries(tmp_path / "vocab.txt", "一")
    assert find(tmp_path, 4).kind == "wordpiece"
    assert find(tmp_path, 4, vocab=tmp_path).kind == "wordpiece"


@pytest.mark.parametrize("gone", [(), ("tokenizer.json",), ("vocab.json", "merges.txt")])
def test_a_byte_level_vocabulary_is_found_in_either_form(tmp_path: Path, gone: tuple[str, ...]) -> None:
    write_byte_level(tmp_path)
    for name in gone:
        (tmp_path / name).unlink()
    assert find(tmp_path, 256).decode(find(tmp_path, 256).encode("一")) == "一"


def test_a_byte_level_vocabulary_fits_a_model_that_was_padded(tmp_path: Path) -> None:
    write_byte_level(tmp_path)
    for vocab in (None, tmp_path, tmp_path / "tokenizer.json", tmp_path / "merges.txt"):
        padded = find(tmp_path, 320, vocab)
        assert padded.vocab_size == 320
        assert padded.forbidden_ids == tuple(range(256, 320))
    with pytest.raises(CheckpointError, match=r"the vocabulary has 256 entries, but the model has 255"):
        find_tokenizer(tmp_path, ReadOptions(vocab=tmp_path), 255)


def test_the_model_of_cpm_is_found_in_the_folder_that_was_named(golden: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bpe_3w_new"
    folder.mkdir()
    (folder / "chinese_vocab.model").write_bytes((golden / "text" / "cpm1_vocab.model").read_bytes())
    (folder / "vocab.json").write_text('{"<unk>": 0}', "utf-8")
    assert find(tmp_path / "CPM", 320, vocab=folder).kind == "cpm"


def test_the_vocabulary_of_the_bot_is_found_beside_its_model(tmp_path: Path) -> None:
    TurnsTokenizer(["<pad>", "<unk>", "<sep>", "你"]).save(tmp_path / "dict_datas.json")
    assert find(tmp_path / "GPT2.pt", 4).kind == "turns"


def test_another_programs_file_of_the_same_name_is_passed_over_unless_named(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("hello\nworld\n", "utf-8")
    (tmp_path / "tokenizer.json").write_bytes(b"")
    assert find_tokenizer(tmp_path / "model.pth", ReadOptions(), 2) is None
    with pytest.raises(MoxuError, match="is no vocabulary"):
        find_tokenizer(tmp_path / "model.pth", ReadOptions(vocab=tmp_path), 2)


def test_a_damaged_vocabulary_beside_the_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"', "utf-8")
    with pytest.raises(MoxuError, match=r"tokenizer\.json: is no JSON"):
        find_tokenizer(tmp_path / "model.pth", ReadOptions(), 2)


def test_a_checkpoint_that_is_not_there_has_no_vocabulary_beside_it(tmp_path: Path) -> None:
    write_entries(tmp_path / "vocab.txt")
    assert find(tmp_path / "absent.pth", 3).kind == "wordpiece"


def test_missing_vocabulary_is_named(tmp_path: Path) -> None:
    with pytest.raises(MoxuError, match=r"absent\.json"):
        find_tokenizer(tmp_path / "model.pth", ReadOptions(vocab=tmp_path / "absent.json"), 9)
