import shutil
from pathlib import Path

import pytest

from moxu.cli.tokenizer_choice import choose_tokenizer
from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.errors import MoxuError
from moxu.text.chars import CharTokenizer
from some_tokenizers import TOKENIZERS


def test_none_is_chosen_when_none_is_named() -> None:
    assert choose_tokenizer(None, None) is None


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_vocabulary_file_of_any_kind_is_read(kind: str, golden: Path, tmp_path: Path) -> None:
    TOKENIZERS[kind](golden).save(tmp_path / "vocabulary")  # type: ignore[attr-defined]
    chosen = choose_tokenizer(tmp_path / "vocabulary", None)
    assert chosen is not None
    assert chosen.kind == kind


def test_models_give_theirs(rwkv7: Path, misaka: Path, user_models: Path) -> None:
    shutil.copytree(misaka, user_models / "mine")
    for name, kind in ((str(rwkv7), "chars"), ("mine", "wordpiece"), ("default", "chars")):
        chosen = choose_tokenizer(None, name)
        assert chosen is not None
        assert chosen.kind == kind


def test_a_packed_folder_gives_its_own(tmp_path: Path) -> None:
    pack([Text("甲", "雾")], CharTokenizer("\n雾"), tmp_path / "packed")
    chosen = choose_tokenizer(None, str(tmp_path / "packed"))
    assert isinstance(chosen, CharTokenizer)
    assert chosen.characters == "\n雾"


@pytest.mark.parametrize("kind", ["bpe", "wordpiece"])
def test_a_hugging_face_folder_gives_its_own(kind: str, golden: Path, tmp_path: Path) -> None:
    file = {"bpe": "tokenizer.json", "wordpiece": "vocab.txt"}[kind]
    TOKENIZERS[kind](golden).save(tmp_path / file)  # type: ignore[attr-defined]
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}', "utf-8")
    chosen = choose_tokenizer(None, str(tmp_path))
    assert chosen is not None
    assert chosen.kind == kind


@pytest.mark.parametrize(
    ("file", "name", "said"),
    [
        ("vocabulary", "default", "give one of them"),
        ("novel.txt", None, "is no vocabulary; expected one of chars"),
        ("none.json", None, "no such file"),
        (None, "elsewhere", "no model 'elsewhere'"),
        (None, ".", "no tokenizer here; expected a model's folder"),
        (None, "damaged", "not valid JSON"),
    ],
)
def test_what_is_no_tokenizer_is_told_in_a_line(
    file: str | None, name: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "config.json").write_text("{", "utf-8")
    (tmp_path / "novel.txt").write_text("雾从江上起来。", "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MoxuError, match=said) as told:
        choose_tokenizer(Path(file) if file else None, name)
    assert "\n" not in str(told.value)
