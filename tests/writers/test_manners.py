from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mocks import ByteTokenizer, WordTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.text.wordpiece import WordPieceTokenizer
from moxu.writers.manners import lines_are_documents, lyric_prompt, manner_of

MISAKA = WordPieceTokenizer(["[PAD]", "氼", "[UNK]", "[CLS]", "[SEP]", "甲", "乙"])
BERT = WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "甲", "乙"])
TURNS = TurnsTokenizer([*SPECIAL, "甲", "乙"])


def of_kind(kind: str) -> Tokenizer:
    return cast(Tokenizer, SimpleNamespace(kind=kind))


@pytest.fixture(scope="module")
def cpm_tokenizer(reference: Path) -> Any:
    from moxu.text.cpm import CpmTokenizer

    return CpmTokenizer.load(reference / "cpm1" / "public" / "small_tokenizer" / "chinese_vocab.model")


@pytest.mark.parametrize(
    ("architecture", "kind", "preset", "past_end"),
    [
        ("rwkv7", "chars", "normal", False),
        ("aiwriter1", "word_table", "aiwriter1", False),
        ("aiwriter2", "word_table", "aiwriter2", False),
        ("gpt", "cpm", "cpm-novel", True),
        ("hf", "cpm", "cpm-novel", True),
        ("gpt", "bpe", "normal", False),
        ("gpt", "turns", "normal", False),
        ("gau", "wordpiece", "misaka", False),
        ("unilm", "wordpiece", "normal", False),
    ],
)
def test_a_model_is_written_with_as_its_own_program_did(
    architecture: str, kind: str, preset: str, past_end: bool
) -> None:
    manner = manner_of(architecture, of_kind(kind))
    assert (manner.preset, manner.past_end) == (preset, past_end)


@pytest.mark.parametrize(
    ("architecture", "tokenizer", "text"),
    [
        ("rwkv7", ByteTokenizer(), "\n甲\n乙\n"),  # the newline at the end: the paragraph is finished
        ("aiwriter1", ByteTokenizer(), "\n甲\n乙"),
        ("gau", MISAKA, "　甲\n\n乙\n"),
        ("unilm", BERT, "　甲\n\n乙\n"),
        ("gpt", TURNS, "　甲\n\n乙\n"),
    ],
)
def test_a_prompt_is_prepared_as_the_model_was_trained(architecture: str, tokenizer: Tokenizer, text: str) -> None:
    prompt = manner_of(architecture, tokenizer).prompt_of("　甲\r\n\r\n乙\n", tokenizer)
    assert (prompt.text, prompt.ids) == (text, None)
    assert prompt.shown == text.removeprefix("\n")


@pytest.mark.parametrize(
    ("architecture", "tokenizer", "ids"),
    [
        ("rwkv7", ByteTokenizer(), None),
        ("aiwriter2", ByteTokenizer(), None),
        ("gau", MISAKA, None),  # a newline is 氼
        ("unilm", BERT, None),  # an empty source
        ("gpt", WordTokenizer("\n"), None),
    ],
)
def test_an_empty_opening_starts_a_paragraph(
    architecture: str, tokenizer: Tokenizer, ids: tuple[int, ...] | None
) -> None:
    prompt = manner_of(architecture, tokenizer).prompt_of("", tokenizer)
    assert (prompt.text, prompt.shown, prompt.ids) == ("\n", "", ids)


def test_an_empty_opening_begins_a_document_where_no_newline_is_known(cpm_tokenizer: Any) -> None:
    class Mute(ByteTokenizer):
        kind = "bpe"

        def encode(self, text: str) -> list[int]:  # noqa: ARG002
            return []

    assert manner_of("gpt", Mute()).prompt_of("", Mute()).ids == (Mute.end_id,)
    assert manner_of("gpt", cpm_tokenizer).prompt_of(" <eod>\n", cpm_tokenizer).ids == (cpm_tokenizer.end_id,)


def test_a_novel_of_cpm_is_its_parts_encoded_one_by_one(cpm_tokenizer: Any) -> None:
    prompt = manner_of("gpt", cpm_tokenizer).prompt_of(" 山高 <eod><eod> 水长\n", cpm_tokenizer)
    assert prompt.ids == (*cpm_tokenizer.encode("山高"), *cpm_tokenizer.encode("水长"))
    assert prompt.text == prompt.shown == "山高水长"


def test_each_line_of_a_lyric_of_cpm_ends_a_document(cpm_tokenizer: Any) -> None:
    end = cpm_tokenizer.end_id
    expected = (*cpm_tokenizer.encode("山高"), end, *cpm_tokenizer.encode("水长"), end)
    for lyric in ("山高<eod> 水长 <eod>\n", "山高\n\n　水长"):
        prompt = lyric_prompt(lyric, "gpt", cpm_tokenizer)
        assert (prompt.ids, prompt.shown) == (expected, "山高\n水长\n")


def test_each_line_of_a_lyric_ends_a_document_of_any_transformer() -> None:
    assert lyric_prompt("甲乙\n乙", "gpt", TURNS).ids == (3, 4, 2, 4, 2)
    assert lines_are_documents("hf", TURNS)
    assert not lines_are_documents("gpt", WordTokenizer("甲"))


@pytest.mark.parametrize(("architecture", "tokenizer"), [("rwkv7", ByteTokenizer()), ("gau", MISAKA)])
def test_each_line_of_a_lyric_ends_with_a_newline_for_other_models(architecture: str, tokenizer: Tokenizer) -> None:
    prompt = lyric_prompt("甲<eod>乙", architecture, tokenizer)
    assert (prompt.text, prompt.shown, prompt.ids) == ("\n甲\n乙\n", "甲\n乙\n", None)
