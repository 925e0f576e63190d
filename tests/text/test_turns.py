import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.errors import TextError
from moxu.text.turns import TurnsTokenizer

WORDS = ["<pad>", "<unk>", "<sep>", "你", "好", "吗", "<", ">"]
TOKENIZER = TurnsTokenizer(WORDS)


def write(folder: Path, ids: object, words: object) -> Path:
    path = folder / "dict_datas.json"
    path.write_text(json.dumps({"word2id": ids, "id2word": words}, ensure_ascii=False), "utf-8")
    return path


def by_word(words: list[str]) -> dict[str, int]:
    return {word: word_id for word_id, word in enumerate(words)}


def test_a_tab_is_the_mark_between_turns_and_the_mark_adds_no_text() -> None:
    assert TOKENIZER.encode("你好\t好\t") == [3, 4, 2, 4, 2]
    assert TOKENIZER.decode([3, 4, 2, 4, 2]) == "你好好"
    assert (TOKENIZER.end_id, TOKENIZER.forbidden_ids) == (2, (0, 1))


def test_the_names_of_the_marks_are_not_read_from_text() -> None:
    assert TOKENIZER.encode("<sep>") == [6, 1, 1, 1, 7]


def test_an_unknown_character_is_the_unknown_word_and_comes_back_as_nothing() -> None:
    assert TOKENIZER.encode("你龘\n") == [3, 1, 1]
    assert TOKENIZER.decode([3, 1, 0]) == "你"


def test_a_vocabulary_with_a_newline_has_its_id() -> None:
    assert TOKENIZER.newline_id is None
    assert TurnsTokenizer([*WORDS, "\n"]).newline_id == 8


@given(st.text(st.sampled_from("你好吗<>")))
def test_known_text_round_trips(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@pytest.mark.parametrize("words", [WORDS, {str(word_id): word for word_id, word in enumerate(WORDS)}])
def test_words_are_read_from_a_list_or_an_object_by_id(tmp_path: Path, words: object) -> None:
    assert TurnsTokenizer.load(write(tmp_path, by_word(WORDS), words)).words == tuple(WORDS)


def test_a_saved_vocabulary_loads_as_it_was_and_as_the_course_reads_it(tmp_path: Path) -> None:
    TOKENIZER.save(tmp_path / "dict_datas.json")
    assert TurnsTokenizer.load(tmp_path / "dict_datas.json").words == TOKENIZER.words
    tables = json.loads((tmp_path / "dict_datas.json").read_text("ascii"))
    assert tables == {"word2id": by_word(WORDS), "id2word": WORDS}


@pytest.mark.parametrize(
    ("ids", "words", "mistake"),
    [
        (by_word(WORDS), [*WORDS[:3], "好", "你", *WORDS[5:]], "id2word has '好' for 3, but word2id has 4 for '好'"),
        (by_word(WORDS), WORDS[:-1], "word2id has 8 words, but id2word has 7"),
        (by_word(WORDS[:-1]), WORDS, "id2word has '>' for 7, but word2id has None for '>'"),
        ({}, [], "begins with []; expected ['<pad>', '<unk>', '<sep>']"),
        (by_word(["你", "好"]), ["你", "好"], "begins with ['你', '好']"),
        ([1], WORDS, "word2id is a list"),
        (by_word(WORDS), {"0": "<pad>", "2": "<sep>"}, "is no list of words"),
        (by_word(WORDS), [*WORDS[:-1], 7], "is no list of words"),
        (by_word(WORDS), 7, "is no list of words"),
    ],
)
def test_tables_that_disagree_are_named(tmp_path: Path, ids: object, words: object, mistake: str) -> None:
    path = write(tmp_path, ids, words)
    with pytest.raises(TextError) as error:
        TurnsTokenizer.load(path)
    assert str(error.value).startswith(str(path))
    assert mistake in str(error.value)


def test_a_word_that_stands_twice_is_named() -> None:
    with pytest.raises(TextError, match="'好' is both word 4 and word 8"):
        TurnsTokenizer([*WORDS, "好"])


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"{}", b"\x80\x02}", b"[" * 100_000, "从前".encode()])
def test_a_file_that_is_no_vocabulary_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dict_datas.json"
    path.write_bytes(content)
    with pytest.raises(TextError, match="is no vocabulary of turns"):
        TurnsTokenizer.load(path)
