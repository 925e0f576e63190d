"""Finding the vocabulary of a foreign checkpoint."""

from pathlib import Path

import pytest

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError, MoxuError
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


def test_missing_vocabulary_is_named(tmp_path: Path) -> None:
    with pytest.raises(MoxuError, match=r"absent\.json"):
        find_tokenizer(tmp_path / "model.pth", ReadOptions(vocab=tmp_path / "absent.json"), 9)
