import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.errors import TextError
from moxu.text.wordpiece import CONTRACTIONS, LONGEST_WORD, TIGHT, WordPieceTokenizer, split_words

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    *MARKS,
    *"的我你，。《》（—'.,!\"-/(",
    *"0129",
    "wor",
    "##ld",
    "s",
    "m",
    "r",
    "##e",
    "##ee",
    "ll",
    "##l",
    "##.",
    "a1",
]
TOKENIZER = WordPieceTokenizer(WORDS)


def raw_rules(path: Path) -> WordPieceTokenizer:
    """A tokenizer to which 氼 is a character as any other, as it is to the original's."""
    return WordPieceTokenizer(WordPieceTokenizer.load(path).words, newline=None)


def check_against(tokenizer: WordPieceTokenizer, cases: dict[str, list[dict[str, Any]]]) -> None:
    start, end = tokenizer.source_marks or (-1, -1)
    for case in cases["encode"]:
        ids = [start, *tokenizer.encode(case["text"]), end]
        if "maxlen" in case:
            ids = [*ids[: case["maxlen"] - 1], end]
        assert ids == case["ids"]
        assert "decoded" not in case or tokenizer.decode(ids) == case["decoded"]
    for case in cases.get("decode_random", cases.get("decode", [])):
        assert tokenizer.decode(case["ids"]) == case["decoded"]


def test_ids_and_texts_equal_those_of_misaka(golden: Path) -> None:
    cases = json.loads((golden / "text" / "misaka3_wordpiece.json").read_text("utf-8"))
    check_against(raw_rules(golden / "text" / "misaka3_vocab.txt"), cases)


def test_ids_and_texts_equal_those_of_misaka_with_its_real_vocabulary(reference: Path) -> None:
    cases = json.loads((reference / "misaka_v3" / "public" / "tokenizer.json").read_text("utf-8"))
    check_against(raw_rules(reference / "third_party" / "misaka_v3" / "vocab.txt"), cases["real"])


def test_a_newline_is_read_and_written_by_the_character_that_stands_for_it() -> None:
    tokenizer = WordPieceTokenizer([*WORDS, "氼"])
    assert tokenizer.newline_id == len(WORDS)
    ids = tokenizer.encode("我\n\n你wor\n")
    assert ids == [*tokenizer.encode("我氼氼你wor"), len(WORDS)]
    assert tokenizer.decode(ids) == "我\n\n你wor\n"
    assert tokenizer.token_bytes(len(WORDS)) == b"\n"


def test_a_vocabulary_without_that_character_has_no_newline() -> None:
    assert TOKENIZER.newline_id is None
    assert TOKENIZER.decode(TOKENIZER.encode("我\n你")) == "我你"


def test_a_word_too_long_to_be_cut_is_unknown() -> None:
    tokenizer = WordPieceTokenizer([*MARKS, "x", "##x"])
    assert tokenizer.encode("x" * LONGEST_WORD) == [5] + [6] * (LONGEST_WORD - 1)
    assert tokenizer.encode("x" * (LONGEST_WORD + 1)) == [1]


def test_a_word_of_which_the_rest_is_unknown_is_unknown_as_a_whole() -> None:
    assert TOKENIZER.encode("world world! worldz") == ids("wor ##ld wor ##ld ! [UNK]")


def ids(words: str) -> list[int]:
    return [WORDS.index(word) for word in words.split()]


def test_accents_blanks_and_controls_are_not_kept() -> None:
    assert split_words("Café\u3000NAÏVE\t1\u200b2\ufeff\x00\ufffd\r\nガ") == ["cafe", "naive", "12", "カ"]


def test_ideographs_and_punctuation_are_words_and_other_scripts_are_not_cut() -> None:
    assert split_words("a我們𠀀\U0002b820，b.c$ελλη") == [
        "a",
        "我",
        "們",
        "𠀀",
        "\U0002b820",
        "，",
        "b",
        ".",
        "c",
        "$",
        "ελλη",
    ]


def test_marks_are_never_read_from_text_and_add_nothing_to_it() -> None:
    assert set(TOKENIZER.encode("[CLS][SEP]")) == {TOKENIZER.encode("[")[0]} == {1}
    assert TOKENIZER.decode([2, *ids("我 [MASK] 你"), 3, 0]) == "我你"
    assert {TOKENIZER.token_bytes(mark) for mark in range(5)} == {b""}


def test_the_end_is_the_separator_unless_there_is_an_end_and_other_marks_are_forbidden() -> None:
    assert (TOKENIZER.end_id, TOKENIZER.source_marks) == (3, (2, 3))
    assert TOKENIZER.forbidden_ids == (0, 1, 2, 4)
    tokenizer = WordPieceTokenizer([*MARKS, "[unused1]", "的"]).with_added("[EOS]")
    assert (tokenizer.end_id, tokenizer.source_marks, tokenizer.vocab_size) == (7, (2, 3), 8)
    assert tokenizer.forbidden_ids == (0, 1, 2, 3, 4, 5)


def test_a_vocabulary_without_marks_ends_nothing_and_frames_no_source() -> None:
    tokenizer = WordPieceTokenizer(["[UNK]", "的"])
    assert (tokenizer.end_id, tokenizer.source_marks) == (None, None)


@given(st.lists(st.sampled_from(range(len(WORDS))), max_size=30))
def test_blanks_are_set_as_the_rules_say_for_the_whole_text(ids: list[int]) -> None:
    assert TOKENIZER.decode(ids) == by_rules(WORDS[token_id] for token_id in ids)


def by_rules(words: Iterable[str]) -> str:
    """The rules as substitutions in the whole text."""
    text = "".join(with_blanks(word for word in words if word not in MARKS))
    text = re.sub(" +", " ", text)
    text = re.sub(f"' ({'|'.join(CONTRACTIONS)}) ", r"'\1 ", text)
    text = re.sub(f"([{re.escape(''.join(sorted(TIGHT)))}]) ", r"\1", text)
    return re.sub(r"(\d\.) (\d)", r"\1\2", text).strip()


def with_blanks(words: Iterable[str]) -> Iterator[str]:
    last = ""
    for word in words:
        if word.startswith("##"):
            word = word[2:]
        elif len(word) == 1 and not word.isalnum():
            word += " "
        elif not (word in "的我你" or last in ("的", "我", "你")):
            word = " " + word
        yield word
        last = word[-1]


def test_a_blank_is_held_back_until_it_is_known_to_stay() -> None:
    detokenizer = TOKENIZER.detokenizer()
    pieces = [detokenizer.push(token_id) for token_id in ids("wor ! 我 ' r ##e wor ' r ##ee 1 . 2 . 2 !")]
    assert pieces == [*("wor", "!", " 我", "'", "", "", "re wor", "'", "", " ree", " 1"), *(".", "2", ".", " 2", "!")]
    assert detokenizer.finish() == ""


def test_a_contraction_at_the_end_keeps_its_blank_as_in_the_original() -> None:
    assert TOKENIZER.decode(ids("wor ' m")) == "wor' m"
    assert TOKENIZER.decode(ids("wor ' m 我")) == "wor' m我"
    assert TOKENIZER.decode(ids("wor ' m wor")) == "wor'm wor"


def test_a_saved_vocabulary_has_the_same_entries(golden: Path, tmp_path: Path) -> None:
    source = golden / "text" / "misaka3_vocab.txt"
    WordPieceTokenizer.load(source).save(tmp_path / "vocab.txt")
    assert (tmp_path / "vocab.txt").read_bytes() == source.read_bytes()


def test_the_first_field_of_a_line_is_its_entry_and_empty_lines_count(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes("\ufeff[UNK] 7\r\n\r\n\n的\t9".encode())
    tokenizer = WordPieceTokenizer.load(tmp_path / "vocab.txt")
    assert tokenizer.words == ("[UNK]", "", "", "的")
    assert tokenizer.forbidden_ids == (0, 1, 2)
    tokenizer.save(tmp_path / "again.txt")
    assert WordPieceTokenizer.load(tmp_path / "again.txt").words == tokenizer.words


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", "has no [UNK]"),
        (b"\x80\x02}q\x00", "is no WordPiece vocabulary"),
        ("从前有座山\n".encode(), "has no [UNK]"),
        ("[UNK]\n的\n一\n的\n".encode(), "line 4: '的' is also line 2"),
        (b"[" * 100_000, "has no [UNK]"),
    ],
)
def test_a_file_that_is_no_vocabulary_is_named_with_its_mistake(tmp_path: Path, content: bytes, mistake: str) -> None:
    path = tmp_path / "vocab.txt"
    path.write_bytes(content)
    with pytest.raises(TextError) as error:
        WordPieceTokenizer.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert mistake in str(error.value)
    assert "\n" not in str(error.value)
